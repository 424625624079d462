// SPDX-License-Identifier: Apache-2.0

internal import LinuxIO

/// What of a service's pending deliveries is nowhere any more: parked segments that are gone, or damaged beyond telling,
/// leave a gap between what was matched and what its shards have.
///
/// The first shard's holder asks behind the last parked record, and counts them.
///
/// Invariant: what is counted was matched, has no outcome, and lies neither in the ring nor in an entry nor in a parked
/// range.
extension ShardLease {
    /// Where all shards of the slot stand below their floors.
    private struct Standing: Equatable {
        var floors: [UInt64] = []
        var resolved: UInt64 = 0
        /// Entries below the floors.
        var entered: UInt64 = 0
    }

    /// How many deliveries of the slot can't be found.
    /// - Returns: nil if that can't be told now: something is parked still, or another shard is at work.
    package func missing() -> UInt64? {
        let floors = Floors(outcomes: ring.outcomes)
        guard (0..<slot.shards).allSatisfy({ !floors.hasParked(slot, at: slotIndex, shard: $0) }),
            let before = standing()
        else { return nil }
        // Acquire: pairs with the release in RingProducer.publish.
        let (word, values) = RingProducer.pairedTotals(ring.log).read { [ring] in
            ring.log.acquire(RingLayout.Log.head)
        }
        let inRing = records(from: before.floors, to: HeadWord(raw: word).sequence)
        // What was read of the ring may have been overwritten only if a floor has risen.
        SharedWords.acquireFence()
        guard standing() == before else { return nil }
        let matched = IntakeTotals(values).matched(slotIndex) &- slot.matchedBefore
        let known = before.resolved &+ before.entered &+ inRing
        return matched - min(known, matched)
    }

    /// Gives what is missing its outcome, though nobody can say which records those are.
    package func settleMissing(_ count: UInt64, _ outcome: Outcome) {
        counts[Int(outcome.rawValue)] &+= count
        turn()
    }

    /// Entries before the counts: one that is settled meanwhile is counted twice, and never not at all.
    private func standing() -> Standing? {
        var standing = Standing()
        let floors = Floors(outcomes: ring.outcomes)
        for shard in 0..<slot.shards {
            let floor = floors.floor(slot, at: slotIndex, shard: shard)
            let table = InFlightTable(outcomes: ring.outcomes, slot: slot, shard: shard)
            for index in 0..<table.capacity where table[index].map({ $0.sequence < floor }) ?? false {
                standing.entered += 1
            }
            guard !floors.hasParked(slot, at: slotIndex, shard: shard) else { return nil }
            let block = Floors.block(ring.outcomes, slot: slotIndex, shard: shard)
            // Acquire: pairs with the release in ShardLease.begin. One that nobody has opened has counted nothing.
            guard block.acquire(RingLayout.Shard.incarnation) == slot.incarnation else {
                standing.floors.append(slot.since)
                continue
            }
            // Acquire: pairs with the release in ShardLease.turn.
            let (word, values) = ShardTotals.pair(block).read { block.acquire(RingLayout.Shard.floor) }
            guard max(word >> 1, slot.since) == floor else { return nil }
            standing.floors.append(floor)
            for code in 1..<Outcome.codes { standing.resolved &+= values[code] }
        }
        return standing
    }

    /// The slot's records above its shards' floors, resolved or not.
    private func records(from floors: [UInt64], to head: UInt64) -> UInt64 {
        var count: UInt64 = 0
        var sequence = floors.min() ?? head
        while sequence < head {
            if ring.mask(at: sequence) & bit != 0 {
                let shard = rule.shard(
                    of: sequence, source: ring.sourceHash(at: sequence), topic: ring.topicHash(at: sequence))
                if sequence >= floors[Int(shard)] { count += 1 }
            }
            sequence += 1
        }
        return count
    }
}
