// SPDX-License-Identifier: Apache-2.0
// What the acceptor takes from the keeper: each letter once, for its service alone, and what it says of it.

import Control
import LinuxIO
import Ring
import Testing
import Wire

@testable import Ingress

@Suite("Replays at the acceptor")
struct ReplayIntakeTests {
    private static let name = Wire.SenderID(high: 3, low: 4)

    private static func replay(_ number: UInt64, _ service: String = "test") -> KeeperFrame {
        .replay(
            number: number,
            KeptMessage(
                service: service, id: MessageID(log: 5, epoch: 2, sequence: 70 + number), time: 9, wireProtocol: 5,
                decodedKind: 0, topic: Array("a.b".utf8), source: Array("host".utf8), decoded: [],
                body: Array("body \(number)".utf8)))
    }

    private static func greet(_ port: TestPort, _ last: UInt64) throws -> KeeperEnd {
        let keeper = try KeeperEnd(of: port)
        keeper.send(.hello(name))
        try port.run("it is welcome") { keeper.heard() == .welcome(last: last) }
        return keeper
    }

    @Test("a letter is published under its old id, for its service alone, whatever that subscribes to now")
    func published() throws {
        let port = try TestPort(topics: ["never"]) { settings in
            settings.services.append(.init(name: "all", topics: [">"], command: ["/bin/true"]))
            settings.services[1].placement = .init(slot: 1, incarnation: 1, state: .active)
        }
        let keeper = try Self.greet(port, 0)
        keeper.send(Self.replay(1), Self.replay(2, "all"))
        try port.run("both are taken") { keeper.heard() == .kept(2) }
        let records = port.records()
        #expect(records.map(\.mask) == [1, 2] && records.map(\.text) == ["body 1", "body 2"])
        #expect(records.map(\.original) == [71, 72].map { OriginalID(log: 5, epoch: 2, sequence: $0) })
        #expect(records.allSatisfy { $0.topic == "a.b" && $0.source == "host" && $0.wireProtocol == .text })
        #expect(port.producer.intake.published == 2 && port.producer.intake.replayed == 2)
    }

    @Test("it is said to be taken when it is committed, and no sooner")
    func committed() throws {
        let port = try TestPort(commits: true)
        let keeper = try Self.greet(port, 0)
        keeper.send(Self.replay(1), Self.replay(2))
        try port.run { port.producer.published == 3 }
        port.committer.commit(to: 2)
        _ = try port.acceptor.step(until: 1)
        #expect(keeper.heard() == .welcome(last: 0))
        port.committer.commit(to: 3)
        try port.run { keeper.heard() == .kept(2) }
    }

    @Test("behind one that it refuses it takes nothing, until it is greeted anew")
    func refused() throws {
        let port = try TestPort()
        let keeper = try Self.greet(port, 0)
        keeper.send(Self.replay(1), Self.replay(2, "gone"), Self.replay(3))
        try port.run { keeper.heard() == .refused(number: 2, "there is no service gone") }
        #expect(keeper.frames.dropLast() == [.welcome(last: 0), .kept(1)])
        #expect(port.producer.intake.published == 1)
        keeper.send(.hello(Self.name), Self.replay(3))
        try port.run { keeper.heard() == .kept(3) }
        #expect(keeper.frames.contains(.welcome(last: 1)))
        #expect(port.records().map(\.text) == ["body 1", "body 3"])
    }

    @Test("what a dead acceptor has published is not taken again")
    func successor() throws {
        let port = try TestPort()
        let first = try Self.greet(port, 0)
        first.send(Self.replay(1), Self.replay(2))
        try port.run { first.heard() == .kept(2) }
        try port.replaceAcceptor()
        let second = try Self.greet(port, 2)
        second.send(Self.replay(1), Self.replay(2), Self.replay(3))
        try port.run { second.heard() == .kept(3) }
        #expect(port.records().map(\.text) == ["body 1", "body 2", "body 3"])
    }

    @Test("another keeper takes the place of the one before, where that had got to")
    func anotherKeeper() throws {
        let port = try TestPort()
        let first = try Self.greet(port, 0)
        first.send(Self.replay(1))
        try port.run { first.heard() == .kept(1) }
        let second = try Self.greet(port, 1)
        _ = first.heard()
        #expect(first.isClosed)
        second.send(Self.replay(2))
        try port.run { second.heard() == .kept(2) }
    }

    @Test("what has no room waits, and is taken in its order when there is some")
    func full() throws {
        let port = try TestPort(arena: 1 << 16, records: 16)
        let keeper = try Self.greet(port, 0)
        for number in 1...40 as ClosedRange<UInt64> { keeper.send(Self.replay(number)) }
        try port.run("the ring is full") { port.producer.isTight() && keeper.heard() != .welcome(last: 0) }
        for _ in 0..<3 { _ = try port.acceptor.step(until: Clock.monotonic() + 25_000_000) }
        #expect(port.producer.intake.published <= 16 && keeper.heard() != .kept(40))
        try port.run {
            try port.deliverAll()
            return keeper.heard() == .kept(40)
        }
        #expect(port.producer.intake.replayed == 40 && port.producer.intake.published == 40)
    }
}
