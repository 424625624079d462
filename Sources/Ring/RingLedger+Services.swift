// SPDX-License-Identifier: Apache-2.0

/// One service more closely: what it has waited for longest, what of it lies in the ring, and how long launches and runs
/// take.
///
/// Read by the supervisor for `belfry services` and `belfry status`.
///
/// Invariant: it only reads, and a time that it gives is that of a record that was pending when it was read.
extension RingLedger {
    package struct Times: Equatable, Sendable {
        package var launch = TimeHistogram()
        package var run = TimeHistogram()

        package init() {}

        package mutating func add(_ other: Times) {
            launch.add(other.launch)
            run.add(other.run)
        }
    }

    /// When the oldest record was received that a service has not resolved, wherever it lies; ns since 1970.
    /// - Parameter floor: the lowest of its shards, as `service(at:)` gives it.
    /// - Returns: nil if nothing of it is pending, or it is not known of what is parked.
    package func oldest(at index: Int, of slot: ServiceSlot, floor: UInt64) -> UInt64? {
        [oldestInRing(at: index, of: slot, floor: floor), oldestParked(at: index, of: slot)].compactMap(\.self).min()
    }

    /// The same of those that hold the ring.
    package func oldestInRing(at index: Int, of slot: ServiceSlot, floor: UInt64) -> UInt64? {
        let plane = OutcomePlane(outcomes: outcomes, slot: index, geometry: control.geometry)
        let head = head
        // A floor that a worker gone wrong wrote is not believed either.
        var sequence = max(floor, slot.since, head - min(head, control.geometry.descriptorCount))
        while sequence < head {
            let at = descriptor(sequence)
            if at.relaxed(RingLayout.Descriptor.mask) >> UInt64(index) & 1 != 0, plane.code(of: sequence) == 0 {
                let time = at.relaxed(RingLayout.Descriptor.time)
                // Its place may have been taken over only if it was resolved meanwhile.
                SharedWords.acquireFence()
                if plane.code(of: sequence) == 0 { return time }
            }
            sequence += 1
        }
        return nil
    }

    /// Of those below the floors, as their holders know it.
    private func oldestParked(at index: Int, of slot: ServiceSlot) -> UInt64? {
        (0..<slot.shards).compactMap { shard in
            let block = Floors.block(outcomes, slot: index, shard: shard)
            // Acquire: pairs with the release in ShardLease.begin.
            guard block.acquire(RingLayout.Shard.incarnation) == slot.incarnation else { return nil }
            let time = block.relaxed(RingLayout.Shard.parkedTime)
            return time == 0 ? nil : time
        }.min()
    }

    /// How many records of a slot lie in the ring, resolved or not.
    /// - Parameter floorOf: by shard.
    func records(of slot: ServiceSlot, at index: Int, from floorOf: [UInt64], to head: UInt64) -> UInt64 {
        let rule = ShardRule(slot)
        var count: UInt64 = 0
        var sequence = floorOf.min() ?? head
        while sequence < head {
            let at = descriptor(sequence)
            if at.relaxed(RingLayout.Descriptor.mask) >> UInt64(index) & 1 != 0 {
                let shard = rule.shard(
                    of: sequence, source: at.load32(RingLayout.Descriptor.sourceHash),
                    topic: at.load32(RingLayout.Descriptor.topicHash))
                if sequence >= floorOf[Int(shard)] { count += 1 }
            }
            sequence += 1
        }
        return count
    }

    /// Launch and run times of all shards of a slot's service.
    package func times(at index: Int, of slot: ServiceSlot) -> Times {
        var times = Times()
        for shard in 0..<slot.shards {
            let block = Floors.block(outcomes, slot: index, shard: shard)
            // Acquire: pairs with the release in ShardLease.begin.
            guard block.acquire(RingLayout.Shard.incarnation) == slot.incarnation else { continue }
            times.launch.add(ShardTimes(block).read(.launch))
            times.run.add(ShardTimes(block).read(.run))
        }
        return times
    }
}
