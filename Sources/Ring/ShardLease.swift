// SPDX-License-Identifier: Apache-2.0

/// The right to deliver one shard's records: floor, outcomes and in-flight table of it.
///
/// A worker opens it when R0 grants it the shard and lets go of it when the grant is gone. Only its holder
/// writes the shard's block and table.
///
/// Invariant: floor <= the lowest pending record of the shard, the floor only rises, and the totals published
/// with it count exactly the outcomes of the shard's records below it.
@usableFromInline
package final class ShardLease {
    package let slot: ServiceSlot
    package let slotIndex: Int
    package let shard: Int
    @usableFromInline package let table: InFlightTable
    package let status: ShardStatus
    @usableFromInline package let times: ShardTimes
    /// No record of this shard below it is pending.
    package private(set) var floor: UInt64

    private let ring: RingWorker
    @usableFromInline let plane: OutcomePlane
    private let block: SharedWords
    private let totals: PairedTotals
    private let rule: ShardRule
    private let bit: UInt64
    private var counts: [UInt64]
    private var copy: UInt64

    init(ring: RingWorker, slot: ServiceSlot, index: Int, shard: Int) {
        self.ring = ring
        self.slot = slot
        self.slotIndex = index
        self.shard = shard
        plane = OutcomePlane(outcomes: ring.outcomes, slot: index, geometry: ring.geometry)
        block = Floors.block(ring.outcomes, slot: index, shard: shard)
        totals = Self.totals(of: block)
        table = InFlightTable(outcomes: ring.outcomes, slot: slot, shard: shard)
        status = ShardStatus(block)
        times = ShardTimes(block)
        rule = ShardRule(slot)
        bit = 1 << UInt64(index)
        // Acquire: pairs with the release below, by an earlier holder.
        let isKnown = block.acquire(RingLayout.Shard.incarnation) == slot.incarnation
        let word = isKnown ? block.acquire(RingLayout.Shard.floor) : slot.since << 1  // pairs with raiseFloor
        floor = max(word >> 1, slot.since)
        copy = word & 1
        counts = [UInt64](repeating: 0, count: Outcome.codes)
        if isKnown {
            counts = totals.read { [block] in block.acquire(RingLayout.Shard.floor) }.values  // pairs with raiseFloor
        } else {
            begin()
        }
        table.keepOnly { [plane, floor] in $0 >= floor && plane.code(of: $0) == 0 }
    }

    static func totals(of block: SharedWords) -> PairedTotals {
        PairedTotals(
            words: block.advanced(by: RingLayout.Shard.totals), stride: RingLayout.Shard.totalsStride,
            count: Outcome.codes)
    }

    /// Makes the block this incarnation's: until the last store it counts as the earlier service's.
    private func begin() {
        totals.write(counts.span, copy: copy)
        block.release(floor << 1 | copy, RingLayout.Shard.floor)  // pairs with the acquire in Floors.floor
        table.clear()
        status.reset()
        times.reset()
        block.release(slot.incarnation, RingLayout.Shard.incarnation)  // pairs with the acquire in Floors.floor
    }

    // MARK: reading

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

    /// Gives a record its outcome.
    /// - Returns: false if it had one already.
    @discardableResult
    @inline(__always) @inlinable package func settle(_ sequence: UInt64, _ outcome: Outcome) -> Bool {
        plane.set(outcome, for: sequence)
    }

    /// The request to try again at once (`ControlReader.retryAsked`) that was obeyed last; it outlives the holder.
    package var retryApplied: UInt64 {
        get { block.relaxed(RingLayout.Shard.retryApplied) }
        set { block.store(newValue, RingLayout.Shard.retryApplied) }
    }

    /// Raises the floor. No record of this shard below `target` may be pending, and the holder must not read
    /// one of them any more.
    package func raiseFloor(to target: UInt64) {
        guard target > floor else { return }
        count(floor..<target, into: &counts)
        copy ^= 1
        totals.write(counts.span, copy: copy)
        floor = target
        // Release: pairs with the acquire in Floors.floor; behind it the producer may overwrite.
        block.release(target << 1 | copy, RingLayout.Shard.floor)
    }

    /// Gives every pending record up to `end` the same outcome, and raises the floor to it.
    /// - Returns: how many there were.
    @discardableResult
    package func settleAll(to end: UInt64, _ outcome: Outcome) -> Int {
        var count = 0
        var from = floor
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
            if code != 0, holds(sequence) { counts[code] = counts[code] &+ 1 }
            sequence &+= 1
        }
    }
}
