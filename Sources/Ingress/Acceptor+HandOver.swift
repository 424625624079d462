// SPDX-License-Identifier: Apache-2.0

import Control
import LinuxIO
import Reactor
import Ring

/// How the acceptor gives everything that it has to a successor, and goes on as before if that dies over it.
///
/// Part of Acceptor, begun by the supervisor's `handOver` at the end of a round, when everything taken in is published.
/// Invariant: from `beginHandOver` on it takes nothing from anybody and answers nobody, until the successor is gone; once
/// that has said `taken`, it never does again.
extension Acceptor {
    func beginHandOver(to successor: consuming Descriptor) throws(SystemCallError) {
        let handOver = try HandOver(to: successor, of: connections, settingsVersion: settingsVersion)
        // Of both the ordinary loop keeps its own watches, which tell the same again if it goes on.
        _ = try handOver.loop.watch(bell.raw, Subject(kind: Kind.bell), .readable, edge: true)
        _ = try handOver.loop.watch(channel.raw, Subject(kind: Kind.channel), .readable)
        self.handOver = handOver
        FaultPoint.reach(.handOverFrozen)
    }

    /// One round of it, `limit` at most.
    func goOn(with handOver: HandOver, until limit: UInt64?) throws -> Progress {
        switch try handOver.goOn() {
        case .waiting: try wait(for: handOver, until: limit)
        case .taken:
            FaultPoint.reach(.handOverTaken)
            _ = channel.send(.handedOver)
            progress = .ended
        case .over: takeBack(handOver)
        }
        return progress
    }

    private func wait(for handOver: HandOver, until limit: UInt64?) throws {
        // The kernel also refuses for a while when too many descriptors are under way, and rings no bell behind it.
        let look = Clock.monotonic() + 10_000_000
        try handOver.loop.wait(until: handOver.isSent ? limit : min(limit ?? .max, look))
        while let event = handOver.loop.nextEvent() {
            switch event.subject.kind {
            case Kind.bell: answerWatchdog()
            case Kind.channel: try hearSupervisor()
            default: break
            }
        }
    }

    /// The successor is gone: everything is as it was, but for the time that has passed.
    private func takeBack(_ handOver: HandOver) {
        self.handOver = nil
        intake.producer.takeBack()
        connections.goOn(after: Clock.monotonic() - handOver.moment)
    }
}
