// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Wire

/// The scanner accepts what RFC 8259 accepts, and nothing else.
@Suite struct JSONScannerTests {
    private func members(_ bytes: [UInt8]) -> [(String, String)]? {
        var found: [(String, String)] = []
        let isObject = JSONScanner.scanObject(bytes.span) { member in
            found.append(
                (
                    String(decoding: bytes[member.name], as: UTF8.self),
                    String(decoding: bytes[member.value], as: UTF8.self)
                ))
        }
        return isObject ? found : nil
    }

    private static let values = [
        "0", "-0", "1", "-12", "1.5", "1e5", "1E+5", "0.1e-10", "123456789012345678901234567890", "true", "false",
        "null",
        "\"\"", "\"a\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\"", "\"\\ud83d\\ude00\"", "\"\\ud800\"", "\"ä😀\"",
        "\"\u{7F}\"",
        "[]", "[ ]", "[1]", "[1,2 , 3]", "[[],[[]]]", "{}", "{ }", "{\"a\":{\"b\":[{}]}}", "[{\"a\":1},{\"b\":[2]}]",
    ]

    private static let invalid = [
        "", "01", "-", "1.", ".5", "1e", "1e+", "+1", "0x1", "NaN", "Infinity", "tru", "True", "nul", "\"", "\"a",
        "'a'",
        "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\t\"", "\"\n\"", "[", "[1", "[1,]", "[,1]", "[1 2]", "]", "{",
        "{a:1}",
        "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{1:2}", "[}", "{]", "[1}", "{\"a\":1]", "1 2",
        "\"a\" x",
    ]

    @Test("every kind of value is found, without the space around it", arguments: values)
    func acceptsValues(_ value: String) {
        let found = members(ascii("{ \"x\" :\t\(value)\r\n, \"y\":\(value)}\n"))
        #expect(found?.map(\.0) == ["x", "y"] && found?.map(\.1) == [value, value])
    }

    @Test("what RFC 8259 does not allow is no object", arguments: invalid)
    func refusesValues(_ value: String) {
        #expect(members(ascii("{\"x\":\(value)}")) == nil)
        #expect(members(ascii("{\"x\":[\(value)]}")) == nil || value.isEmpty || value == "1 2")
    }

    @Test(
        "only one whole object is an object",
        arguments: ["", "{", "}", "[]", "1", "\"a\"", "{}{}", "{} x", "{\"a\":1", "{\"a\":1,}", "{,}", "\u{FEFF}{}"])
    func refusesOthers(_ text: String) {
        #expect(members(ascii(text)) == nil)
    }

    @Test("an empty object has no members, with any space around it")
    func acceptsEmpty() {
        #expect(members(ascii(" \t\r\n{ } \n"))?.isEmpty == true)
    }

    @Test("64 containers deep is an object, 65 is not, and no depth of nonsense harms")
    func limitsDepth() {
        func nested(_ depth: Int) -> [UInt8] {
            ascii("{\"x\":" + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + "}")
        }
        #expect(members(nested(64)) != nil)
        #expect(members(nested(65)) == nil)
        #expect(members(ascii("{\"x\":" + String(repeating: "{\"a\":[", count: 100_000))) == nil)
        let objects = ascii(String(repeating: "{\"x\":", count: 64) + "1" + String(repeating: "}", count: 64))
        #expect(members(objects) != nil)
    }

    @Test(
        "strings must be valid UTF-8",
        arguments: [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]])
    func refusesInvalidUTF8(_ bytes: [UInt8]) {
        #expect(members(ascii("{\"x\":\"") + bytes + ascii("\"}")) == nil)
        #expect(members(ascii("{\"") + bytes + ascii("\":1}")) == nil)
    }

    @Test("an object that is cut at any byte is none")
    func noticesTruncation() {
        let whole = ascii(#"{"a":[1,-2.5e3,{"b":"\u00e4\n"}],"c":true,"d":"ä"}"#)
        #expect(members(whole) != nil)
        for count in 0..<whole.count { #expect(members(Array(whole.prefix(count))) == nil) }
    }

    @Test("random damage is judged as another parser judges it", arguments: 1...20)
    func agreesWithAnotherParser(_ seed: Int) {
        var random = SeededGenerator(state: UInt64(seed))
        let whole = ascii(#"{"a":[1,-2.5e3,{"b":"\u00e4\n"},[]],"c":true,"d":{"e":null,"f":"x"}}"#)
        for _ in 0..<300 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                bytes[index] = ascii(#"{}[]",:\019-.eaux "#).randomElement(using: &random)!
            }
            let isObject = (try? JSONSerialization.jsonObject(with: Data(bytes))) is [String: Any]
            #expect((members(bytes) != nil) == isObject, "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
        }
    }

    @Test("the elements of an array are found in order, without the space around them", arguments: values)
    func elements(_ value: String) {
        let bytes = ascii(" [ \(value) ,\t1,\(value)\n] ")
        var found: [String] = []
        #expect(JSONScanner.scanArray(bytes.span) { found.append(String(decoding: bytes[$0], as: UTF8.self)) })
        #expect(found == [value, "1", value])
    }

    @Test("what is no array is none", arguments: ["", "{}", "[", "[1", "[1,]", "[,1]", "[1 2]", "[] x", "[1}"])
    func noArray(_ text: String) { #expect(!JSONScanner.scanArray(ascii(text).span) { _ in }) }
}
