// SPDX-License-Identifier: Apache-2.0

/// One service more closely than the ledger needs it: what it has waited for longest, and how long launches and runs take.
///
/// Read by the supervisor for `belfry services` and `belfry status`.
///
/// Invariant: it only reads, and a time that it gives is that of a record that was pending when it was read.
extension RingLedger {
    /// The oldest record that a service has not resolved.
    package struct Oldest: Equatable, Sendable {
        package let sequence: UInt64
        /// When it was received, ns since 1970.
        package let time: UInt64
    }

    package struct Times: Equatable, Sendable {
        package var launch = TimeHistogram()
        package var run = TimeHistogram()

        package init() {}

        package mutating func add(_ other: Times) {
            launch.add(other.launch)
            run.add(other.run)
        }
    }

    /// - Parameter floor: the lowest of its shards, as `service(at:)` gives it.
    /// - Returns: nil if nothing of it is pending.
    package func oldest(at index: Int, of slot: ServiceSlot, floor: UInt64) -> Oldest? {
        let plane = OutcomePlane(outcomes: outcomes, slot: index, geometry: control.geometry)
        let head = head
        // A floor that a worker gone wrong wrote is not believed either.
        var sequence = max(floor, slot.since, head - min(head, control.geometry.descriptorCount))
        while sequence < head {
            let at = log.advanced(
                by: RingLayout.Log.descriptors
                    + Int(sequence & control.geometry.sequenceMask) * RingLayout.Log.descriptorStride)
            if at.relaxed(RingLayout.Descriptor.mask) >> UInt64(index) & 1 != 0, plane.code(of: sequence) == 0 {
                let time = at.relaxed(RingLayout.Descriptor.time)
                // Its place may have been taken over only if it was resolved meanwhile.
                SharedWords.acquireFence()
                if plane.code(of: sequence) == 0 { return Oldest(sequence: sequence, time: time) }
            }
            sequence += 1
        }
        return nil
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
