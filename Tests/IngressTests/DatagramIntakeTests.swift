// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Ring
import Testing
import Wire

@testable import Ingress

/// What becomes of datagrams: every one is a message, or is counted with its reason.
@Suite("A datagram")
struct DatagramIntakeTests {
    @Test(
        "that no decoder takes is raw, with its bytes untouched",
        arguments: [
            [], [0x00, 0xFF, 0x80], Array("plain \u{e9}\n".utf8), [0xB5], [0xB5, 1, 3, 0, 0, 0, 0, 99, 1],
            Array("{not json".utf8), Array("{\"no\":\"topic\"}".utf8), Array("<nonsense".utf8), Array("12 apples".utf8),
        ] as [[UInt8]])
    func raw(bytes: [UInt8]) throws {
        let port = try TestPort()
        try port.send([bytes])
        try port.receive(1)
        let record = try #require(port.records().first)
        #expect(record.topic == "raw")
        #expect(record.body == bytes)
        #expect(record.wireProtocol == .text)
        #expect(port.producer.intake.refusedInAll == 0)
    }

    @Test("carries its sender's address as source")
    func source() throws {
        let port = try TestPort()
        try port.send("a", "b")
        try port.receive(2)
        let records = port.records()
        #expect(records.allSatisfy { $0.source.hasPrefix("127.0.0.1:") && $0.source == records[0].source })
        #expect(records.map(\.text) == ["a", "b"])
    }

    @Test("of syslog has the topic of its facility and severity, and its parts beside the untouched body")
    func syslog() throws {
        let port = try TestPort()
        let line = "<26>1 2026-11-21T04:00:00Z host app 1 - - disk sda is failing"
        try port.send(line)
        try port.receive(1)
        let record = try #require(port.records().first)
        #expect(record.topic == "syslog.daemon.crit")
        #expect(record.text == line)
        #expect(record.decoded.contains("\"app-name\":\"app\""))
    }

    @Test("of JSON names its own topic")
    func json() throws {
        let port = try TestPort()
        try port.send(#"{"topic":"alerts.disk","body":"a\nb"}"#)
        try port.receive(1)
        let record = try #require(port.records().first)
        #expect(record.topic == "alerts.disk")
        #expect(record.text == "a\nb")
    }

    @Test(
        "of JSON with a topic that no sender may use is refused and counted",
        arguments: [("bad topic", Refusal.badTopic), ("syslog.daemon.crit", .reservedTopic)])
    func badTopic(topic: String, refusal: Refusal) throws {
        let port = try TestPort()
        try port.send("{\"topic\":\"\(topic)\"}")
        try port.receive(1)
        #expect(port.refused(refusal) == 1)
        #expect(port.records().isEmpty)
    }

    @Test("may hold several native frames, each of them a message")
    func native() throws {
        let port = try TestPort()
        try port.send([Native.publish(1, "a.b", "one") + Native.publish(2, "c", "two")])
        try port.receive(2)
        #expect(port.records().map { "\($0.topic) \($0.text)" } == ["a.b one", "c two"])
    }

    @Test("with native frames that can't be taken is counted by reason, and what stands before them is taken")
    func badNative() throws {
        let port = try TestPort()
        try port.send([
            Native.publish(1) + Native.hello(5), Native.publish(2, "belfry.x"), [0xB5, 9, 3, 0, 0, 0, 0, 0],
        ])
        try port.receive(4)
        #expect(port.records().count == 1)
        #expect(port.refused(.unknownType) == 1)
        #expect(port.refused(.reservedTopic) == 1)
        #expect(port.refused(.unknownVersion) == 1)
    }

    @Test("larger than max-message is refused")
    func tooLarge() throws {
        let port = try TestPort { $0.port.maxMessage = 10 }
        try port.send("0123456789", "0123456789a")
        try port.receive(2)
        #expect(port.records().map(\.text) == ["0123456789"])
        #expect(port.refused(.tooLarge) == 1)
    }

    @Test("for which there is no room is refused and counted, and the next one is taken once there is room")
    func full() throws {
        let port = try TestPort(arena: 1 << 16, records: 16)
        try port.send((0..<20).map { [UInt8($0)] })
        try port.receive(20)
        let published = port.producer.intake.published
        #expect(port.refused(.full) == 20 - published)
        #expect(published < 20)
        try port.deliverAll()
        try port.send("again")
        try port.receive(21)
        #expect(port.records().last?.text == "again")
    }

    @Test("of a train is a message of its own, the shorter last one too")
    func train() throws {
        let port = try TestPort()
        try port.sendTrain("<13>one<13>two<13>x", segment: 7)
        try port.receive(3)
        #expect(port.records().map(\.text) == ["<13>one", "<13>two", "<13>x"])
        #expect(port.counters.page.counter(6) == 3)
    }

    @Test("for no service is published and counted as unrouted")
    func unrouted() throws {
        let port = try TestPort(topics: ["alerts.>"])
        try port.send(#"{"topic":"alerts.x"}"#, #"{"topic":"other.x"}"#, #"{"topic":"alerts.x"}"#)
        try port.receive(3)
        #expect(port.records().map(\.mask) == [1, 0, 1])
        #expect(port.producer.intake.unrouted == 1)
    }

    @Test("is counted in the page as well, each one of a batch")
    func counted() throws {
        let port = try TestPort()
        try port.send((0..<100).map { [UInt8($0)] })
        try port.receive(100)
        #expect(port.counters.page.counter(6) == 100)
        #expect(port.records().map(\.body) == (0..<100).map { [UInt8($0)] })
    }
}
