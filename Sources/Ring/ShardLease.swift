// SPDX-License-Identifier: Apache-2.0

internal import LinuxIO

/// The right to deliver one shard's records: floor, outcomes and in-flight table of it.
///
/// A worker opens it when R0 grants it the shard and lets go of it when the grant is gone. Only its holder
/// writes the shard's block and table.
///
/// Invariant: every pending record of the shard that is not parked lies at or above the floor or stands in the table,
/// the floor only rises, and the totals published with it count exactly the outcomes of the shard's records below it.
@usableFromInline
package final class ShardLease {
    package let slot: ServiceSlot
    package let slotIndex: Int
    package let shard: Int
    @usableFromInline package let table: InFlightTable
    package let status: ShardStatus
    @usableFromInline package let times: ShardTimes

    let ring: RingWorker
    @usableFromInline let plane: OutcomePlane
    @usableFromInline let block: SharedWords
    private let totals: PairedTotals
    let rule: ShardRule
    let bit: UInt64
    /// As published with the floor: see ShardTotals.
    var counts: [UInt64]
    private var copy: UInt64

    init(ring: RingWorker, slot: ServiceSlot, index: Int, shard: Int) {
        self.ring = ring
        self.slot = slot
        self.slotIndex = index
        self.shard = shard
        plane = OutcomePlane(outcomes: ring.outcomes, slot: index, geometry: ring.geometry)
        block = Floors.block(ring.outcomes, slot: index, shard: shard)
        totals = ShardTotals.pair(block)
        table = InFlightTable(outcomes: ring.outcomes, slot: slot, shard: shard)
        status = ShardStatus(block)
        times = ShardTimes(block)
        rule = ShardRule(slot)
        bit = 1 << UInt64(index)
        copy = 0
        counts = [UInt64](repeating: 0, count: ShardTotals.words)
        // Acquire: pairs with the release below, by an earlier holder.
        if block.acquire(RingLayout.Shard.incarnation) == slot.incarnation {
            let published = totals.read { [block] in block.acquire(RingLayout.Shard.floor) }  // pairs with turn()
            copy = published.selector & 1
            counts = published.values
            recoverParking()
        } else {
            begin()
        }
    }

    /// Makes the block this incarnation's: until the last store it counts as the earlier service's.
    private func begin() {
        totals.write(counts.span, copy: copy)
        block.release(slot.since << 1 | copy, RingLayout.Shard.floor)  // pairs with the acquire in Floors.floor
        for place in [RingLayout.Shard.frozenTo, RingLayout.Shard.parkedFrom, RingLayout.Shard.parkedTo] {
            block.store(0, place)
        }
        block.store(0, RingLayout.Shard.parkedTime)
        table.clear()
        status.reset()
        times.reset()
        block.release(slot.incarnation, RingLayout.Shard.incarnation)  // pairs with the acquire in Floors.floor
    }

    // MARK: reading

    /// No record of this shard below it is pending in the ring.
    @inline(__always) @inlinable package var floor: UInt64 { block.relaxed(RingLayout.Shard.floor) >> 1 }

    /// Whether a record is one of this shard's.
    @inline(__always) package func holds(_ sequence: UInt64) -> Bool {
        ring.mask(at: sequence) & bit != 0
            && rule.shard(
                of: sequence, source: ring.sourceHash(at: sequence), topic: ring.topicHash(at: sequence)) == shard
    }

    @inline(__always) package func outcome(of sequence: UInt64) -> Outcome {
        Outcome(rawValue: plane.code(of: sequence)) ?? .corrupt
    }

    /// The first record in the range that is this shard's and pending.
    @inline(__always) package func nextPending(from: UInt64, to end: UInt64) -> UInt64? {
        var sequence = from
        while sequence < end {
            if holds(sequence), plane.code(of: sequence) == 0 { return sequence }
            sequence &+= 1
        }
        return nil
    }

    /// What a record's order is kept by, or nil without an order.
    package func orderKey(of sequence: UInt64) -> UInt32? {
        switch slot.order {
        case .none: nil
        case .source: ring.sourceHash(at: sequence)
        case .topic: ring.topicHash(at: sequence)
        case .all: 0
        }
    }

    // MARK: writing

    /// Gives a record its outcome. One below the floor must stand in the table.
    /// - Returns: false if it had one already.
    @discardableResult
    @inline(__always) @inlinable package func settle(_ sequence: UInt64, _ outcome: Outcome) -> Bool {
        sequence >= floor ? plane.set(outcome, for: sequence) : settleBelowFloor(sequence, outcome)
    }

    /// The request to try again at once (`ControlReader.retryAsked`) that was obeyed last; it outlives the holder.
    package var retryApplied: UInt64 {
        get { block.relaxed(RingLayout.Shard.retryApplied) }
        set { block.store(newValue, RingLayout.Shard.retryApplied) }
    }

    /// What came of the request to restart (`ControlReader.restartAsked`) that was answered last; it outlives the holder.
    package var restart: ShardRestart {
        get { ShardRestart(word: block.relaxed(RingLayout.Shard.restart)) }
        // Release: pairs with the acquire in RingLedger.restart.
        set { block.release(newValue.word, RingLayout.Shard.restart) }
    }

    /// Raises the floor. No record of this shard below `target` may be pending, unless it is parked or stands in the
    /// table behind a spill, and the holder must not read one of them from the ring any more.
    package func raiseFloor(to target: UInt64) {
        let floor = floor
        guard target > floor else { return }
        count(floor..<target, into: &counts)
        turn(to: target)
    }

    /// Publishes the counts, with the floor or as they have changed below it: one store.
    func turn(to target: UInt64? = nil) {
        let target = target ?? floor
        copy ^= 1
        totals.write(counts.span, copy: copy)
        FaultPoint.reach(.shardTotalsWritten)
        // Release: pairs with the acquire in Floors.floor; behind it the producer may overwrite.
        block.release(target << 1 | copy, RingLayout.Shard.floor)
        FaultPoint.reach(.floorTurned)
    }

    /// Gives every pending record up to `end` the same outcome, but for those that are parked, and raises the floor to it.
    /// - Returns: how many there were.
    @discardableResult
    package func settleAll(to end: UInt64, _ outcome: Outcome) -> Int {
        var count = 0
        var from = floor
        for index in 0..<table.capacity {
            if let entry = table[index], entry.sequence < from, settle(entry.sequence, outcome) { count += 1 }
        }
        while let sequence = nextPending(from: from, to: end) {
            if settle(sequence, outcome) { count += 1 }
            from = sequence &+ 1
        }
        table.clear()
        raiseFloor(to: end)
        return count
    }

    /// Says that this holder touches the shard no more: its last act.
    /// - Parameter version: of the grants; as of it the shard was not granted to it.
    package func letGo(version: UInt64) {
        block.release(version, RingLayout.Shard.letGo)  // pairs with the acquire in RingLedger.letGo
    }

    private func count(_ range: Range<UInt64>, into counts: inout [UInt64]) {
        // A service with one shard owns all codes of its plane.
        if rule.isSingle { return plane.count(range, into: &counts) }
        var sequence = range.lowerBound
        while sequence < range.upperBound {
            let code = Int(plane.code(of: sequence))
            if code != 0, code < Outcome.codes, holds(sequence) { counts[code] = counts[code] &+ 1 }
            sequence &+= 1
        }
    }
}
