// SPDX-License-Identifier: Apache-2.0
/// The usual reply: read as ServiceReply reads it, and nothing else is taken for one.

import Testing
import Wire

@Suite struct UsualReplyTests {
    private static let prefix = "ok 0123456789abcdef-12-"
    private let usual = UsualReply(log: 0x0123_4567_89AB_CDEF, epoch: 12)

    @Test("is read with its sequence and where the next line begins", arguments: ["1", "42", "1234567890123456789"])
    func reads(_ digits: String) throws {
        let line = "\(Self.prefix)\(digits)"
        let bytes = ascii("x\n" + line + "\nok")
        let found = usual.read(bytes.span, at: 2)
        let (id, next) = try #require(found)
        let parsed = ServiceReply.parse(ascii(line).span)
        #expect(parsed == .delivered(id) && next == bytes.count - 2)
    }

    @Test(
        "anything else is left to be parsed",
        arguments: [
            "\(prefix)1", "\(prefix)", "\(prefix)\n", "\(prefix)01\n", "\(prefix)0\n", "\(prefix)1 \n",
            "\(prefix)1\r\n", "\(prefix)12345678901234567890\n", "ok 0123456789abcdee-12-1\n",
            "ok 0123456789abcdef-13-1\n",
            "fail 0123456789abcdef-12-1\n", "ok", "",
        ])
    func leaves(_ text: String) {
        let bytes = ascii(text)
        let isRead = usual.read(bytes.span, at: 0) != nil
        #expect(!isRead)
    }
}
