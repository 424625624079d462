// SPDX-License-Identifier: Apache-2.0

/// The shards' floors as others than their holders see them.
///
/// Used by the producer to find the space that is free, and by the ledger.
///
/// Invariant: a shard whose block in R2 still belongs to an earlier service of its slot counts as one that
/// stands at the slot's `since`.
struct Floors {
    let outcomes: SharedWords
    /// The slots as last read: names are not decoded again as long as nothing changes.
    private var known: (version: UInt64, slots: [(index: Int, slot: ServiceSlot)])?

    init(outcomes: SharedWords) { self.outcomes = outcomes }

    static func block(_ outcomes: SharedWords, slot: Int, shard: Int) -> SharedWords {
        outcomes.advanced(
            by: RingLayout.Outcomes.shards
                + (slot * RingGeometry.shardsPerSlot + shard) * RingLayout.Outcomes.shardStride)
    }

    func floor(_ slot: ServiceSlot, at index: Int, shard: Int) -> UInt64 {
        let block = Self.block(outcomes, slot: index, shard: shard)
        // Acquire: pairs with the release in ShardLease.open.
        guard block.acquire(RingLayout.Shard.incarnation) == slot.incarnation else { return slot.since }
        // Acquire: pairs with the release in ShardLease.raiseFloor, behind the holder's last read.
        return max(slot.since, block.acquire(RingLayout.Shard.floor) >> 1)
    }

    /// Whether there may be parked records that stand in no entry.
    func hasParked(_ slot: ServiceSlot, at index: Int, shard: Int) -> Bool {
        let block = Self.block(outcomes, slot: index, shard: shard)
        // Acquire: pairs with the release in ShardLease.open.
        guard block.acquire(RingLayout.Shard.incarnation) == slot.incarnation else { return false }
        // Acquire: pairs with the release in ShardLease.park.
        let end = block.acquire(RingLayout.Shard.parkedTo)
        return block.relaxed(RingLayout.Shard.parkedFrom) < end
    }

    /// Where a shard's parked records end, or ended last; 0: it never had any.
    func parkedTo(_ slot: ServiceSlot, at index: Int, shard: Int) -> UInt64 {
        let block = Self.block(outcomes, slot: index, shard: shard)
        // Acquires: pair with the releases in ShardLease.open and park.
        guard block.acquire(RingLayout.Shard.incarnation) == slot.incarnation else { return 0 }
        return block.acquire(RingLayout.Shard.parkedTo)
    }

    /// The lowest floor of all shards of all services; `.max` if there is no service.
    ///
    /// A slot that can't be read (a supervisor died while writing it) holds everything: `0`.
    mutating func lowest(_ control: borrowing ControlReader) -> UInt64 {
        let version = control.slotsVersion
        if known?.version != version {
            guard let slots = try? control.slots() else { return 0 }
            known = (version, slots)
        }
        var lowest = UInt64.max
        guard let slots = known?.slots else { return 0 }
        for place in slots.indices {
            for shard in 0..<slots[place].slot.shards {
                lowest = min(lowest, floor(slots[place].slot, at: slots[place].index, shard: shard))
            }
        }
        return lowest
    }
}
