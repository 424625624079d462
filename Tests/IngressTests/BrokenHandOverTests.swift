// SPDX-License-Identifier: Apache-2.0
/// A hand-over in which something goes wrong: somebody dies, says what it may not say, or is spoken to by the supervisor.
/// Used with Succession.
/// Invariant of each test: one of the two serves on, with everything, and the next hand-over works.

import Control
import LinuxIO
import Ring
import Testing
import Wire

@testable import Ingress

@Suite("A broken hand-over")
struct BrokenHandOverTests {
    /// How far the successor gets.
    enum Moment: CaseIterable { case nothing, attached, half, all }

    @Test("whose successor dies leaves its predecessor as it was", arguments: Moment.allCases)
    func successorDies(at moment: Moment) throws {
        let port = try TestPort(arena: 1 << 22)
        let clients = try (1...600 as ClosedRange<UInt64>).map { id in
            let client = try port.connect()
            client.send(Native.hello(id) + Native.publish(1) + Self.frame(2).dropLast(3))
            return client
        }
        try port.receive(600)
        for _ in 0..<3 { _ = try port.acceptor.step(until: Clock.monotonic() + 1_000_000) }
        let succession = try Succession(of: port)
        switch moment {
        case .nothing: _ = try port.acceptor.step(until: Clock.monotonic())
        case .attached: while succession.successor == nil { _ = try succession.adopt() }
        case .half:
            while succession.successor?.acceptor.connections.count ?? 0 == 0 {
                let isAll = try succession.adopt()
                try #require(!isAll)
            }
        case .all: while try !succession.adopt() {}
        }
        try succession.kill()
        // Where both attach to the same array, the kernel must write to ours.
        try port.send("datagram")
        try port.receive(601)
        try Self.finish(clients, on: port, from: 2)
        _ = try Succession.run(on: port)
        try Self.finish(clients, on: port, from: 3)
        #expect(port.producer.intake.duplicate == 0)
        #expect(port.counters.page.counter(0) == 600)
    }

    /// So long that the halves of all of them are more than the kernel takes at once.
    private static func frame(_ number: UInt64) -> [UInt8] {
        Native.publish(number, "a.b", String(repeating: "x", count: 1_000))
    }

    /// Ends the frame that was begun, begins the next one, and waits for the answer to the first.
    private static func finish(_ clients: [TestClient], on port: TestPort, from number: UInt64) throws {
        for client in clients { client.send(Self.frame(number).suffix(3) + Self.frame(number + 1).dropLast(3)) }
        try port.run("all are answered") { clients.allSatisfy { $0.frames().last == .ack(number) } }
        #expect(clients.allSatisfy { $0.frames().count { if case .welcome = $0 { true } else { false } } == 1 })
    }

    @Test("whose predecessor dies before it has sent everything ends the successor")
    func predecessorDies() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send("x")
        try port.run { port.acceptor.connections.count == 1 }
        let hand = try Hand(of: port)
        hand.send(.frozen(hand.frozen(1)))
        try #expect(hand.takeOver.begin())
        #expect(try !hand.acceptor.adopt(from: hand.takeOver))
        hand.close()
        #expect(throws: HandOverError.ended) { try hand.acceptor.adopt(from: hand.takeOver) }
    }

    @Test("whose predecessor dies behind its last word is none: the successor has everything")
    func predecessorDiesLate() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send("one\nt")
        try port.receive(1)
        let hand = try Hand(of: port)
        hand.send(.frozen(hand.frozen(1)))
        let connection = try #require(port.acceptor.connections.table[0])
        hand.send(.connection(port.acceptor.connections.describe(connection)), passing: connection.raw)
        hand.close()
        try #expect(hand.takeOver.begin())
        try #expect(hand.acceptor.adopt(from: hand.takeOver))
        try hand.acceptor.begin(behind: hand.takeOver)
        port.use(hand.process)
        client.send("wo\n")
        try port.receive(2)
        #expect(port.records().map(\.text) == ["one", "two"])
    }

    @Test("is refused by a successor that goes by something else, or reads another version")
    func otherState() throws {
        let port = try TestPort()
        let changes: [(HandOverError, (inout FrozenAcceptor) -> Void)] = [
            (.otherVersion(2), { $0.version = 2 }), (.otherState("settings"), { $0.settingsVersion += 1 }),
            (.otherState("ring"), { $0.head += 1 }),
        ]
        for (error, change) in changes {
            let hand = try Hand(of: port)
            var frozen = hand.frozen(0)
            change(&frozen)
            hand.send(.frozen(frozen))
            #expect(throws: error) {
                try #expect(hand.takeOver.begin())
                _ = try hand.acceptor.adopt(from: hand.takeOver)
            }
        }
    }

    /// A native connection of a sender that the ring knows by the number 7, if it is the one of the test.
    private static func native(_ id: UInt64, _ last: UInt64, _ stream: StreamProtocol) -> HandedConnection {
        var connection = HandedConnection(clock: ConnectionClock(openedAt: 0))
        connection.stream = stream
        connection.sender = Ring.SenderID(high: id, low: ~id)
        connection.session.lastNumber = last
        return connection
    }

    private static func changed(_ change: (inout HandedConnection) -> Void) -> HandedConnection {
        var connection = native(1, 7, .native)
        change(&connection)
        return connection
    }

    /// What no acceptor says of a connection.
    static let wrongs: [HandedConnection] = [
        changed { $0.input = Array(repeating: 0, count: 70_000) },
        changed { $0.output = Array(repeating: 0, count: 70_000) },
        changed { $0.session.promised = 70_000 },
        changed { $0.firm = 1 },
        changed { $0.hold = .init(until: 1, upTo: 1) },
        changed { $0.hold = .init(until: 3, upTo: 0) },
        native(2, 7, .native), native(1, 7, .text), native(1, 6, .native),
    ]

    @Test("is refused by a successor that gets a connection as there can be none", arguments: wrongs.indices)
    func wrongConnection(index: Int) throws {
        let port = try TestPort(arena: 1 << 16)
        let client = try port.connect()
        client.send(Native.hello(1) + Native.publish(7))
        try port.run { client.frames().last == .ack(7) }
        let hand = try Hand(of: port)
        hand.send(.frozen(hand.frozen(1)))
        hand.send(.connection(Self.wrongs[index]), passing: client.raw)
        try #expect(hand.takeOver.begin())
        #expect(throws: HandOverError.self) { try hand.acceptor.adopt(from: hand.takeOver) }
        #expect(hand.acceptor.connections.count == 0)
    }

    @Test("two connections of one sender are refused, as there is one at most")
    func twice() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send(Native.hello(1) + Native.publish(7))
        try port.run { client.frames().last == .ack(7) }
        let hand = try Hand(of: port)
        hand.send(.frozen(hand.frozen(2)))
        for _ in 0..<2 { hand.send(.connection(Self.native(1, 7, .native)), passing: client.raw) }
        try #expect(hand.takeOver.begin())
        #expect(throws: HandOverError.self) { try hand.acceptor.adopt(from: hand.takeOver) }
    }

    @Test("is refused by a successor that gets too few descriptors, or more frames than it was told of")
    func wrongNumber() throws {
        let port = try TestPort()
        let connection = HandOverFrame.connection(HandedConnection(clock: ConnectionClock(openedAt: 0)))
        let few = try Hand(of: port)
        few.send(.frozen(few.frozen(1)))
        few.send(connection)
        let many = try Hand(of: port)
        many.send(.frozen(many.frozen(0)))
        many.send(connection, passing: port.tcp.raw)
        for hand in [few, many] {
            #expect(throws: HandOverError.self) {
                try #expect(hand.takeOver.begin())
                _ = try hand.acceptor.adopt(from: hand.takeOver)
            }
        }
    }

    @Test("whose successor says what it may not say is over, and the predecessor goes on", arguments: [0, 1, 2])
    func rubbish(kind: Int) throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send("one\n")
        try port.receive(1)
        let pair = try SocketPair.make()
        #expect(port.channel.send(.handOver, passing: pair.theirs.raw) == .sent)
        // What only a predecessor says, what nobody says, and no frame at all.
        let frozen = HandedConnectionTests.bytes(.frozen(HandedConnectionTests.frozen))
        let word = [frozen, [1, 0, 0, 0, 9], [255, 255, 255, 255, 3]][kind]
        #expect(Descriptor.write(pair.ours.raw, word.span) == .wrote(word.count))
        _ = try port.acceptor.step(until: Clock.monotonic())
        #expect(port.acceptor.handOver != nil)
        try port.run { port.acceptor.handOver == nil }
        client.send("two\n")
        try port.receive(2)
        #expect(port.heard() == .ready(settingsVersion: 1))
        #expect(port.heard() == nil)
    }

    @Test("answers the watchdog meanwhile, and ends when it is told to")
    func supervisor() throws {
        let port = try TestPort()
        let succession = try Succession(of: port)
        _ = try succession.adopt()
        let question = port.supervisor.ask()
        EventCounter.ring(port.bell)
        try port.run { port.counters.page.answered == question }
        #expect(port.acceptor.handOver != nil)
        #expect(port.channel.send(.stop) == .sent)
        #expect(try port.runToEnd() == .ended)
    }

    @Test("has a drain wait, which the predecessor does when it goes on")
    func drain() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send("one\ntwo")
        try port.receive(1)
        let succession = try Succession(of: port)
        while try !succession.adopt() {}
        let deadline = Clock.monotonic() + 10_000_000_000
        #expect(port.channel.send(.drain(deadline: deadline, keepSocketQueue: false)) == .sent)
        for _ in 0..<3 { _ = try port.acceptor.step(until: Clock.monotonic() + 1_000_000) }
        #expect(port.acceptor.handOver != nil)
        try succession.kill()
        client.end()
        #expect(try port.runToEnd() == .ended)
        #expect(port.records().map(\.text) == ["one", "two"])
    }

    @Test("whose supervisor dies ends the successor")
    func orphaned() throws {
        let port = try TestPort()
        let hand = try Hand(of: port)
        try hand.takeOver.wait(until: Clock.monotonic())
        hand.hangUp()
        #expect(throws: HandOverError.orphaned) { try hand.takeOver.wait() }
    }
}

/// A predecessor in the test's hand, and a successor that is attached already.
private final class Hand {
    let takeOver: TakeOver
    let process: TestPort.Process
    var acceptor: Acceptor { process.acceptor }
    private var socket: Descriptor?
    private var channel: SeqPacketChannel?
    private var supervisor: SeqPacketChannel?

    init(of port: TestPort) throws {
        let pair = try SocketPair.make()
        var near: SeqPacketChannel?
        var far: SeqPacketChannel?
        try SeqPacketChannel.pair().split { first, second in
            near = consume first
            far = consume second
        }
        let channel = near.take()!
        takeOver = try TakeOver(pair.theirs.duplicate(), channel: channel.raw)
        self.channel = consume channel
        supervisor = far.take()
        socket = pair.takeOurs()
        process = try port.process()
    }

    func frozen(_ connections: UInt32) -> FrozenAcceptor {
        FrozenAcceptor(
            connections: connections, settingsVersion: 1, head: process.producer.published, moment: 1, stalledSince: 0)
    }

    func send(_ frame: HandOverFrame, passing raw: CInt? = nil) {
        guard let socket = socket?.raw else { return }
        let bytes = ByteBuffer(limit: 1 << 20)
        frame.append(to: bytes)
        let count = bytes.count
        #expect(bytes.send(to: socket, passing: raw.map { [$0] } ?? []) == .wrote(count))
    }

    func close() { socket = nil }

    func hangUp() { supervisor = nil }
}
