// SPDX-License-Identifier: Apache-2.0

import Control
import LinuxIO
import Ring
import Testing
import Wire

@testable import Ingress

/// What the acceptor does when it can't get rid of what it has: the ring is full, or a client does not read.
@Suite("Under back-pressure")
struct BackPressureTests {
    @Test(
        "a connection is not read while the ring is full, loses nothing, and goes on when the bell says there is room")
    func full() throws {
        let port = try TestPort(arena: 1 << 16, records: 16)
        let client = try port.connect()
        for number in 0..<40 { client.send("\(number)\n") }
        try port.run { port.worker.spaceIsAwaited() }
        #expect(port.producer.intake.published < 40)
        #expect(port.refused(.full) == 0)
        var bodies = port.records().map(\.text)
        while bodies.count < 40 {
            let before = port.producer.intake.published
            try port.deliverAll()
            try port.run { port.producer.intake.published > before }
            bodies += port.records().map(\.text)
        }
        #expect(bodies == (0..<40).map { "\($0)" })
        try port.deliverAll()
        try port.run { !port.worker.spaceIsAwaited() }
    }

    @Test("a native sender is acked as far as was published, and for the rest when it is")
    func native() throws {
        let port = try TestPort(arena: 1 << 16, records: 16)
        let client = try port.connect()
        client.send((1...30).reduce(into: Native.hello(1)) { $0 += Native.publish($1) })
        try port.run { port.worker.spaceIsAwaited() && client.frames().count > 1 }
        #expect(client.frames().last == .ack(port.producer.intake.published))
        try port.run {
            try port.deliverAll()
            return client.frames().last == .ack(30)
        }
        #expect(port.producer.intake.published == 30)
        #expect(port.producer.intake.duplicate == 0)
    }

    @Test("a large message that waits is not overtaken by datagrams for ever")
    func overtaking() throws {
        let port = try TestPort(arena: 1 << 16) { $0.port.maxMessage = 1 << 14 }
        let datagrams = (0..<64).map { _ in [UInt8](repeating: 0x78, count: 256) }
        while port.refused(.full) == 0 {
            try port.send(datagrams)
            try port.receive(port.producer.intake.received + 1)
        }
        let client = try port.connect()
        client.send(String(repeating: "y", count: 1 << 14) + "\n")
        try port.run { port.worker.spaceIsAwaited() }
        _ = port.records()
        let lease = try port.worker.lease(slot: 0, shard: 0)
        var hasCome = false
        try port.run("it is taken") {
            // As much room as a few datagrams need, and more datagrams than that.
            lease.settleAll(to: min(lease.floor + 4, port.worker.head), .delivered)
            try port.send(datagrams)
            hasCome = hasCome || port.records().contains { $0.body.count == 1 << 14 }
            return hasCome
        }
        // From then on there is room for them again.
        try port.deliverAll()
        try port.run {
            try port.send("z")
            return port.records().contains { $0.text == "z" }
        }
    }

    @Test("connections go on in the order in which they found the ring full")
    func order() throws {
        let port = try TestPort(arena: 1 << 16, records: 16)
        let first = try port.connect()
        first.send((0..<30).map { "first \($0)\n" }.joined())
        try port.run { port.worker.spaceIsAwaited() }
        let second = try port.connect()
        second.send("second\n")
        try port.run { port.acceptor.connections.stalled.count == 2 }
        var bodies = port.records().map(\.text)
        try port.run {
            try port.deliverAll()
            bodies += port.records().map(\.text)
            return bodies.count == 31
        }
        #expect(bodies == (0..<30).map { "first \($0)" } + ["second"])
    }

    @Test("what had no room when it drains is counted, each message of it, and so is what was begun")
    func drain() throws {
        let port = try TestPort(arena: 1 << 16, records: 16)
        let first = try port.connect()
        first.send((0..<30).map { "first \($0)\n" }.joined() + "half")
        try port.run { port.worker.spaceIsAwaited() }
        let second = try port.connect()
        second.send("10 <13>second10 <13>second")
        try port.run { port.acceptor.connections.stalled.count == 2 }
        _ = port.channel.send(.drain(deadline: Clock.monotonic() + 5_000_000_000, keepSocketQueue: false))
        #expect(try port.runToEnd() == .ended)
        #expect(port.refused(.ending) == UInt64(32 - port.records().count))
        #expect(port.refused(.truncated) == 1)
        #expect(port.refused(.full) == 0)
    }

    @Test("what a native sender keeps, as it was not acked, is not counted as refused when it drains")
    func drainNative() throws {
        let port = try TestPort(arena: 1 << 16, records: 16)
        let client = try port.connect()
        client.send(Native.hello(1) + (1...30).flatMap { Native.publish($0) } + Native.publish(31).dropLast())
        try port.run { port.worker.spaceIsAwaited() }
        _ = port.channel.send(.drain(deadline: Clock.monotonic() + 5_000_000_000, keepSocketQueue: false))
        #expect(try port.runToEnd() == .ended)
        let taken = UInt64(port.records().count)
        #expect(client.frames().last == .ack(taken))
        #expect(client.sawEnd())
        #expect(port.producer.intake.received == taken)
    }

    @Test("a connection that sends while others wait for space is left unread until its turn comes")
    func unread() throws {
        let port = try TestPort(arena: 1 << 16, records: 16)
        let first = try port.connect()
        first.send((0..<30).map { "first \($0)\n" }.joined())
        try port.run { port.worker.spaceIsAwaited() }
        let second = try port.connect()
        second.send("second\n")
        try port.run { port.acceptor.connections.stalled.count == 2 }
        #expect(port.acceptor.connections.stalled.map { $0.unread > 0 } == [true, false])
        var bodies: [String] = []
        try port.run {
            try port.deliverAll()
            bodies += port.records().map(\.text)
            return bodies.contains("second")
        }
    }

    @Test("a connection that breaks while it waits for space does not wake the loop again and again")
    func noSpin() throws {
        let port = try TestPort(arena: 1 << 16, records: 16)
        let client = try port.connect()
        client.send((0..<40).map { "\($0)\n" }.joined())
        try port.run { port.worker.spaceIsAwaited() }
        client.close()
        _ = try port.acceptor.step(until: Clock.monotonic())
        let before = Clock.monotonic()
        _ = try port.acceptor.step(until: before + 50_000_000)
        #expect(Clock.monotonic() >= before + 50_000_000)
        try port.run {
            try port.deliverAll()
            return port.producer.intake.published == 40
        }
        try port.run { port.acceptor.connections.count == 0 }
    }

    @Test("a client that does not read its answers is not read any more, and holds bounded memory")
    func answers() throws {
        let port = try TestPort()
        shrinkBuffers(port.tcp.raw)
        let client = try port.connect()
        shrinkBuffers(client.raw)
        let bad = (0..<100).reduce(into: [UInt8]()) { frames, _ in frames += Native.publish(0, "a b") }
        // The kernel's buffers fill; then the acceptor reads no more, and the kernel takes no more of the client.
        var refused: UInt64 = 0
        var rest: ArraySlice<UInt8> = []
        try port.run {
            let hasRead = port.refused(.badTopic) != refused
            refused = port.refused(.badTopic)
            let unsent = port.acceptor.connections.table.all.first?.unsent ?? 0
            #expect(unsent <= 64 << 10)
            let isPaused = port.acceptor.connections.table.all.first?.pause == .answers
            var sent = 0
            repeat {
                if rest.isEmpty { rest = bad[...] }
                sent = client.send(Array(rest))
                rest = rest.dropFirst(sent)
            } while sent > 0
            return isPaused && !hasRead
        }
        // It reads again: everything that it has sent is worked off.
        try port.run {
            client.received().isEmpty == false
                && port.acceptor.connections.table.all.first?.pause == Connection.Pause.none
        }
        client.end()
        try port.run { client.sawEnd() }
        #expect(port.refused(.badTopic) > refused)
    }
}
