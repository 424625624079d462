// SPDX-License-Identifier: Apache-2.0

import Control
import LinuxIO
import Ring
import Testing
import Wire

@testable import Ingress

/// How the acceptor waits for the committer: with answers, with the workers' bells, with its own end; and what it tells.
@Suite("Behind the disk")
struct HoldingTests {
    @Test("an answer goes out when what it tells of is committed, and no sooner")
    func answers() throws {
        let port = try TestPort(commits: true)
        let client = try port.connect()
        client.send(Native.hello(1))
        try port.run("a welcome speaks of nothing new") { client.frames() == [.welcome(last: 0, maxMessage: 1_024)] }
        client.send(Native.publish(1) + Native.publish(2))
        try port.run { port.acceptor.connections.isHolding }
        #expect(port.producer.published == 3)
        port.committer.commit(to: 2)
        _ = try port.acceptor.step(until: 1)
        #expect(client.frames() == [.welcome(last: 0, maxMessage: 1_024)])
        port.committer.commit(to: 3)
        try port.run { client.frames().count == 2 }
        #expect(client.frames().last == .ack(2))
        #expect(!port.acceptor.connections.isHolding)
    }

    @Test("what comes while an answer is held is answered behind the next commit, all at once")
    func pipelined() throws {
        let port = try TestPort(commits: true)
        let client = try port.connect()
        client.send(Native.hello(1) + Native.publish(1))
        try port.run { port.producer.published == 2 }
        client.send(Native.publish(2))
        client.send(Native.publish(3))
        try port.run { port.producer.published == 4 }
        port.committer.commit(to: 2)
        try port.run("the first is released") { client.frames().contains(.ack(1)) }
        port.committer.commit(to: 4)
        try port.run { client.frames().contains(.ack(3)) }
        #expect(client.frames() == [.welcome(last: 0, maxMessage: 1_024), .ack(1), .ack(3)])
    }

    @Test("a duplicate is acked no sooner than what it repeats is committed")
    func duplicates() throws {
        let port = try TestPort(commits: true)
        let first = try port.connect()
        first.send(Native.hello(1) + Native.publish(1))
        try port.run { port.producer.published == 2 }
        first.close()
        let second = try port.connect()
        second.send(Native.hello(1) + Native.publish(1))
        try port.run { port.producer.intake.duplicate == 1 }
        #expect(second.frames().isEmpty)
        port.committer.commit(to: 2)
        try port.run { second.frames().count == 2 }
        #expect(second.frames() == [.welcome(last: 1, maxMessage: 1_024), .ack(1)])
    }

    @Test("a connection of lines is closed behind the commit of its last line")
    func lines() throws {
        let port = try TestPort(commits: true)
        let client = try port.connect()
        client.send("one\n")
        client.end()
        try port.run { port.acceptor.connections.isHolding }
        #expect(!client.sawEnd())
        port.committer.commit(to: 2)
        try port.run { client.sawEnd() }
    }

    @Test("while answers are held its page says that it sleeps, and only then")
    func sleeping() throws {
        let port = try TestPort(commits: true)
        let client = try port.connect()
        client.send(Native.hello(1) + Native.publish(1))
        try port.run { port.acceptor.connections.isHolding }
        // A committer that looks while the acceptor waits sees it; here it is awake again, by its own time limit.
        _ = try port.acceptor.step(until: 1)
        let (interest, sleeps) = (port.counters.page.interest, port.counters.page.isSleeping)
        #expect(interest == .max && !sleeps)
        port.committer.commit(to: 2)
        try port.run { !port.acceptor.connections.isHolding }
    }

    @Test("the committer is rung for when it sleeps, and the workers are left to it")
    func bells() throws {
        let port = try TestPort(commits: true)
        _ = rung(port)
        port.worker.page.announceSleep(interest: 1)
        port.committer.page.announceSleep(interest: 0)
        try port.send("x")
        try port.receive(1)
        #expect(rung(port) == [true, false])
        port.committer.page.awake()
        try port.send("y")
        try port.receive(2)
        #expect(rung(port)[0] == false)
    }

    @Test("of a tight ring a sleeping committer is told that does not look by itself", arguments: [UInt64.max, 0])
    func tightBell(interest: UInt64) throws {
        let port = try TestPort(arena: 1 << 16, records: 16)
        _ = rung(port)
        port.committer.page.announceSleep(interest: interest)
        try port.send(Array(repeating: [1], count: 9))
        try port.run { port.counters.page.isTight }
        #expect(rung(port)[0] == (interest != 0))
    }

    /// Whether the committer's bell was rung, and the worker's.
    private func rung(_ port: TestPort) -> [Bool] { [port.committerBell.drain(), port.workerBell.drain()] }

    @Test("a ring that is more than half held is told to the supervisor once, and in the page until it is over")
    func tight() throws {
        let port = try TestPort(arena: 1 << 16, records: 16)
        while port.heard() != nil {}
        try port.send(["a", "b", "c", "d", "e", "f", "g"].map { Array($0.utf8) })
        try port.receive(7)
        var isTight: Bool { port.counters.page.isTight }
        #expect(!isTight)
        try port.send("h", "i")
        try port.receive(9)
        #expect(isTight)
        #expect(port.heard() == .tight)
        #expect(port.heard() == nil)
        try port.deliverAll()
        EventCounter.ring(port.bell)
        try port.run { !isTight }
    }

    @Test("a tight ring is told again only where no committer serves, and once for each that has gone")
    func asking() throws {
        let port = try TestPort(arena: 1 << 16, records: 16)
        /// What the supervisor hears of a ring that gets tight once more.
        func heard() throws -> RoleMessage? {
            try port.send(["a", "b", "c", "d", "e", "f", "g", "h", "i"].map { Array($0.utf8) })
            try port.run { port.counters.page.isTight }
            defer { while port.heard() != nil {} }
            let heard = port.heard()
            try port.deliverAll()
            EventCounter.ring(port.bell)
            try port.run { !port.counters.page.isTight }
            return heard
        }
        while port.heard() != nil {}
        port.committer.arrive()
        // The page may speak of one that was killed.
        #expect(try heard() == .tight)
        #expect(try heard() == nil)
        port.committer.leave()
        #expect(try heard() == .tight)
        #expect(try heard() == nil)
        port.committer.arrive()
        #expect(try heard() == nil)
        port.committer.leave()
        #expect(try heard() == .tight)
    }

    @Test("a drain waits for the disk before it says goodbye to those who wait for their answers")
    func drain() throws {
        let port = try TestPort(commits: true)
        let client = try port.connect()
        client.send(Native.hello(1) + Native.publish(1))
        try port.run { port.acceptor.connections.isHolding }
        _ = port.channel.send(.drain(deadline: Clock.monotonic() + 10_000_000_000, keepSocketQueue: false))
        port.committer.commit(to: 2)
        #expect(try port.runToEnd() == .ended)
        #expect(client.frames() == [.welcome(last: 0, maxMessage: 1_024), .ack(1)])
    }
}
