// SPDX-License-Identifier: Apache-2.0
/// Hand-overs between acceptors that are processes, with a death of either at each of the points where that would be worst.
/// The supervisor is the test: see AcceptorProcess.
/// Invariant of each test: what a sender was acked for is there once, and whatever died, the next hand-over works.

import Control
import Glibc
import LinuxIO
import Ring
import Testing

@testable import Ingress

@Suite("A hand-over between processes", .serialized)
struct HandOverProcessTests {
    private static let ready = RoleMessage.ready(settingsVersion: 1)
    /// Where the successor is the one that dies, and the predecessor goes on.
    static let ofSuccessor: [FaultPoint] = [.takeOverPrepared, .takeOverBegun, .takeOverConnection, .takeOverAll]
    /// Where the predecessor dies before the successor has everything.
    static let ofPredecessor: [FaultPoint] = [.handOverFrozen, .handOverPortion]
    /// Where the predecessor is not missed any more.
    static let late: [FaultPoint] = [.handOverSent, .handOverTaken]

    /// Native senders, each in the middle of a frame.
    private final class Senders {
        private(set) var clients: [TestClient] = []
        private(set) var number: UInt64 = 1

        init(_ count: Int, of rig: ProcessRig) throws {
            for id in 1...UInt64(count) {
                let client = try TestClient(rig.tcp.raw)
                client.send(Native.hello(id) + Native.publish(1).dropLast(4))
                clients.append(client)
            }
            try wait("all are welcome") { !$0.frames().isEmpty }
        }

        /// Ends the frame, and begins the next.
        func goOn() throws {
            let (old, new) = (Native.publish(number).suffix(4), Native.publish(number + 1).dropLast(4))
            for client in clients { client.send(Array(old) + new) }
            let number = number
            try wait("all are acked") { $0.frames().last == .ack(number) }
            self.number += 1
        }

        /// All connections are over.
        func expectEnd() throws { try wait("all are closed") { $0.sawEnd() } }

        private func wait(_ what: Comment, _ isSo: (TestClient) -> Bool) throws {
            let deadline = Clock.monotonic() + 30_000_000_000
            for client in clients {
                while !isSo(client) {
                    let now = Clock.monotonic()
                    try #require(now < deadline, what)
                    let poller = try Poller(capacity: 1)
                    try poller.add(client.raw, token: 0, events: .readable)
                    _ = try poller.wait(timeoutNanoseconds: deadline - now)
                }
            }
        }
    }

    /// Starts a successor, and tells both of each other once it is prepared.
    private static func succeed(
        _ old: AcceptorProcess, on rig: ProcessRig, limit: UInt64? = nil, fault: FaultPoint? = nil
    ) throws -> AcceptorProcess {
        let pair = try SocketPair.make()
        let new = try rig.start(predecessor: pair.ours.raw, limit: limit, fault: fault)
        #expect(try new.hear() == .prepared)
        old.handOver(to: pair.theirs.raw)
        return new
    }

    private static func start(_ rig: ProcessRig, fault: FaultPoint? = nil) throws -> AcceptorProcess {
        let acceptor = try rig.start(fault: fault)
        #expect(try acceptor.hear() == ready)
        return acceptor
    }

    /// A whole one.
    private static func handOver(_ old: AcceptorProcess, on rig: ProcessRig) throws -> AcceptorProcess {
        let new = try succeed(old, on: rig)
        #expect(try new.hear() == ready)
        #expect(try old.hear() == .handedOver)
        #expect(try old.end() == .exited(0))
        return new
    }

    @Test("is not noticed by those who are in the middle of a frame, ten times in a row")
    func again() throws {
        let rig = try ProcessRig()
        var acceptor = try Self.start(rig)
        let senders = try Senders(50, of: rig)
        for _ in 0..<10 {
            acceptor = try Self.handOver(acceptor, on: rig)
            try senders.goOn()
        }
        #expect(rig.bodies().count == 500)
        #expect(rig.open == 50)
    }

    @Test("goes back to the predecessor when the successor dies", arguments: ofSuccessor)
    func successorDies(at point: FaultPoint) throws {
        let rig = try ProcessRig()
        let old = try Self.start(rig)
        let senders = try Senders(20, of: rig)
        let dying = try Self.succeed(old, on: rig, fault: point)
        #expect(try dying.end() == .signalled(SIGKILL))
        try rig.send("datagram")
        try senders.goOn()
        _ = try Self.handOver(old, on: rig)
        try senders.goOn()
        #expect(rig.bodies().count == 41)
    }

    @Test("that ends a successor behind its `taken` ends the connections, and a third acceptor goes on with the ring")
    func successorDiesLate() throws {
        let rig = try ProcessRig()
        let old = try Self.start(rig)
        let senders = try Senders(20, of: rig)
        let dying = try Self.succeed(old, on: rig, fault: .takeOverTaken)
        #expect(try dying.end() == .signalled(SIGKILL))
        #expect(try old.hear() == .handedOver)
        #expect(try old.end() == .exited(0))
        try senders.expectEnd()
        rig.raiseEpoch()
        let third = try Self.start(rig)
        let others = try Senders(20, of: rig)
        _ = try Self.handOver(third, on: rig)
        try others.goOn()
        #expect(rig.bodies().count == 20)
    }

    @Test("ends the successor when the predecessor dies too early, and a third goes on", arguments: ofPredecessor)
    func predecessorDies(at point: FaultPoint) throws {
        let rig = try ProcessRig()
        let old = try Self.start(rig, fault: point)
        let senders = try Senders(20, of: rig)
        let new = try Self.succeed(old, on: rig)
        #expect(try old.end() == .signalled(SIGKILL))
        #expect(try new.end() == .exited(1))
        try senders.expectEnd()
        rig.raiseEpoch()
        let third = try Self.start(rig)
        let others = try Senders(20, of: rig)
        _ = try Self.handOver(third, on: rig)
        try others.goOn()
        #expect(rig.bodies().count == 20)
    }

    @Test("is over when the predecessor dies behind its last word: nobody notices", arguments: late)
    func predecessorDiesLate(at point: FaultPoint) throws {
        let rig = try ProcessRig()
        let old = try Self.start(rig, fault: point)
        let senders = try Senders(20, of: rig)
        let new = try Self.succeed(old, on: rig)
        #expect(try old.end() == .signalled(SIGKILL))
        #expect(try new.hear() == Self.ready)
        try senders.goOn()
        _ = try Self.handOver(new, on: rig)
        try senders.goOn()
        #expect(rig.bodies().count == 40)
    }

    @Test("to a successor that may not have so many descriptors is none")
    func limit() throws {
        let rig = try ProcessRig()
        let old = try Self.start(rig)
        let senders = try Senders(200, of: rig)
        let poor = try Self.succeed(old, on: rig, limit: 100)
        #expect(try poor.end() == .exited(1))
        try senders.goOn()
        _ = try Self.handOver(old, on: rig)
        try senders.goOn()
        #expect(rig.bodies().count == 400)
    }

    /// Used by ManyConnectionsTests.
    static func pass(_ count: Int) throws {
        let rig = try ProcessRig()
        let old = try Self.start(rig)
        let senders = try Senders(count, of: rig)
        let begun = Clock.monotonic()
        let new = try Self.succeed(old, on: rig)
        let prepared = Clock.monotonic()
        #expect(try new.hear() == Self.ready)
        let ready = Clock.monotonic()
        let (start, pass) = ((prepared - begun) / 1_000, (ready - prepared) / 1_000)
        print("\(count) connections between processes: prepared in \(start) µs, passed in \(pass) µs")
        #expect(rig.open == UInt64(count))
        try senders.goOn()
        #expect(rig.bodies().count == count)
    }
}
