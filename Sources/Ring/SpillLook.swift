// SPDX-License-Identifier: Apache-2.0

/// What the shards want of the records that are to be spilled: the committer's look at a ring that holds still.
///
/// Made when every shard is ready for the freeze (`RingReader.isReady`), or when every worker is dead.
///
/// Invariant: of each pending record it says either that the slot's shard has it in its table, or that the slot wants
/// it from the parked segment: as the shard will find when it parks.
package struct SpillLook {
    private struct Shard {
        let floor: UInt64
        let taken: Set<UInt64>
    }
    private struct Slot {
        let bit: UInt64
        let since: UInt64
        let rule: ShardRule
        let plane: OutcomePlane
        var shards: [Shard]
    }

    /// What is to be stored of a record.
    package struct Residue: Equatable, Sendable {
        /// The slots for which it is pending and stands in no table.
        package var mask: UInt64 = 0
        /// Some table holds it, whose retry reads the body from the segment.
        package var isTaken = false
        /// Nobody wants it any more.
        package var isEmpty: Bool { mask == 0 && !isTaken }
    }

    private let reader: RingReader
    private let slots: [Slot?]

    /// Reads floors and tables. Codes are read with each record: later, so that what leaves a table is seen to be settled.
    package init(_ reader: RingReader) throws(RegionError) {
        self.reader = reader
        var slots = [Slot?](repeating: nil, count: RingGeometry.slots)
        for (index, slot) in try reader.control.slots() {
            slots[index] = Slot(
                bit: 1 << UInt64(index), since: slot.since, rule: ShardRule(slot), plane: reader.plane(index),
                shards: (0..<slot.shards).map { Self.shard(reader, slot, index, $0) })
        }
        self.slots = slots
    }

    private static func shard(_ reader: RingReader, _ slot: ServiceSlot, _ index: Int, _ shard: Int) -> Shard {
        let block = Floors.block(reader.outcomes, slot: index, shard: shard)
        // Acquire: pairs with the release in ShardLease.begin.
        guard block.acquire(RingLayout.Shard.incarnation) == slot.incarnation else {
            return Shard(floor: slot.since, taken: [])
        }
        // Acquire: pairs with the release in ShardLease.turn.
        let floor = max(block.acquire(RingLayout.Shard.floor) >> 1, slot.since)
        let table = InFlightTable(outcomes: reader.outcomes, slot: slot, shard: shard)
        return Shard(floor: floor, taken: Set((0..<table.capacity).compactMap { table[$0]?.sequence }))
    }

    /// What is wanted of a record. It holds if `RingReader.isHeld` says so of the record behind this call and behind the
    /// copying; else nothing is.
    package func residue(of sequence: UInt64) -> Residue {
        let at = reader.descriptor(sequence)
        var rest = at.relaxed(RingLayout.Descriptor.mask)
        var residue = Residue()
        while rest != 0 {
            let index = rest.trailingZeroBitCount
            rest &= rest &- 1
            guard let slot = slots[index], sequence >= slot.since else { continue }
            let shard = slot.shards[
                Int(
                    slot.rule.shard(
                        of: sequence, source: at.load32(RingLayout.Descriptor.sourceHash),
                        topic: at.load32(RingLayout.Descriptor.topicHash)))]
            guard sequence >= shard.floor, slot.plane.code(of: sequence) == 0 else { continue }
            if shard.taken.contains(sequence) { residue.isTaken = true } else { residue.mask |= slot.bit }
        }
        return residue
    }
}

extension RingReader {
    /// Whether every shard holds still below `target`, or has no more to do with what lies there. A shard without a
    /// holder is waited for: it will have one.
    package func isReady(for target: UInt64) -> Bool {
        guard let slots = try? control.slots() else { return false }
        return slots.allSatisfy { index, slot in
            slot.since >= target
                || (0..<slot.shards).allSatisfy { shard in
                    let block = Floors.block(outcomes, slot: index, shard: shard)
                    // Acquire: pairs with the release in ShardLease.begin.
                    guard block.acquire(RingLayout.Shard.incarnation) == slot.incarnation else { return false }
                    // Acquires: pair with the releases in ShardLease.turn and freeze, behind the entries of the holder.
                    return block.acquire(RingLayout.Shard.floor) >> 1 >= target
                        || block.acquire(RingLayout.Shard.frozenTo) >= target
                }
        }
    }

    /// Whether nobody will read what lies in parked segments below `end` any more.
    package func isDone(below end: UInt64) -> Bool {
        guard let slots = try? control.slots() else { return false }
        return slots.allSatisfy { ShardState.areDone(outcomes, below: end, $1, at: $0) }
    }
}

extension RingLedger {
    /// Whether nothing of a slot below `end` is wanted any more: not of the ring, not of parked segments.
    package func isDone(below end: UInt64, _ slot: ServiceSlot, at index: Int) -> Bool {
        ShardState.areDone(outcomes, below: end, slot, at: index)
    }
}

extension ShardState {
    /// All shards of a slot.
    fileprivate static func areDone(
        _ outcomes: SharedWords, below end: UInt64, _ slot: ServiceSlot, at index: Int
    ) -> Bool {
        slot.since >= end
            || (0..<slot.shards).allSatisfy { isDone(outcomes, below: end, slot, at: index, shard: $0) }
    }

    private static func isDone(
        _ outcomes: SharedWords, below end: UInt64, _ slot: ServiceSlot, at index: Int, shard: Int
    ) -> Bool {
        let block = Floors.block(outcomes, slot: index, shard: shard)
        // Acquire: pairs with the release in ShardLease.begin.
        guard block.acquire(RingLayout.Shard.incarnation) == slot.incarnation else { return false }
        // In this order: who has not turned its floor has still to park what lies there, and who has taken a record
        // has entered it before it moved parkedFrom.
        // Acquires: pair with the releases in ShardLease.turn, park and advanceParked.
        guard block.acquire(RingLayout.Shard.floor) >> 1 >= end else { return false }
        let to = block.acquire(RingLayout.Shard.parkedTo)
        let from = block.acquire(RingLayout.Shard.parkedFrom)
        guard from >= end || from >= to else { return false }
        let table = InFlightTable(outcomes: outcomes, slot: slot, shard: shard)
        return (0..<table.capacity).allSatisfy { (table[$0]?.sequence ?? .max) >= end }
    }
}
