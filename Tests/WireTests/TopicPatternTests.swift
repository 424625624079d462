// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

/// Which patterns there are, and what is said about those that are none.
@Suite struct TopicPatternTests {
    @Test(
        "tokens, single wildcards and a rest make a pattern",
        arguments: [
            "a", "*", ">", "a.*.c", "*.*", "a.>", "*.>", "a%2F.b", "syslog.>", "syslog.*.crit", "syslog.daemon.>",
        ])
    func accepts(_ text: String) throws {
        #expect(try TopicPattern(text).text == text)
    }

    @Test("the tokens stand for themselves, for one, and for the rest")
    func parses() throws {
        #expect(try TopicPattern("a.*.>").tokens == [.literal([0x61]), .any, .rest])
    }

    @Test(
        "what is wrong is told apart",
        arguments: [
            ("", TopicPatternError.empty), (".", .emptyToken), ("a..b", .emptyToken), ("a.", .emptyToken),
            ("a.>.b", .restNotLast), (">.a", .restNotLast), ("a*", .wildcardInToken("a*", "*")),
            ("a.b>", .wildcardInToken("b>", ">")), ("a b", .badCharacter(" ")), ("ä", .badCharacter("ä")),
            ("belfry.>", .reservedRoot), ("belfry", .reservedRoot), ("belfry.*.x", .reservedRoot),
            ("syslog", .syslogForm), ("syslog.*", .syslogForm), ("syslog.a.b.c", .syslogForm),
            ("syslog.a.b.>", .syslogForm), ("syslog.demon.crit", .unknownFacility("demon")),
            ("syslog.daemon.critical", .unknownSeverity("critical")),
        ])
    func refuses(_ text: String, _ expected: TopicPatternError) {
        #expect(throws: expected) { try TopicPattern(text) }
    }

    @Test("a pattern has 255 bytes at most")
    func limitsLength() throws {
        _ = try TopicPattern(String(repeating: "a", count: 255))
        #expect(throws: TopicPatternError.tooLong(256)) { try TopicPattern(String(repeating: "a", count: 256)) }
    }

    @Test("an unknown facility is answered with the names that there are")
    func namesWhatThereIs() {
        let text = TopicPatternError.unknownFacility("demon").description
        #expect(text.contains("can match nothing") && text.contains("\"demon\""))
        #expect(text.contains("kern, user, mail, daemon"))
    }
}
