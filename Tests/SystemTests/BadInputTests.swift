// SPDX-License-Identifier: Apache-2.0
/// What the port answers to input that is wrong, and that everybody else is served all the same.
/// The ledger is asked for the reason; the connection for the sentence.
/// Invariant of each test: what was sent before the bad input stands, and the broker serves on.

import LinuxIO
import Testing

@Suite("Bad input gets its answer")
struct BadInputTests {
    let scratch: Scratch
    let recorder: Recorder
    let broker: Broker

    init() throws {
        scratch = try Scratch()
        recorder = try Recorder.stream("recorder", in: scratch)
        broker = try Broker(
            scratch, services: [recorder.service()],
            portOptions: ", max-message: 64KiB, max-connections: 50, frame-timeout: 1s")
    }

    static let datagrams: [[UInt8]] = [
        [], [0xFF, 0x00, 0xC3, 0x28, 0x80], [0xB5], [0xB5, 1, 3, 0, 0, 0, 0, 200, 1, 2], Array("{\"half\": ".utf8),
        Array("no newline".utf8), Array("two\nlines\n".utf8),
    ]

    @Test("a datagram that no decoder takes is raw, byte for byte", arguments: datagrams)
    func rawDatagram(_ bytes: [UInt8]) throws {
        try Client.udp(broker.port).send(bytes)
        let delivery = try recorder.wait(for: 1)[0]
        #expect(delivery.topic == "raw")
        #expect(delivery.body == bytes)
        #expect(try broker.ledger().intake.refused.values.reduce(0, +) == 0)
        try broker.stop()
    }

    struct Bad: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let reason: String
        var closes = true
    }

    static let frames = [
        Bad(testDescription: "bad length", bytes: Native.header(3, length: 4) + [0, 0, 0, 0], reason: "bad-frame"),
        Bad(
            testDescription: "unknown type", bytes: Native.header(99, length: 0), reason: "unknown-type", closes: false),
        Bad(testDescription: "unknown version", bytes: [0xB5, 9, 3, 0, 0, 0, 0, 0], reason: "unknown-version"),
        Bad(testDescription: "too large", bytes: Native.header(3, length: 1 << 20), reason: "too-large"),
        Bad(
            testDescription: "reserved topic", bytes: Native.publish(2, "syslog.a.b", "x"), reason: "reserved-topic",
            closes: false),
        Bad(testDescription: "wrong topic", bytes: Native.publish(2, "a..b", "x"), reason: "bad-topic", closes: false),
    ]

    @Test("a bad native frame gets an error frame, and what came before stands", arguments: frames)
    func nativeFrame(_ bad: Bad) throws {
        let client = try Client.tcp(broker.port)
        try client.send(Native.publish(1, "good.one", "body") + bad.bytes)
        if bad.closes {
            let answer = try client.readToEnd()
            #expect(Native.types(answer) == [4, 5] || Native.types(answer) == [5, 4], "\(answer)")
        } else {
            let answer = try client.read(atLeast: 60)
            #expect(Native.types(answer).contains(5), "\(answer)")
        }
        #expect(try recorder.wait(for: 1).map(\.topic) == ["good.one"])
        #expect(try broker.ledger().intake.refused[bad.reason] == 1)
        try broker.stop()
    }

    @Test("a native frame cut off by the end of the connection is counted as truncated")
    func truncatedFrame() throws {
        let client = try Client.tcp(broker.port)
        try client.send(Native.publish(1, "good.one", "body") + Native.publish(2, "good.two", "body").dropLast(3))
        client.finish()
        _ = try client.readToEnd()
        let ledger = try broker.ledger("a truncated frame") { $0.intake.refused["truncated"] == 1 }
        #expect(ledger.intake.published == 1)
        try broker.stop()
    }

    static let objects = [
        Bad(testDescription: "empty token", bytes: Array(#"{"topic":"a..b","body":"x"}"#.utf8), reason: "bad-topic"),
        Bad(testDescription: "number", bytes: Array(#"{"topic":7,"body":"x"}"#.utf8), reason: "bad-topic"),
        Bad(
            testDescription: "reserved", bytes: Array(#"{"topic":"belfry.x","body":"x"}"#.utf8),
            reason: "reserved-topic"),
        Bad(testDescription: "type", bytes: Array(#"{"specversion":"1.0","type":7}"#.utf8), reason: "bad-type"),
    ]

    @Test("JSON with a wrong topic gets an error line, and the connection goes on", arguments: objects)
    func jsonTopic(_ bad: Bad) throws {
        let client = try Client.tcp(broker.port)
        try client.send(bad.bytes + [0x0A])
        #expect(try client.line().contains(bad.reason))
        try client.send(#"{"topic":"good.one","body":"x"}"# + "\n")
        #expect(try recorder.wait(for: 1)[0].topic == "good.one")
        #expect(try broker.ledger().intake.refused[bad.reason] == 1)
        try broker.stop()
    }

    @Test("a line that never ends is answered, closed and counted, and its memory stays bounded")
    func endlessLine() throws {
        let client = try Client.tcp(broker.port)
        try client.send("before\n")
        try recorder.wait(for: 1)
        let before = try Roles.residentKilobytes("acceptor", of: broker)
        do {
            let chunk = [UInt8](repeating: 0x61, count: 65_536)
            for _ in 0..<256 { try client.send(chunk) }
        } catch let error as SystemCallError {
            // The broker has closed while we were sending: just what is asked of it.
            #expect(error.call == "write")
        }
        let ledger = try broker.ledger("the line refused") { $0.intake.refused["line-too-long"] == 1 }
        #expect(ledger.intake.published == 1)
        #expect(try Roles.residentKilobytes("acceptor", of: broker) - before < 2_048)
        try broker.stop()
    }

    @Test("a line just over the limit is answered with an error line, and closed")
    func longLine() throws {
        let client = try Client.tcp(broker.port)
        try client.send([UInt8](repeating: 0x61, count: 65_537) + [0x0A])
        let answer = String(decoding: try client.readToEnd(), as: UTF8.self)
        #expect(answer.hasPrefix("error line-too-long:"), "\(answer)")
        try broker.stop()
    }

    @Test("a client that says nothing is closed after the frame time-out while others are served")
    func silentClient() throws {
        let silent = try Client.tcp(broker.port)
        let spoken = try Client.tcp(broker.port)
        try spoken.send("hello\n")
        try recorder.wait(for: 1)
        _ = try silent.readToEnd(until: .after(.seconds(10)))
        // The quiet client was there before the silent one's time was over, and stays.
        try spoken.send("still here\n")
        #expect(try recorder.wait(for: 2)[1].text == "still here")
        #expect(try broker.ledger().intake.refused["timed-out"] == nil)
        try broker.stop()
    }

    @Test("a frame that was begun and not finished in time is counted as timed out")
    func slowFrame() throws {
        let slow = try Client.tcp(broker.port)
        try slow.send(Native.publish(1, "good.one", "body") + Native.publish(2, "good.two", "body").prefix(11))
        let other = try Client.tcp(broker.port)
        try other.send("served\n")
        try recorder.wait(for: 2)
        #expect(Native.types(try slow.readToEnd(until: .after(.seconds(10)))) == [4, 5])
        #expect(try broker.ledger().intake.refused["timed-out"] == 1)
        try broker.stop()
    }

    @Test("connections over the limit are closed, and there is room again when others leave")
    func maxConnections() throws {
        var clients: [Client] = []
        for number in 1...50 {
            let client = try Client.tcp(broker.port)
            try client.send("hello \(number)\n")
            clients.append(client)
        }
        try recorder.wait(for: 50)
        _ = try Client.tcp(broker.port).readToEnd()
        clients.removeAll()
        _ =
            try scratch.poll("room again") {
                let client = try Client.tcp(broker.port)
                guard (try? client.send("late\n")) != nil else { return nil }
                client.finish()
                return try client.readToEnd().isEmpty && recorder.deliveries().count > 50 ? true : nil
            } as Bool
        try broker.stop()
    }

    @Test("a sender that never reads its acks stops being read, and nobody else waits for it")
    func unreadAcks() throws {
        let deaf = try Client.tcp(broker.port)
        var number: UInt64 = 0
        let burst = (0..<2_000).flatMap { _ -> [UInt8] in
            number += 1
            return Native.publish(number, "deaf.sender", "x")
        }
        try deaf.send(burst)
        try Client.udp(broker.port).send("served")
        let all = try recorder.wait(for: 2_001)
        #expect(all.contains { $0.text == "served" })
        try broker.stop()
    }

    @Test("an HTTP client gets a response that says what is wrong")
    func http() throws {
        let answer = try scratch.run("curl", ["-s", "-S", "-i", "http://127.0.0.1:\(broker.port)/"])
        #expect(answer.output.hasPrefix("HTTP/1.1 501 "), "\(answer)")
        #expect(answer.output.contains("does not speak HTTP"))
        #expect(try broker.ledger().intake.refused["http"] == 1)
        try broker.stop()
    }

    @Test("a TLS client gets an alert, not silence")
    func tls() throws {
        let answer = try scratch.run("curl", ["-s", "-S", "-k", "https://127.0.0.1:\(broker.port)/"])
        #expect(answer.errors.contains("alert"), "\(answer)")
        #expect(try broker.ledger().intake.refused["tls"] == 1)
        try broker.stop()
    }

    @Test("an MQTT client gets a CONNACK that refuses")
    func mqtt() throws {
        let client = try Client.tcp(broker.port)
        try client.send([0x10, 16, 0, 4] + Array("MQTT".utf8) + [4, 2, 0, 60, 0, 4] + Array("test".utf8))
        #expect(try client.readToEnd() == [0x20, 2, 0, 3])
        #expect(try broker.ledger().intake.refused["mqtt"] == 1)
        try broker.stop()
    }

    @Test("a notification that no service wants is unrouted")
    func unrouted() throws {
        let narrow = try Recorder.stream("narrow", in: scratch)
        let other = try Broker(Scratch(), services: [narrow.service("alerts.>")])
        try Client.udp(other.port).send("nobody wants this")
        let ledger = try other.ledger("an unrouted notification") { $0.intake.unrouted == 1 }
        #expect(ledger.intake.published == 1)
        #expect(ledger.services["narrow"]?.matched == 0)
        try other.stop()
        try broker.stop()
    }
}
