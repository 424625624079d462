// SPDX-License-Identifier: Apache-2.0

/// All that R2 says of one shard but its outcome codes, as of one moment: what a checkpoint keeps of it, and what a
/// new ring begins with.
///
/// Read by the committer (`RingReader.state`), written into a new ring by `RingContents`.
///
/// Invariant: it is a state that the holder was in, so that a successor could go on from it.
package struct ShardState: Equatable, Sendable {
    /// The slot's incarnation whose shard it is.
    package var incarnation: UInt64 = 0
    /// No record of the shard below it is pending but those in `entries` and the parked ones.
    package var floor: UInt64 = 0
    /// Counts by outcome code of the records below the floor.
    package var counts = [UInt64](repeating: 0, count: Outcome.codes)
    /// The record below the floor that was settled last, or its mark and the last of many parked ones; 0: none.
    package var lastSettled: UInt64 = 0
    /// The parked records that stand in no entry are from here on; those in an entry in state `taken` are behind it.
    package var parkedFrom: UInt64 = 0
    /// Up to here. Above the floor only if the holder died while it let go of the ring: then what lies from the floor up
    /// to here counts by its outcome codes, and what has none is parked.
    package var parkedTo: UInt64 = 0
    /// ns since 1970, 0: none or not known.
    package var parkedTime: UInt64 = 0
    /// In the order of the table.
    package var entries: [InFlightTable.Entry] = []

    package init() {}

    /// Where the parked records begin for a successor: as ShardLease.recoverParking finds it.
    package var parkedBehind: UInt64 {
        var from = parkedFrom
        if lastSettled & ShardTotals.manyMark != 0 { from = max(from, (lastSettled & ~ShardTotals.manyMark) &+ 1) }
        for entry in entries where entry.state == .taken && entry.sequence < parkedTo {
            from = max(from, entry.sequence &+ 1)
        }
        return from
    }
}

extension RingReader {
    /// One shard's state.
    /// - Returns: nil if the holder changes it too fast to be read whole; another moment will do.
    package func state(_ slot: ServiceSlot, at index: Int, shard: Int) -> ShardState? {
        let block = Floors.block(outcomes, slot: index, shard: shard)
        let table = InFlightTable(outcomes: outcomes, slot: slot, shard: shard)
        for _ in 0..<1_000 {
            // Acquire: pairs with the release in ShardLease.begin.
            guard block.acquire(RingLayout.Shard.incarnation) == slot.incarnation else { return untouched(slot) }
            let state = read(slot, block, table)
            SharedWords.acquireFence()  // pairs with the releases in ShardLease.turn and advanceParked
            if isStill(state, block) { return state }
        }
        return nil
    }

    private func untouched(_ slot: ServiceSlot) -> ShardState {
        var state = ShardState()
        state.incarnation = slot.incarnation
        state.floor = slot.since
        return state
    }

    /// Whether nothing was settled below the floor, taken, or let go of since the state was read: then every record that
    /// is in one of the three places was there all the time. That the floor rises changes nothing: what lies above the one
    /// that was read counts by its codes.
    private func isStill(_ state: ShardState, _ block: SharedWords) -> Bool {
        let last = ShardTotals.pair(block).read {
            block.acquire(RingLayout.Shard.floor)  // pairs with the release in ShardLease.turn
        }.values[ShardTotals.lastSettled]
        return last == state.lastSettled && block.relaxed(RingLayout.Shard.parkedFrom) == state.parkedFrom
            && block.relaxed(RingLayout.Shard.parkedTo) == state.parkedTo
    }

    private func read(_ slot: ServiceSlot, _ block: SharedWords, _ table: InFlightTable) -> ShardState {
        var state = ShardState()
        state.incarnation = slot.incarnation
        let (word, values) = ShardTotals.pair(block).read {
            block.acquire(RingLayout.Shard.floor)  // pairs with the release in ShardLease.turn
        }
        state.floor = max(word >> 1, slot.since)
        state.counts = Array(values[..<Outcome.codes])
        state.lastSettled = values[ShardTotals.lastSettled]
        // Acquires: pair with the releases in ShardLease.advanceParked and park.
        state.parkedFrom = block.acquire(RingLayout.Shard.parkedFrom)
        state.parkedTo = block.acquire(RingLayout.Shard.parkedTo)
        state.parkedTime = block.relaxed(RingLayout.Shard.parkedTime)
        state.entries = (0..<table.capacity).compactMap { table[$0] }
        return state
    }
}
