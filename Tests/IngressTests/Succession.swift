// SPDX-License-Identifier: Apache-2.0
/// A hand-over from the acceptor of a TestPort to another one on the same ring, both stepped by the test's thread.
/// Used by the tests of the hand-over.
/// Invariant: what the successor's death would close is closed by `kill`, and nothing else.

import Control
import LinuxIO
import Testing

@testable import Ingress

final class Succession {
    private let port: TestPort
    private var takeOver: TakeOver?
    private let supervisor: SeqPacketPair
    private(set) var successor: TestPort.Process?
    /// Nanoseconds in which nobody took anything.
    private(set) var pause: UInt64 = 0

    /// Starts a successor, and has the supervisor tell the acceptor of it.
    init(of port: TestPort) throws {
        self.port = port
        supervisor = try SeqPacketChannel.pair()
        let pair = try SocketPair.make()
        #expect(port.channel.send(.handOver, passing: pair.theirs.raw) == .sent)
        takeOver = try TakeOver(pair.takeOurs(), channel: supervisor.first.raw)
    }

    /// Hands over, to the end.
    static func run(on port: TestPort) throws -> Succession {
        let succession = try Succession(of: port)
        while try !succession.adopt() {}
        try succession.take()
        return succession
    }

    /// Both go on for a step.
    /// - Returns: whether the successor has everything.
    func adopt() throws -> Bool {
        _ = try port.acceptor.step(until: Clock.monotonic())
        let takeOver = try #require(takeOver)
        guard try takeOver.begin() else { return false }
        if successor == nil { successor = try port.process() }
        return try #require(successor).acceptor.adopt(from: takeOver)
    }

    /// The successor takes what it has; the acceptor before it hears of it, and ends.
    func take() throws {
        let (takeOver, successor) = (try #require(takeOver), try #require(successor))
        let moment = try #require(takeOver.predecessor).moment
        try successor.acceptor.begin(behind: takeOver)
        pause = Clock.monotonic() - moment
        #expect(try port.runToEnd() == .ended)
        var last: RoleMessage?
        while let message = port.heard() { last = message }
        #expect(last == .handedOver)
        port.use(successor)
        self.takeOver = nil
        self.successor = nil
    }

    /// The successor dies, wherever it is.
    func kill() throws {
        takeOver = nil
        successor = nil
        try port.run("the acceptor goes on") { port.acceptor.handOver == nil }
    }
}
