// SPDX-License-Identifier: Apache-2.0
/// What Recovery found: the state that a new ring is to be made from.
///
/// The supervisor makes the regions from it and then applies the settings as a reload would.
/// Invariant: the ring begins empty at `next`: every shard's floor is `next`, what it still wants is parked in
/// [parkedFrom, parkedTo) or stands in its table; matched = outcomes + pending for each slot; a durable checkpoint says so.

package struct RecoveredLog: Equatable, Sendable {
    /// Its `head` and `spilled` are the next sequence, its slots' floors too; there are no runs; the epoch is the new one.
    package var checkpoint: Checkpoint
    package var incidents: [SegmentIncident] = []
    /// Nothing was found: a log that begins now.
    package var isNew = false
    /// The last one that used the folder has written everything down before it ended.
    package var wasClean = true
    /// As it was until now.
    package var formerMode: Checkpoint.Mode
    /// When the checkpoint was taken that this is made from, ns since 1970.
    package var asOf: UInt64 = 0

    package var next: UInt64 { checkpoint.head }

    /// Deliveries that go on.
    package var pending: UInt64 {
        checkpoint.slots.reduce(0) { sum, slot in
            let matched = checkpoint.intake.matched[slot.index] - slot.slot.matchedBefore
            let resolved = slot.shards.reduce(0) { $0 + $1.totals[1...].reduce(0, +) }
            return sum + matched - min(resolved, matched)
        }
    }

    /// Whether anything lies in parked segments.
    package var hasParked: Bool {
        checkpoint.slots.contains { $0.shards.contains { $0.parkedFrom < $0.parkedTo || !$0.entries.isEmpty } }
    }
}
