// SPDX-License-Identifier: Apache-2.0
/// What a checkpoint says of the files behind it: which of them whoever starts from it would read.
///
/// Used by the committer to delete files, and to see whether anything is open at all. Pure.
/// Invariant: both needs only rise from one checkpoint to the next, as floors do and records are only taken.

extension Checkpoint {
    /// Records below it are not read from the log any more: they are resolved, or lie in parked segments.
    package var logNeed: UInt64 { min(head, max(spilled, lowest { $0.floor })) }

    /// Records below it are not read from parked segments any more.
    package var parkedNeed: UInt64 { lowest { $0.need } }

    /// Nothing lies in parked segments that somebody still wants.
    package var hasNothingParked: Bool { parkedNeed >= spilled }

    /// Nothing is pending: as long as nothing is published it stays true.
    package var isSettled: Bool {
        slots.allSatisfy { $0.shards.allSatisfy { $0.floor >= head && $0.need >= head } }
    }

    private func lowest(_ need: (Shard) -> UInt64) -> UInt64 {
        slots.reduce(.max) { $1.shards.reduce($0) { min($0, need($1)) } }
    }

    /// The same but for when it was written.
    package func says(the other: Checkpoint) -> Bool {
        var same = other
        (same.time, same.counter) = (time, counter)
        return same == self
    }
}

extension Checkpoint.Shard {
    /// The lowest record that it may still have to read.
    fileprivate var need: UInt64 {
        let parked = parkedFrom < parkedTo ? parkedFrom : .max
        return entries.reduce(min(floor, parked)) { min($0, $1.sequence) }
    }
}
