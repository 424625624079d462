// SPDX-License-Identifier: Apache-2.0

import Control
import LinuxIO
import Ring
import Testing
import Wire

@testable import Ingress

/// The acceptor's loop: rounds, bells, the supervisor's questions and orders.
@Suite("The acceptor")
struct AcceptorTests {
    @Test("sleeps when there is nothing to do")
    func sleeps() throws {
        let port = try TestPort()
        _ = try port.acceptor.step(until: Clock.monotonic())
        let begin = Clock.monotonic()
        _ = try port.acceptor.step(until: begin + 30_000_000)
        #expect(Clock.monotonic() >= begin + 30_000_000)
    }

    @Test("rings a worker that sleeps for the slot, and not one that is awake or sleeps for another")
    func bells() throws {
        let port = try TestPort(topics: ["alerts.>"])
        port.workerBell.drain()
        try port.send(#"{"topic":"alerts.a"}"#)
        try port.receive(1)
        let whileAwake = port.workerBell.drain()
        port.worker.page.announceSleep(interest: 1)
        try port.send(#"{"topic":"other"}"#)
        try port.receive(2)
        let forAnother = port.workerBell.drain()
        try port.send(#"{"topic":"alerts.a"}"#)
        try port.receive(3)
        let forItself = port.workerBell.drain()
        #expect([whileAwake, forAnother, forItself] == [false, false, true])
    }

    @Test("rings for what HELLO publishes before its round is over")
    func helloKeepsWakeUp() throws {
        let port = try TestPort()
        port.workerBell.drain()
        port.worker.page.announceSleep(interest: 1)
        let first = try port.connect()
        first.send("one\n")
        let second = try port.connect()
        second.send(Native.hello(1))
        try port.run { second.frames().count == 1 && port.producer.intake.published == 1 }
        let rung = port.workerBell.drain()
        #expect(rung)
    }

    @Test("answers the watchdog when its bell rings")
    func watchdog() throws {
        let port = try TestPort()
        let question = port.supervisor.ask()
        EventCounter.ring(port.bell)
        try port.run { port.counters.page.answered == question }
    }

    @Test("ends when it is told to stop, and when the supervisor is gone")
    func ends() throws {
        let port = try TestPort()
        _ = port.channel.send(.stop)
        #expect(try port.runToEnd() == .ended)
        let other = try TestPort()
        try other.hangUp()
        #expect(try other.runToEnd() == .orphaned)
    }

    @Test("takes in, acks and closes what the kernel has already, when it drains, and says so")
    func drain() throws {
        let port = try TestPort()
        let native = try port.connect()
        try port.run { port.acceptor.connections.count == 1 }
        let waiting = try port.connect()
        waiting.send("waiting\nhalf")
        native.send(Native.publish(1))
        try port.send("datagram")
        _ = port.heard()
        _ = port.channel.send(.drain(deadline: Clock.monotonic() + 5_000_000_000, keepSocketQueue: false))
        #expect(try port.runToEnd() == .ended)
        #expect(Set(port.records().map(\.text)) == ["hello", "waiting", "datagram"])
        #expect(native.frames() == [.ack(1)])
        #expect(native.sawEnd())
        #expect(port.refused(.truncated) == 1)
        #expect(port.heard() == .drained)
    }

    @Test("leaves the sockets' queues to a successor if it is told so")
    func keepQueue() throws {
        let port = try TestPort()
        let waiting = try port.connect()
        waiting.send("waiting\n")
        try port.send("datagram")
        _ = port.channel.send(.drain(deadline: Clock.monotonic() + 5_000_000_000, keepSocketQueue: true))
        // Its own round may have begun with what was there; what comes behind the order stays.
        #expect(try port.runToEnd() == .ended)
        try port.send("later")
        let late = try port.connect()
        late.send("late\n")
        try port.replaceAcceptor()
        try port.receive(4)
        #expect(Set(port.records().map(\.text)) == ["waiting", "datagram", "later", "late"])
    }

    /// A client that asks for more answers than it reads.
    private func deafClient(_ port: TestPort) throws -> TestClient {
        shrinkBuffers(port.tcp.raw)
        let client = try port.connect()
        let bad = (0..<100).reduce(into: [UInt8]()) { frames, _ in frames += Native.publish(0, "a b") }
        try port.run {
            client.send(bad)
            return port.acceptor.connections.table.all.contains { $0.pause == .answers }
        }
        return client
    }

    @Test("drains in time although a client does not read its answers")
    func drainDeadline() throws {
        let port = try TestPort()
        let client = try deafClient(port)
        defer { client.close() }
        let begin = Clock.monotonic()
        _ = port.channel.send(.drain(deadline: begin + 50_000_000, keepSocketQueue: false))
        #expect(try port.runToEnd() == .ended)
        #expect(Clock.monotonic() - begin < 5_000_000_000)
    }

    @Test("answers the watchdog while it drains and a client does not read its last answers")
    func drainWatchdog() throws {
        let port = try TestPort()
        let client = try deafClient(port)
        defer { client.close() }
        // The bell rings behind the round's events: only the drain can hear it.
        let question = port.supervisor.ask()
        EventCounter.ring(port.bell)
        try port.acceptor.finish(Clock.monotonic() + 50_000_000, keepSocketQueue: false)
        #expect(port.counters.page.answered == question)
    }

    @Test("reads what a refused client still sends while it drains, instead of being told of it again and again")
    func drainLingering() throws {
        let port = try TestPort()
        let refused = try port.connect()
        refused.send("GET / HTTP/1.1\r\n\r\n")
        try port.run { port.acceptor.connections.table.all.contains { $0.phase == .lingering } }
        refused.send("more")
        let loop = port.acceptor.loop
        try loop.wait(until: Clock.monotonic() + 10_000_000_000)
        let event = try #require(loop.nextEvent())
        #expect(event.subject.kind == Connections.kind)
        try port.acceptor.handleWhileEnding(event)
        try loop.wait(blocking: false)
        #expect(loop.nextEvent() == nil)
    }

    @Test("does not accept connections for ever when it drains, however many come")
    func drainFlood() throws {
        let port = try TestPort()
        let clients = try (0..<50).map { _ in try port.connect() }
        try port.acceptor.listener?.acceptRest(into: port.acceptor.connections, until: Clock.monotonic())
        #expect(port.acceptor.connections.count < clients.count)
    }

    @Test("ends a drain at once when it is told to stop")
    func drainStop() throws {
        let port = try TestPort()
        let client = try deafClient(port)
        defer { client.close() }
        _ = port.channel.send(.stop)
        let begin = Clock.monotonic()
        try port.acceptor.finish(begin + 10_000_000_000, keepSocketQueue: false)
        #expect(Clock.monotonic() - begin < 5_000_000_000)
    }

    @Test("reads all that the kernel has of a connection when it drains, in whatever pieces it comes")
    func drainPieces() throws {
        let port = try TestPort(arena: 1 << 24) { $0.port.maxMessage = 1 << 20 }
        let client = try port.connect()
        client.send(String(repeating: "x", count: 10_000))
        try port.run { port.acceptor.connections.table.all.first?.unread == 10_000 }
        // So much fills up the room behind what is there, and is less than a usual read.
        client.send(String(repeating: "x", count: 50_000) + "\n")
        try port.acceptor.finish(Clock.monotonic() + 5_000_000_000, keepSocketQueue: false)
        #expect(port.records().map(\.body.count) == [60_000])
    }

    @Test("serves everyone in the same round, whatever one of them sends")
    func fairness() throws {
        let port = try TestPort(arena: 1 << 24, records: 1 << 16)
        let greedy = try port.connect()
        let modest = try port.connect()
        try port.run { port.acceptor.connections.count == 2 }
        while greedy.send(Array(repeatElement(Array("greedy\n".utf8), count: 1_000).joined())) > 0 {}
        modest.send("modest\n")
        try port.send("datagram")
        _ = try port.acceptor.step(until: Clock.monotonic())
        let bodies = port.records().map(\.text)
        #expect(bodies.contains("modest"))
        #expect(bodies.contains("datagram"))
        #expect(bodies.filter { $0 == "greedy" }.count <= 4 * (64 << 10) / 7)
    }
}
