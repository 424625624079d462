// SPDX-License-Identifier: Apache-2.0

internal import LinuxIO

/// The part of a lease that has to do with parked records: holding still while the committer looks, letting the ring
/// go, and settling what lies below the floor.
///
/// docs/ring.md, "Parking", has the order of the steps and why.
///
/// Invariant: a record of the shard that is pending lies at or above the floor, or stands in the table, or lies in the
/// parked range with the slot's bit in its stored mask; never in two of the last two, as far as `parkedFrom` tells.
extension ShardLease {
    /// What the committer's page asks of the shard now.
    package enum ParkingStep: Equatable, Sendable {
        case none
        /// Nothing new may be handed out from the ring until the next step; `freeze(to:)`, then ring the committer.
        case freeze(to: UInt64)
        /// Frozen already: nothing new from the ring.
        case wait
        /// `park(to:)`, now, before anything else is read from the ring.
        case park(to: UInt64)
    }

    /// To be asked before each round of handing out.
    package var parkingStep: ParkingStep {
        guard let committer = ring.committer.words else { return .none }
        // In this order, see CommitterWords.freeze.
        let freeze = committer.freeze
        let spilled = committer.spilled
        if floor < spilled { return .park(to: spilled) }
        guard freeze.holds, floor < freeze.target else { return .none }
        return frozenTo < freeze.target ? .freeze(to: freeze.target) : .wait
    }

    var frozenTo: UInt64 { block.relaxed(RingLayout.Shard.frozenTo) }

    /// Promises that below `target` no record is handed out from the ring any more, and none is settled but what stands
    /// in the table. The committer is to be rung if `RingWorker.committerWaits`.
    package func freeze(to target: UInt64) {
        // Release: pairs with the acquire in RingReader.unready; behind every entry that this holder has begun.
        block.release(target, RingLayout.Shard.frozenTo)
    }

    /// Lets the ring go up to `target`, which the committer has spilled: what is wanted there and stands in no entry is
    /// parked from now on.
    package func park(to target: UInt64) {
        guard target > floor else { return }
        if oldestParked == 0, let oldest = nextPending(from: floor, to: target) { oldestParked = ring.time(at: oldest) }
        if let first = firstUntaken(before: target) {
            if !hasParked {
                // Before parkedTo, or a successor would take an old range for a parked one.
                block.release(first, RingLayout.Shard.parkedFrom)  // pairs with the acquire of parkedTo
                FaultPoint.reach(.parkedFromStored)
            }
            // Release: pairs with the acquire of the floor; a successor that finds it above the floor goes on from here.
            block.release(target, RingLayout.Shard.parkedTo)
            FaultPoint.reach(.parkedToStored)
        }
        raiseFloor(to: target)
    }

    // MARK: the parked range

    /// The next parked record is not below it.
    package var parkedFrom: UInt64 { block.relaxed(RingLayout.Shard.parkedFrom) }
    /// Where the parked records end.
    package var parkedTo: UInt64 { block.relaxed(RingLayout.Shard.parkedTo) }
    /// Whether there may be parked records that stand in no entry: they come before any of the ring.
    package var hasParked: Bool { parkedFrom < parkedTo }

    /// Whether a record of a parked segment, with its stored mask, is this shard's.
    package func holds(_ header: RecordHeader) -> Bool {
        header.mask & bit != 0
            && rule.shard(of: header.sequence, source: header.sourceHash, topic: header.topicHash) == shard
    }

    package func orderKey(of header: RecordHeader) -> UInt32? {
        switch slot.order {
        case .none: nil
        case .source: header.sourceHash
        case .topic: header.topicHash
        case .all: 0
        }
    }

    /// When the oldest pending record below the floor was received, ns since 1970; 0 if there is none, or nobody knows.
    package var oldestParked: UInt64 {
        get { block.relaxed(RingLayout.Shard.parkedTime) }
        set { if newValue != oldestParked { block.store(newValue, RingLayout.Shard.parkedTime) } }
    }

    /// All parked records below `sequence` stand in the table (`InFlightTable.take`) or are settled.
    package func advanceParked(to sequence: UInt64) {
        guard sequence > parkedFrom else { return }
        // Release: pairs with the acquire in RingReader; behind the entries of what was taken.
        block.release(sequence, RingLayout.Shard.parkedFrom)
    }

    /// Gives parked records that stand in no entry one outcome: all of the shard's up to and with `last`.
    /// - Parameter count: how many they are.
    package func settleParked(through last: UInt64, count: UInt64, _ outcome: Outcome) {
        precondition(last >= parkedFrom && last < parkedTo, "records that are not parked")
        counts[Int(outcome.rawValue)] &+= count
        counts[ShardTotals.lastSettled] = last | ShardTotals.manyMark
        turn()
        advanceParked(to: last &+ 1)
    }

    // MARK: below the floor

    /// Gives a record below the floor its outcome; its entry is to be freed then, before another one is settled.
    @usableFromInline @inline(never)
    func settleBelowFloor(_ sequence: UInt64, _ outcome: Outcome) -> Bool {
        guard counts[ShardTotals.lastSettled] != sequence else { return false }
        counts[Int(outcome.rawValue)] &+= 1
        counts[ShardTotals.lastSettled] = sequence
        turn()
        FaultPoint.reach(.settledBelowFloor)
        return true
    }

    /// What a predecessor may have left half done, before anything is handed out.
    func recoverParking() {
        let last = counts[ShardTotals.lastSettled]
        table.keepOnly { [plane, floor] in $0 >= floor ? plane.code(of: $0) == 0 : $0 != last }
        var from = parkedFrom
        if last & ShardTotals.manyMark != 0 { from = max(from, (last & ~ShardTotals.manyMark) &+ 1) }
        for index in 0..<table.capacity {
            // It was taken, and parkedFrom not advanced behind it.
            if let entry = table[index], entry.state == .taken, entry.sequence < parkedTo {
                from = max(from, entry.sequence &+ 1)
            }
        }
        if hasParked { advanceParked(to: from) }
        // The range was set, and the floor not turned. Behind the freeing above, which still needs the plane.
        if parkedTo > floor { raiseFloor(to: parkedTo) }
    }

    /// The first record below `target` that is pending and stands in no entry.
    private func firstUntaken(before target: UInt64) -> UInt64? {
        var taken: Set<UInt64> = []
        for index in 0..<table.capacity {
            if let entry = table[index], entry.sequence >= floor { taken.insert(entry.sequence) }
        }
        var from = floor
        while let sequence = nextPending(from: from, to: target) {
            if !taken.contains(sequence) { return sequence }
            from = sequence &+ 1
        }
        return nil
    }
}
