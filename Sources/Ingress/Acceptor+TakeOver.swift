// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Ring

/// How the acceptor takes over from one that lives: its connections first, then the work.
///
/// Part of Acceptor, used by AcceptorRole in the place of `begin` alone.
/// Invariant: before `taken` is said, no connection is read or written and no word of the ring is changed that the
/// predecessor would miss; behind it, the predecessor does nothing any more.
extension Acceptor {
    /// Takes what has come of the predecessor, which stands still.
    /// - Returns: whether that is everything.
    package func adopt(from takeOver: TakeOver) throws -> Bool {
        guard let predecessor = takeOver.predecessor else { return false }
        guard predecessor.settingsVersion == settingsVersion else { throw HandOverError.otherState("settings") }
        guard predecessor.head == intake.producer.published else { throw HandOverError.otherState("ring") }
        // A connection may hold a message, which is a part of the arena, its answers, and itself.
        let limit = Int(intake.producer.geometry.arenaSize) + Connections.outputLimit + 1 << 10
        return try takeOver.connections(limit: limit) { descriptor, handed in
            try connections.adopt(descriptor, handed)
        }
    }

    /// Once everything is there: tells the predecessor, and begins.
    package func begin(behind takeOver: TakeOver) throws {
        FaultPoint.reach(.takeOverAll)
        takeOver.sayTaken()
        FaultPoint.reach(.takeOverTaken)
        let now = Clock.monotonic()
        let (moment, stalledSince) = takeOver.predecessor.map { ($0.moment, $0.stalledSince) } ?? (now, now)
        connections.adopted(stalledSince: stalledSince, after: now - min(moment, now))
        try begin()
    }
}
