// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// Both sides of the ledger, read from the regions by someone who writes none of them: the supervisor.
///
/// Outcomes below a floor come from the totals published with the floor, those above it from the outcome
/// words; floors are read before the head, so what is resolved was matched before.
///
/// Invariant: matched = delivered + dead + dropped + pending, at any moment and whoever has died.
package final class RingLedger {
    package struct Service: Equatable, Sendable {
        package var matched: UInt64 = 0
        /// Counts by outcome code.
        package var outcomes = [UInt64](repeating: 0, count: Outcome.codes)
        package var inFlight: UInt64 = 0
        package var backingOff: UInt64 = 0
        /// Pending, and not in the ring any more: in a parked segment, whether it is handed out or not.
        package var parked: UInt64 = 0
        /// The lowest floor of its shards.
        package var floor: UInt64 = 0
        package var shards: [ShardStatus.Report] = []

        package init() {}

        package subscript(outcome: Outcome) -> UInt64 { outcomes[Int(outcome.rawValue)] }
        package var resolved: UInt64 { outcomes[1...].reduce(0, &+) }
        package var pending: UInt64 { matched - min(resolved, matched) }
        /// Pending, and neither handed out nor tried before.
        package var waiting: UInt64 { pending - min(pending, inFlight &+ backingOff) }
    }

    /// How full the ring is.
    package struct Use: Equatable, Sendable {
        package var records: UInt64
        package var recordCapacity: UInt64
        package var bytes: UInt64
        package var byteCapacity: UInt64
        /// When the oldest record that is still held was received, ns since 1970; nil if none is held.
        package var oldest: UInt64?
        /// Of the room for records or of that for bytes, whichever is scarcer.
        package var percent: UInt64 { max(records &* 100 / recordCapacity, bytes / (byteCapacity / 100)) }
    }

    package let control: ControlReader
    let log: SharedWords
    let outcomes: SharedWords
    private let logMemory: MappedMemory
    private let outcomesMemory: MappedMemory
    private var floors: Floors

    /// - Parameters: all three mapped read-only.
    package init(control: consuming ControlReader, log: consuming MappedMemory, outcomes: consuming MappedMemory)
        throws(RegionError)
    {
        _ = try RegionHeader.check(.log, log, log: control.logID)
        _ = try RegionHeader.check(.outcomes, outcomes, log: control.logID)
        self.log = SharedWords(log)
        self.outcomes = SharedWords(outcomes)
        floors = Floors(outcomes: self.outcomes)
        self.control = control
        logMemory = log
        outcomesMemory = outcomes
    }

    /// The next sequence to be published.
    // Acquire: pairs with the release in RingProducer.publish.
    package var head: UInt64 { HeadWord(raw: log.acquire(RingLayout.Log.head)).sequence }

    /// The intake side, as published with one head.
    package func intake() -> IntakeTotals { published().totals }

    private func published() -> (head: UInt64, totals: IntakeTotals) {
        // Acquire: pairs with the release in RingProducer.publish.
        let (word, values) = RingProducer.pairedTotals(log).read { log.acquire(RingLayout.Log.head) }
        return (HeadWord(raw: word).sequence, IntakeTotals(values))
    }

    /// The delivery side of one slot, or nil if the slot is free.
    package func service(at index: Int) throws(RegionError) -> (slot: ServiceSlot, counts: Service)? {
        guard let slot = try control.slot(index) else { return nil }
        for _ in 0..<100 {
            if let counts = read(slot, at: index) { return (slot, counts) }
        }
        throw .corrupt(
            region: "outcomes", what: "the floors of \(slot.name) are never still, or more than a ring behind the head")
    }

    /// The version of the grants as of which a shard's last holder had let go of it.
    package func letGo(slot: Int, shard: Int) -> UInt64 {
        // Acquire: pairs with the release in ShardLease.letGo, behind the holder's last touch.
        Floors.block(outcomes, slot: slot, shard: shard).acquire(RingLayout.Shard.letGo)
    }

    /// What a shard's holder has answered last of requests to restart.
    package func restart(slot: Int, shard: Int) -> ShardRestart {
        // Acquire: pairs with the release in ShardLease.restart.
        ShardRestart(word: Floors.block(outcomes, slot: slot, shard: shard).acquire(RingLayout.Shard.restart))
    }

    /// One reading; nil if the ring overtook it.
    private func read(_ slot: ServiceSlot, at index: Int) -> Service? {
        var result = Service()
        var floorOf = [UInt64](repeating: slot.since, count: slot.shards)
        var hasParked = false
        for shard in 0..<slot.shards {
            let block = Floors.block(outcomes, slot: index, shard: shard)
            // Acquire: pairs with the release in ShardLease.begin.
            guard block.acquire(RingLayout.Shard.incarnation) == slot.incarnation else { continue }
            let (word, counts) = ShardTotals.pair(block).read {
                block.acquire(RingLayout.Shard.floor)  // pairs with the release in ShardLease.raiseFloor
            }
            floorOf[shard] = max(word >> 1, slot.since)
            for code in 1..<Outcome.codes { result.outcomes[code] &+= counts[code] }
            let lowest = count(InFlightTable(outcomes: outcomes, slot: slot, shard: shard), into: &result)
            hasParked = hasParked || lowest < floorOf[shard] || floors.hasParked(slot, at: index, shard: shard)
            result.shards.append(ShardStatus(block).read())
        }
        let (head, totals) = published()
        result.matched = totals.matched(index) &- slot.matchedBefore
        result.floor = floorOf.min() ?? slot.since
        // More than a ring: it was overtaken, or the memory is damaged.
        guard control.geometry.spans(result.floor, head) else { return nil }
        if hasParked {
            let inRing = records(of: slot, at: index, from: floorOf, to: head)
            result.parked = result.pending - min(result.pending, inRing)
        }
        countAbove(floorOf, slot, at: index, to: head, into: &result)
        // The words above the floors must not have been taken over by later records meanwhile.
        SharedWords.acquireFence()
        let intent = log.relaxed(RingLayout.Log.intentSequence)
        return intent <= (result.floor & ~7) &+ control.geometry.descriptorCount ? result : nil
    }

    func descriptor(_ sequence: UInt64) -> SharedWords {
        log.advanced(
            by: RingLayout.Log.descriptors
                + Int(sequence & control.geometry.sequenceMask) * RingLayout.Log.descriptorStride)
    }

    private func countAbove(
        _ floorOf: [UInt64], _ slot: ServiceSlot, at index: Int, to head: UInt64, into result: inout Service
    ) {
        let plane = OutcomePlane(outcomes: outcomes, slot: index, geometry: control.geometry)
        guard result.floor < head else { return }
        let rule = ShardRule(slot)
        if rule.isSingle { return plane.count(result.floor..<head, into: &result.outcomes) }
        for sequence in result.floor..<head {
            let code = Int(plane.code(of: sequence))
            guard code != 0, code < Outcome.codes else { continue }
            let at = descriptor(sequence)
            let shard = rule.shard(
                of: sequence, source: at.load32(RingLayout.Descriptor.sourceHash),
                topic: at.load32(RingLayout.Descriptor.topicHash))
            if sequence >= floorOf[Int(shard)] { result.outcomes[code] &+= 1 }
        }
    }

    /// - Returns: the lowest record that has an entry.
    private func count(_ table: InFlightTable, into result: inout Service) -> UInt64 {
        var lowest = UInt64.max
        for index in 0..<table.capacity {
            guard let entry = table[index] else { continue }
            lowest = min(lowest, entry.sequence)
            switch entry.state {
            case .inFlight: result.inFlight += 1
            case .backingOff: result.backingOff += 1
            case .taken: break
            }
        }
        return lowest
    }

    /// The first record that some service has not resolved; floors of idle shards may lie below it, and rise when
    /// the space is wanted.
    private func lowestPending(from floor: UInt64, to head: UInt64) -> UInt64 {
        let geometry = control.geometry
        guard let slots = try? control.slots() else { return floor }
        let planes = slots.map { OutcomePlane(outcomes: outcomes, slot: $0.index, geometry: geometry) }
        for sequence in floor..<head {
            let mask = descriptor(sequence).relaxed(RingLayout.Descriptor.mask)
            for (plane, slot) in zip(planes, slots)
            where mask >> UInt64(slot.index) & 1 != 0 && sequence >= slot.slot.since && plane.code(of: sequence) == 0 {
                return sequence
            }
        }
        return head
    }

    /// How much of the ring is held by records that some service has not resolved.
    package func use() -> Use {
        let (head, totals) = published()
        // A floor that can't be is not believed.
        let oldest = max(1, head &- min(head, control.geometry.descriptorCount))
        let tail = lowestPending(from: min(max(floors.lowest(control), oldest), head), to: head)
        var use = Use(
            records: head - tail, recordCapacity: control.geometry.descriptorCount, bytes: 0,
            byteCapacity: control.geometry.arenaSize, oldest: nil)
        guard tail < head else { return use }
        let at = descriptor(tail)
        use.bytes = min(totals.arenaNext &- at.relaxed(RingLayout.Descriptor.offset), use.byteCapacity)
        use.oldest = at.relaxed(RingLayout.Descriptor.time)
        return use
    }
}
