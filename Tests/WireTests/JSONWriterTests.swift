// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Wire

/// What is written is JSON, whatever goes in.
@Suite struct JSONWriterTests {
    private func text(_ write: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        write(&writer)
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    @Test("objects, arrays and values get their commas and nothing more")
    func structure() {
        let json = text { writer in
            writer.beginObject()
            writer.member("a")
            writer.integer(1)
            writer.member("b")
            writer.beginArray()
            writer.bool(true)
            writer.null()
            writer.beginObject()
            writer.endObject()
            writer.string("x")
            writer.endArray()
            writer.member("c")
            writer.raw(ascii("[1]").span)
            writer.endObject()
        }
        #expect(json == #"{"a":1,"b":[true,null,{},"x"],"c":[1]}"#)
    }

    @Test("after a newline a new document begins")
    func documents() {
        let json = text { writer in
            writer.integer(1)
            writer.newline()
            writer.integer(.max)
            writer.newline()
        }
        #expect(json == "1\n18446744073709551615\n")
    }

    @Test("quotes, backslashes and control characters are escaped, the rest stays as it is")
    func escapes() {
        #expect(
            text { $0.string("a\"\\/\u{8}\t\n\u{C}\r\0\u{1F}\u{7F}ä😀") } == #""a\"\\/\b\t\n\f\r\u0000\u001f\u007fä😀""#)
        let bytes = ascii("a\"\\/\u{8}\t\n\u{C}\r\0\u{1F}\u{7F}ä😀")
        #expect(text { $0.string(bytes.span, in: bytes.indices) } == #""a\"\\/\b\t\n\f\r\u0000\u001f\u007fä😀""#)
    }

    @Test("every byte that belongs to no valid sequence becomes U+FFFD")
    func invalidUTF8() {
        let bytes: [UInt8] = [0x61, 0xFF, 0xC3, 0x62, 0xE2, 0x82, 0xC3, 0xA4]
        #expect(text { $0.string(bytes.span, in: bytes.indices) } == "\"a\u{FFFD}\u{FFFD}b\u{FFFD}\u{FFFD}ä\"")
    }

    @Test("random bytes make a string that another parser reads", arguments: 1...50)
    func randomStrings(_ seed: Int) throws {
        var random = SeededGenerator(state: UInt64(seed))
        let bytes = random.bytes(upTo: 200)
        let json = text { writer in
            writer.beginArray()
            writer.string(bytes.span, in: bytes.indices)
            writer.endArray()
        }
        let read = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String]
        #expect(read?.count == 1 && !json.contains("\n"), "seed \(seed)")
    }

    @Test(
        "base64 is as RFC 4648 has it",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func base64(_ plain: String, _ encoded: String) {
        #expect(text { $0.base64(ascii(plain).span) } == "\"\(encoded)\"")
    }

    @Test("base64 of all bytes is read back by another decoder")
    func base64OfAllBytes() {
        let bytes = (0...255).map { UInt8($0) }
        #expect(Data(base64Encoded: String(text { $0.base64(bytes.span) }.dropFirst().dropLast())) == Data(bytes))
    }

    @Test("it goes on behind what an array holds")
    func appends() {
        var writer = JSONWriter(appendingTo: ascii("x "))
        writer.integer(7)
        #expect(writer.finish() == ascii("x 7"))
    }
}
