// SPDX-License-Identifier: Apache-2.0

/// The shards' floors as others than their holders see them.
///
/// Used by the producer to find the space that is free, and by the ledger.
///
/// Invariant: a shard whose block in R2 still belongs to an earlier service of its slot counts as one that
/// stands at the slot's `since`.
struct Floors {
    let outcomes: SharedWords

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

    /// The lowest floor of all shards of all services; `.max` if there is no service.
    ///
    /// A slot that can't be read (a supervisor died while writing it) holds everything: `0`.
    func lowest(_ control: borrowing ControlReader) -> UInt64 {
        var lowest = UInt64.max
        for index in 0..<RingGeometry.slots {
            do throws(RegionError) {
                guard let slot = try control.slot(index) else { continue }
                for shard in 0..<slot.allShards { lowest = min(lowest, floor(slot, at: index, shard: shard)) }
            } catch {
                return 0
            }
        }
        return lowest
    }
}
