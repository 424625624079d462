// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

/// What a connection is taken for, by its first bytes.
@Suite struct SnifferTests {
    private static let clientHello: [UInt8] = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3]
    private static let mqtt: [UInt8] = [0x10, 12, 0, 4] + ascii("MQTT") + [4, 2, 0, 60, 0, 0]
    private static let oldMQTT: [UInt8] = [0x10, 0x80, 1, 0, 6] + ascii("MQIsdp") + [3]

    private static let decided: [([UInt8], StreamProtocol)] = [
        ([0xB5], .native), (ascii("{"), .json), (ascii("<13>x"), .syslogLines), (ascii("<999>x"), .syslogLines),
        (ascii("5 <1"), .syslogCounted), (ascii("1234567 <1"), .syslogCounted), (ascii("hello"), .text),
        (ascii(" {"), .text), (ascii("\n"), .text), ([0], .text), (clientHello, .tls), (mqtt, .mqtt), (oldMQTT, .mqtt),
        (ascii("GET / HTTP/1.1\r\n"), .http), (ascii("POST http://x/"), .http), (ascii("OPTIONS *"), .http),
        (ascii("PRI * HTTP/2.0\r\n"), .http), (ascii("CONNECT example.org:443 HTTP/1.1"), .http),
    ]

    private static let text: [[UInt8]] = [
        ascii("<>x"), ascii("<x>"), ascii("<13 >"), ascii("0 <1"), ascii("12345678 <1"), ascii("5<1"), ascii("5 x"),
        ascii("5 <x"), ascii("GET well soon"), ascii("GETS /"), ascii("POST office"), ascii("HELLO WORLD"),
        ascii("CONNECT lost on eth0"), ascii("LONGWORDS"), [0x16, 2], [0x16, 3, 1, 2, 0, 2], [0x16, 3, 9, 2, 0, 1],
        [0x10, 0x80, 0x80, 0x80, 0x80, 0], [0x10, 5, 0, 5], [0x10, 12, 0, 4] + ascii("MQTX"),
    ]

    @Test("each protocol is told from its first bytes", arguments: decided)
    func tells(_ bytes: [UInt8], _ expected: StreamProtocol) {
        #expect(Sniffer.classify(bytes.span, ended: false) == expected)
    }

    @Test("what only looks like a protocol is text", arguments: text)
    func takesForText(_ bytes: [UInt8]) {
        #expect(Sniffer.classify(bytes.span, ended: false) == .text)
    }

    @Test("more bytes never change a decision, and fewer are the same decision or none", arguments: decided)
    func holds(_ bytes: [UInt8], _ expected: StreamProtocol) {
        for count in 0..<bytes.count {
            let early = Sniffer.classify(bytes.span.extracting(0..<count), ended: false)
            #expect(early == expected || early == .undecided, "after \(count) bytes")
        }
        #expect(Sniffer.classify((bytes + [0xFF, 0x0A]).span, ended: false) == expected)
    }

    @Test(
        "a newline, the end and the greatest length each force a decision",
        arguments: [
            "<13", "123", "12 <", "GET", "GET ", "CONNECT x", "POST h", "\u{16}\u{3}", "\u{10}", "\u{10}\u{5}\0",
        ])
    func alwaysDecides(_ text: String) {
        let bytes = ascii(text)
        #expect(Sniffer.classify(bytes.span, ended: false) == .undecided)
        #expect(Sniffer.classify(bytes.span, ended: true) == .text)
        #expect(Sniffer.classify((bytes + [0x0A]).span, ended: false) == .text)
    }

    @Test("endless digits are decided at the greatest length")
    func decidesInBoundedSpace() {
        let digits = ascii("<" + String(repeating: "1", count: Sniffer.longest - 1))
        #expect(Sniffer.classify(digits.span, ended: false) == .text)
    }

    @Test("without a byte nothing is decided before the end")
    func waitsForTheFirst() {
        #expect(Sniffer.classify([UInt8]().span, ended: false) == .undecided)
        #expect(Sniffer.classify([UInt8]().span, ended: true) == .text)
    }
}
