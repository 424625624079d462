// SPDX-License-Identifier: Apache-2.0
/// What becomes of a shard whose service is taken out of the settings, or gives way to another cut of itself: what is
/// pending is delivered, dropped, or made dead letters, and the supervisor is told when nothing is left.
///
/// Worker and GrantedShards ask it once a round, for retiring services alone.
/// Invariant: no record of it that lies below `retiring-at` is pending once it has been said to be resolved.

import Ring

extension Shard {
    /// So many records are dropped before the worker looks after the others.
    private static let dropsPerRound = 4_096

    /// Gives up what is pending and not in flight, if the service goes at once.
    func giveUp(now: UInt64, head: UInt64) {
        hasMoreToDrop = false
        guard isGivenUp, stage == .serving else { return }
        // A letter needs its message, which the disk may hold back.
        guard standing == .dropping || now >= diskPausedUntil else { return }
        for _ in 0..<Self.dropsPerRound {
            // What backs off goes, too, however long it still would.
            guard let delivery = queue.next(now: .max, head: head, from: lease) ?? nextParked(now: now, head: head)
            else { return }
            // As many letters as the table has entries; when some are kept there is room for more.
            if standing == .burying { buryRemoved(delivery.index) } else { settle(delivery.index, .removed, now: 0) }
        }
        hasMoreToDrop = true
    }

    /// Whether it is resolved, which is told once for each lease.
    func becomesResolved() -> Bool {
        guard standing != .active, !isResolved else { return false }
        let version = context.ring.control.slotsVersion
        if version != slotsSeen {
            slotsSeen = version
            let slot = try? context.ring.control.slot(lease.slotIndex)
            retiringAt = slot.flatMap { $0.incarnation == lease.slot.incarnation ? $0.retiringAt : nil } ?? .max
        }
        isResolved = lease.floor >= retiringAt && !lease.hasParked && queue.old == 0
        return isResolved
    }
}
