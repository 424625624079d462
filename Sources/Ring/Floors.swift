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
        var lowest = UInt64.max
        guard let slots = slots(control) else { return 0 }
        for place in slots.indices {
            for shard in 0..<slots[place].slot.shards {
                lowest = min(lowest, floor(slots[place].slot, at: slots[place].index, shard: shard))
            }
        }
        return lowest
    }
    /// Where all shards of all services stand; nil if a slot can't be read just now.
    mutating func stands(_ control: borrowing ControlReader) -> [ShardStand]? {
        slots(control)?.flatMap { index, slot in
            (0..<slot.shards).map { shard in
                let block = Self.block(outcomes, slot: index, shard: shard)
                return ShardStand(
                    name: .init(slot: index, shard: shard), incarnation: slot.incarnation,
                    floor: floor(slot, at: index, shard: shard),
                    parkedFrom: block.relaxed(RingLayout.Shard.parkedFrom))
            }
        }
    }

    private mutating func slots(_ control: borrowing ControlReader) -> [(index: Int, slot: ServiceSlot)]? {
        let version = control.slotsVersion
        if known?.version != version {
            guard let slots = try? control.slots() else { return nil }
            known = (version, slots)
        }
        return known?.slots
    }
}

/// How far a shard has got, as others see it.
package struct ShardStand: Equatable, Sendable {
    package struct Name: Hashable, Sendable {
        package var slot: Int
        package var shard: Int

        package init(slot: Int, shard: Int) {
            self.slot = slot
            self.shard = shard
        }
    }

    package var name: Name
    /// The service's, of which the slot may have another one later.
    package var incarnation: UInt64
    /// Nothing below it is wanted from the ring.
    package var floor: UInt64
    /// The same of parked records.
    package var parkedFrom: UInt64

    package init(name: Name, incarnation: UInt64, floor: UInt64, parkedFrom: UInt64) {
        self.name = name
        self.incarnation = incarnation
        self.floor = floor
        self.parkedFrom = parkedFrom
    }
}
