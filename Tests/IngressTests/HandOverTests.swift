// SPDX-License-Identifier: Apache-2.0
/// What an acceptor hands to its successor, over a real ring and real sockets: every protocol, in the middle of everything.
/// The failures of a hand-over are in BrokenHandOverTests.
/// Invariant of each test: a sender sees what it would have seen of one acceptor.

import Control
import LinuxIO
import Ring
import Testing
import Wire

@testable import Ingress

@Suite("A hand-over")
struct HandOverTests {
    /// What a client sends, and the bodies that come of it.
    struct Stream: CustomStringConvertible, Sendable {
        let description: String
        let bytes: [UInt8]
        let bodies: [String]

        init(_ name: String, _ bytes: [UInt8], _ bodies: String...) {
            (description, self.bytes, self.bodies) = (name, bytes, bodies)
        }

        init(_ name: String, _ text: String, _ bodies: String...) {
            (description, bytes, self.bodies) = (name, Array(text.utf8), bodies)
        }
    }

    static let streams = [
        Stream("native", Native.publish(1, "a.b", "one") + Native.publish(2, "a.b", "two"), "one", "two"),
        Stream("text", "one\r\ntwo\nthree", "one", "two", "three"),
        Stream("JSON", #"{"topic":"a","body":"one"}"# + "\n" + #"{"topic":"b","body":"two"}"# + "\n", "one", "two"),
        Stream("syslog by lines", "<13>one\n<13>two\n", "<13>one", "<13>two"),
        Stream("counted syslog", "7 <13>one7 <13>two\n", "<13>one", "<13>two"),
    ]

    @Test("takes over a connection behind each byte of what it sends", arguments: streams)
    func everyByte(stream: Stream) throws {
        let port = try TestPort { $0.port.maxConnections = 1_000 }
        let clients = try stream.bytes.indices.map { cut in
            let client = try port.connect()
            client.send(Array(stream.bytes.prefix(cut)))
            return client
        }
        try port.run { port.counters.page.counter(1) == UInt64(clients.count) }
        // All that was sent has been read.
        for _ in 0..<3 { _ = try port.acceptor.step(until: Clock.monotonic() + 1_000_000) }
        _ = try Succession.run(on: port)
        #expect(port.acceptor.connections.count == clients.count)
        for (cut, client) in clients.enumerated() {
            client.send(Array(stream.bytes.suffix(from: cut)))
            client.end()
        }
        try port.run("all are closed") { clients.allSatisfy { $0.sawEnd() } }
        let records = port.records()
        let bodies = Dictionary(grouping: records) { $0.source }.values.map { $0.map(\.text) }
        #expect(bodies.count == clients.count)
        #expect(bodies.allSatisfy { $0 == stream.bodies })
        #expect(port.producer.intake.received == UInt64(records.count))
    }

    @Test("keeps who a native sender is, what it was told, and what it sent before")
    func nativeSender() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send(Native.hello(1) + Native.publish(1))
        try port.run { client.frames().last == .ack(1) }
        _ = try Succession.run(on: port)
        client.send(Native.publish(1) + Native.publish(2))
        try port.run { client.frames().last == .ack(2) }
        #expect(client.frames() == [.welcome(last: 0, maxMessage: 1_024), .ack(1), .ack(2)])
        #expect(port.producer.intake.duplicate == 1 && port.producer.intake.published == 2)
        let keys = Set(port.records().map(\.sourceHash))
        #expect(keys.count == 1)
        // It is still the one that speaks for this sender.
        let second = try port.connect()
        second.send(Native.hello(1))
        try port.run { client.sawEnd() && second.frames() == [.welcome(last: 2, maxMessage: 1_024)] }
        client.close()
    }

    @Test("a second HELLO is as wrong behind it as before it")
    func secondHello() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send(Native.hello(1))
        try port.run { !client.frames().isEmpty }
        _ = try Succession.run(on: port)
        client.send(Native.hello(1))
        try port.run { client.frames().last == .error(0, .badFrame) }
    }

    @Test("answers that wait for the disk go out when it is there, and not before")
    func held() throws {
        let port = try TestPort(commits: true)
        let clients = try (1...3 as ClosedRange<UInt64>).map { id in
            let client = try port.connect()
            client.send(Native.hello(id) + Native.publish(1))
            try port.run { port.producer.published == id + 1 }
            return client
        }
        // One of them has sent more meanwhile, which is to be answered behind its first.
        clients[0].send(Native.publish(2))
        try port.run { port.producer.published == 5 }
        _ = try Succession.run(on: port)
        _ = try port.acceptor.step(until: 1)
        #expect(clients.allSatisfy { $0.frames().isEmpty })
        for (place, client) in clients.enumerated() {
            port.committer.commit(to: UInt64(place) + 2)
            try port.run { client.frames().last == .ack(1) }
            #expect(clients.dropFirst(place + 1).allSatisfy { $0.frames().isEmpty })
        }
        port.committer.commit(to: 5)
        try port.run { clients[0].frames().last == .ack(2) }
        #expect(!port.acceptor.connections.isHolding)
    }

    @Test("those that wait for space go on in their order, and lose nothing")
    func stalled() throws {
        let port = try TestPort(arena: 1 << 16, records: 16)
        for _ in 0..<16 { try port.send("fill") }
        try port.run { port.refused(.full) > 0 }
        let clients = try (0..<5).map { number in
            let client = try port.connect()
            client.send("from \(number)\n")
            try port.run { port.acceptor.connections.stalled.count == number + 1 }
            return client
        }
        _ = try Succession.run(on: port)
        #expect(port.worker.spaceIsAwaited())
        _ = port.records()
        try port.deliverAll()
        var bodies: [String] = []
        try port.run {
            bodies += port.records().map(\.text)
            return bodies.count == 5
        }
        #expect(bodies == (0..<5).map { "from \($0)" })
        clients.forEach { $0.close() }
    }

    @Test("one that does not read its answers gets all of them, and is read again then")
    func unsent() throws {
        let port = try TestPort()
        shrinkBuffers(port.tcp.raw)
        let client = try port.connect()
        shrinkBuffers(client.raw)
        // Each is answered by a refusal.
        let frame = Native.publish(1, "syslog.x", "")
        var sent = 0
        var rest: [UInt8] = []
        let isPaused = { port.acceptor.connections.table.all.contains { $0.pause == .answers } }
        try port.run("it is not read any more") {
            if rest.isEmpty { (rest, sent) = (frame, sent + 1) }
            rest.removeFirst(client.send(rest))
            return isPaused()
        }
        for _ in 0..<3 { _ = try port.acceptor.step(until: Clock.monotonic() + 1_000_000) }
        try #require(isPaused())
        _ = try Succession.run(on: port)
        try port.run("all are answered") {
            rest.removeFirst(client.send(rest))
            _ = client.received()
            return rest.isEmpty && port.refused(.reservedTopic) == UInt64(sent)
        }
        try port.run { client.frames().count { $0 == .error(1, .reservedTopic) } == sent }
    }

    @Test("one that was refused still reads why, and one that has ended is closed behind its last answer")
    func ending() throws {
        let port = try TestPort(commits: true)
        let refused = try port.connect()
        refused.send("GET / HTTP/1.1\r\n")
        try port.run { port.refused(.http) == 1 }
        let ended = try port.connect()
        ended.send(Native.publish(1))
        ended.end()
        try port.run { port.acceptor.connections.isHolding }
        _ = try Succession.run(on: port)
        try port.run { refused.text().contains("HTTP/1.1 501") }
        #expect(!ended.sawEnd())
        refused.end()
        port.committer.commit(to: 2)
        try port.run { ended.sawEnd() && refused.sawEnd() }
        #expect(ended.frames() == [.ack(1)])
        #expect(port.acceptor.connections.count == 0)
    }

    @Test("the time that a frame may take goes on, without the time in which nobody was heard")
    func clocks() throws {
        let port = try TestPort { $0.port.frameTimeout = .milliseconds(200) }
        let client = try port.connect()
        client.send("begun")
        try port.run { port.acceptor.connections.table[0]?.hasSpoken == true }
        let before = try #require(port.acceptor.connections.table[0]).clock
        _ = try Succession.run(on: port)
        let after = try #require(port.acceptor.connections.table[0]).clock
        let pause = after.frameBegan - before.frameBegan
        #expect(pause > 0 && after.lastHeard - before.lastHeard == pause && after.openedAt - before.openedAt == pause)
        try port.run { client.sawEnd() }
        #expect(port.refused(.timedOut) == 1)
    }

    @Test("datagrams and connections that wait in the kernel are the successor's")
    func kernel() throws {
        let port = try TestPort()
        let succession = try Succession(of: port)
        _ = try port.acceptor.step(until: Clock.monotonic())
        try port.send("one", "two")
        let client = try port.connect()
        client.send("three\n")
        while try !succession.adopt() {}
        #expect(port.producer.intake.received == 0)
        try succession.take()
        try port.receive(3)
        #expect(port.records().map(\.text).sorted() == ["one", "three", "two"])
        #expect(port.counters.page.counter(0) == 1)
    }

    @Test("the successor has the keeper's link begin anew, where its predecessor had got to")
    func keeper() throws {
        let port = try TestPort()
        let name = Wire.SenderID(high: 3, low: 4)
        let message = KeptMessage(
            service: "test", id: MessageID(log: 5, epoch: 2, sequence: 70), time: 9, wireProtocol: 5, decodedKind: 0,
            topic: [0x61], source: [0x62], decoded: [], body: [0x63])
        let first = try KeeperEnd(of: port)
        first.send(.hello(name), .replay(number: 1, message))
        try port.run { first.heard() == .kept(1) }
        _ = try Succession.run(on: port)
        _ = first.heard()
        #expect(first.isClosed)
        let second = try KeeperEnd(of: port)
        second.send(.hello(name), .replay(number: 1, message), .replay(number: 2, message))
        try port.run { second.heard() == .kept(2) }
        #expect(port.producer.intake.replayed == 2)
    }

    @Test("the next one hands over in its turn")
    func again() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send(Native.hello(1))
        for number in 1...4 as ClosedRange<UInt64> {
            client.send(Array(Native.publish(number).dropLast(2)))
            try port.run { port.acceptor.connections.table.all.contains { $0.unread > 0 } }
            _ = try Succession.run(on: port)
            client.send(Array(Native.publish(number).suffix(2)))
            try port.run { client.frames().last == .ack(number) }
        }
        #expect(port.records().count == 4)
    }

    @Test("the successor says that it is ready behind everything, and wakes who may have slept over it")
    func ready() throws {
        let port = try TestPort()
        port.workerBell.drain()
        _ = try Succession.run(on: port)
        let hasRung = port.workerBell.drain()
        #expect(hasRung)
        #expect(port.heard() == .ready(settingsVersion: 1))
        #expect(port.heard() == nil)
    }
}
