// SPDX-License-Identifier: Apache-2.0

/// So many of a shard's own records in a row that all have the same outcome, or none yet.
///
/// Made by `RingReader.runs` for the committer's checkpoints.
/// Invariant: the records of a shard from one run's first up to the next one's first are those that the run counts.
package struct OutcomeRun: Equatable, Sendable {
    /// The first of them.
    package let from: UInt64
    package fileprivate(set) var count: UInt64
    /// 0: pending.
    package let code: UInt8
}

/// What a checkpoint says of the records that lie in the ring: their outcomes, and what of them is not committed yet.
///
/// Read by the committer.
///
/// Invariant: what it gives out was read from records that the producer left alone, or it gives out nothing.
extension RingReader {
    /// A shard, and its floor as it was read before.
    package struct ShardPlace {
        package let index: Int
        package let slot: ServiceSlot
        package let floor: UInt64

        package init(index: Int, slot: ServiceSlot, floor: UInt64) {
            self.index = index
            self.slot = slot
            self.floor = floor
        }
    }

    /// A slot's part of the places, and where its outcomes stand.
    private struct SlotPlace {
        let first: Int
        let rule: ShardRule
        let plane: OutcomePlane
    }

    /// The outcomes of each shard's records from its floor to `head`, in runs, none of which crosses `split`.
    /// - Parameter places: all shards of each slot, in order.
    /// - Returns: nil if the floors have moved so far that the records were overwritten: read the shards anew.
    package func runs(of places: [ShardPlace], to head: UInt64, split: UInt64) -> [[OutcomeRun]]? {
        var runs = [[OutcomeRun]](repeating: [], count: places.count)
        let lowest = places.reduce(head) { min($0, $1.floor) }
        let slots = slotPlaces(places)
        for sequence in lowest..<head {
            let at = descriptor(sequence)
            var rest = at.relaxed(RingLayout.Descriptor.mask)
            while rest != 0 {
                let slot = slots[rest.trailingZeroBitCount]
                rest &= rest &- 1
                guard let slot else { continue }
                let place = slot.first + Self.shard(slot.rule, sequence, at)
                guard sequence >= places[place].floor else { continue }
                let isSplit = sequence >= split && (runs[place].last?.from ?? sequence) < split
                Self.add(sequence, slot.plane.code(of: sequence), isSplit: isSplit, to: &runs[place])
            }
        }
        return lowest == head || isHeld(lowest) ? runs : nil
    }

    private func slotPlaces(_ places: [ShardPlace]) -> [SlotPlace?] {
        var slots = [SlotPlace?](repeating: nil, count: RingGeometry.slots)
        for (number, place) in places.enumerated() where slots[place.index] == nil {
            slots[place.index] = SlotPlace(first: number, rule: ShardRule(place.slot), plane: plane(place.index))
        }
        return slots
    }

    private static func shard(_ rule: ShardRule, _ sequence: UInt64, _ at: SharedWords) -> Int {
        Int(
            rule.shard(
                of: sequence, source: at.load32(RingLayout.Descriptor.sourceHash),
                topic: at.load32(RingLayout.Descriptor.topicHash)))
    }

    private static func add(_ sequence: UInt64, _ code: UInt8, isSplit: Bool, to runs: inout [OutcomeRun]) {
        if let last = runs.indices.last, runs[last].code == code, !isSplit {
            runs[last].count += 1
        } else {
            runs.append(OutcomeRun(from: sequence, count: 1, code: code))
        }
    }

    // MARK: what is not committed

    /// Records that are published and not committed, which the intake's totals count and the senders' numbers cover.
    package struct Uncommitted {
        package var published: UInt64 = 0
        package var routed: UInt64 = 0
        package var replayed: UInt64 = 0
        package var bytes: UInt64 = 0
        /// By slot.
        package var matched = [UInt64](repeating: 0, count: RingGeometry.slots)
        /// The lowest number that each native sender gave one of them.
        package var numbers: [SenderID: UInt64] = [:]
    }

    /// - Parameters: `committed`: the first of them. `head`: behind the last.
    package func uncommitted(from committed: UInt64, to head: UInt64) -> Uncommitted {
        var found = Uncommitted()
        for sequence in committed..<max(head, committed) {
            let header = withRecord(sequence) { header, _ in header } ?? remains(of: sequence)
            found.published += 1
            found.bytes += UInt64(header.payloadCount)
            if header.mask != 0 { found.routed += 1 }
            if header.originalID != nil { found.replayed += 1 }
            var rest = header.mask
            while rest != 0 {
                found.matched[rest.trailingZeroBitCount] += 1
                rest &= rest &- 1
            }
            if let sender = sender(of: sequence) {
                found.numbers[sender.id] = min(found.numbers[sender.id] ?? .max, sender.number)
            }
        }
        return found
    }
}
