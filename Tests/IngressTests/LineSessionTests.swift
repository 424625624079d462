// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Ring
import Testing
import Wire

@testable import Ingress

/// Connections that send text, syslog or JSON.
@Suite("A connection of lines")
struct LineSessionTests {
    @Test("makes a message of each line, and of an unterminated last one at an orderly close; none of an empty one")
    func text() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send("one\r\n\ntwo\nthree")
        client.end()
        try port.run { client.sawEnd() }
        #expect(port.records().map(\.text) == ["one", "two", "three"])
        #expect(client.text() == "")
        #expect(port.acceptor.connections.count == 0)
    }

    @Test("makes no message of an unterminated last one if it breaks, and counts it as truncated")
    func reset() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send("one\ntwo")
        try port.receive(1)
        client.reset()
        try port.run { port.acceptor.connections.count == 0 }
        #expect(port.records().map(\.text) == ["one"])
        #expect(port.refused(.truncated) == 1)
    }

    @Test("keeps its protocol whatever later lines look like")
    func choiceHolds() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send("one\n{\"topic\":\"a\"}\n<13>two\n")
        try port.receive(3)
        #expect(port.records().map(\.topic) == ["raw", "raw", "raw"])
    }

    @Test("is read the same, wherever counted syslog is split", arguments: 1..<37)
    func octetCounting(split: Int) throws {
        let port = try TestPort()
        let client = try port.connect()
        let bytes = Array("13 <26>disk\nfail10 <13>second8 <13>last".utf8)
        client.send(Array(bytes[..<split]))
        try port.run { port.acceptor.connections.count == 1 }
        _ = try port.acceptor.step(until: Clock.monotonic())
        client.send(Array(bytes[split...]))
        try port.receive(3)
        #expect(port.records().map(\.text) == ["<26>disk\nfail", "<13>second", "<13>last"])
        #expect(port.producer.intake.received == 3)
    }

    @Test("of counted syslog whose count can't be read is told so and closed")
    func badCount() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send("6 <13>abnonsense")
        try port.run { client.text().contains("error bad-frame:") }
        client.end()
        try port.run { client.sawEnd() }
        #expect(port.records().map(\.text) == ["<13>ab"])
        #expect(port.refused(.badFrame) == 1)
    }

    @Test("of syslog lines has their topics")
    func syslogLines() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send("<26>Nov 21 04:00:00 host app: one\n<13>two\n")
        try port.receive(2)
        #expect(port.records().map(\.topic) == ["syslog.daemon.crit", "syslog.user.notice"])
    }

    @Test(
        "of JSON hears of a bad or reserved topic on a line, and goes on",
        arguments: [("a b", Refusal.badTopic), ("belfry.x", .reservedTopic)])
    func badTopic(topic: String, refusal: Refusal) throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send("{\"topic\":\"ok\"}\n{\"topic\":\"\(topic)\"}\n{\"topic\":\"ok.too\"}\n")
        try port.run { client.text().contains("\n") }
        #expect(client.text().contains("\"error\":\"\(refusal.name)\""))
        #expect(client.text().contains("sentence"))
        #expect(port.records().map(\.topic) == ["ok", "ok.too"])
        #expect(port.refused(refusal) == 1)
    }

    @Test("that is longer than max-message is told so and closed; what came before it stands")
    func tooLong() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send("fine\n" + String(repeating: "x", count: 2_000))
        try port.run { client.text().hasPrefix("error line-too-long:") }
        client.end()
        try port.run { client.sawEnd() }
        #expect(port.records().map(\.text) == ["fine"])
        #expect(port.refused(.lineTooLong) == 1)
    }

    @Test("without an end is cut off with bounded memory, however much is sent")
    func endless() throws {
        let port = try TestPort()
        let client = try port.connect()
        let bytes = [UInt8](repeating: 0x78, count: 64 << 10)
        try port.run {
            client.send(bytes)
            let held = port.acceptor.connections.table.all.first?.input?.capacity ?? 0
            #expect(held <= 1024 + 64 << 10)
            return client.text().hasPrefix("error line-too-long:")
        }
        client.close()
        try port.run { port.acceptor.connections.count == 0 }
        #expect(port.refused(.lineTooLong) == 1)
    }

    @Test(
        "of a protocol that is not served is told so in that protocol's own form, and closed",
        arguments: [
            ("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 501", Refusal.http),
            ("\u{16}\u{3}\u{1}\u{0}\u{5}\u{1}\u{0}\u{0}", "\u{15}", .tls),
            ("\u{10}\u{c}\u{0}\u{4}MQTT\u{4}\u{2}\u{0}\u{3c}\u{0}\u{0}", " \u{2}\u{0}\u{3}", .mqtt),
        ])
    func otherProtocols(bytes: String, answer: String, refusal: Refusal) throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send(bytes)
        try port.run { client.text().hasPrefix(answer) }
        client.end()
        try port.run { client.sawEnd() && port.acceptor.connections.count == 0 }
        #expect(port.refused(refusal) == 1)
        #expect(port.records().isEmpty)
    }

    @Test("holds no buffer once its lines are worked off")
    func idle() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send("one\n")
        try port.receive(1)
        let connection = try #require(port.acceptor.connections.table.all.first)
        #expect(connection.input == nil)
        #expect(connection.output == nil)
    }
}
