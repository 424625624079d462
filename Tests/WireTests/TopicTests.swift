// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

/// What senders may name, and what becomes of the type of a CloudEvent.
@Suite struct TopicTests {
    @Test("a topic of allowed tokens is accepted", arguments: ["a", "alerts.disk.full", "A-Z_09.%41.-", "%", "a.%.b"])
    func accepts(_ topic: String) {
        #expect(Topic.check(ascii(topic).span) == nil)
    }

    @Test(
        "a topic with an empty token or another byte is refused",
        arguments: ["", ".", "a.", ".a", "a..b", "a b", "a/b", "a*", "*", ">", "a.>", "ä", "a\n", "a\0"])
    func refuses(_ topic: String) {
        #expect(Topic.check(ascii(topic).span) == .badTopic)
    }

    @Test(
        "the broker's own roots are reserved, alone and with anything below",
        arguments: ["syslog", "syslog.daemon.crit", "belfry", "belfry.x"])
    func reserves(_ topic: String) {
        #expect(Topic.check(ascii(topic).span) == .reservedTopic)
    }

    @Test(
        "only the whole first token makes a root",
        arguments: ["syslogs.x", "a.syslog", "Belfry.x", "belfry-x", "sys.log"])
    func looksAtWholeTokens(_ topic: String) {
        #expect(Topic.check(ascii(topic).span) == nil)
    }

    @Test("255 bytes are a topic, 256 are not")
    func limitsLength() {
        #expect(Topic.check([UInt8](repeating: 0x61, count: 255).span) == nil)
        #expect(Topic.check([UInt8](repeating: 0x61, count: 256).span) == .badTopic)
    }

    @Test("every byte that no topic may hold is percent-encoded, dots and the rest stay")
    func encodes() {
        var topic: [UInt8] = []
        Topic.encode((ascii("com.example/x y%2F") + [0xC3, 0xA4, 0x00]).span, into: &topic)
        #expect(String(decoding: topic, as: UTF8.self) == "com.example%2Fx%20y%2F%C3%A4%00")
    }
}
