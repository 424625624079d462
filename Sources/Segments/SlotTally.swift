// SPDX-License-Identifier: Apache-2.0
/// One slot's side of RecoveryTally: which records its shards still want, and what each of them begins with again. Pure.
///
/// Invariant: a record is asked about once, in rising sequence; what was pending at the checkpoint, is not parked and was
/// not asked about, is missing.

internal import Ring

struct SlotTally {
    enum Wish: Equatable {
        case no
        /// It stands in no entry.
        case untouched
        /// It stands in an entry.
        case taken
    }

    private let place: Checkpoint.Slot
    private(set) var shards: [ShardTally]

    init(_ slot: Checkpoint.Slot, _ spilled: UInt64) {
        place = slot
        shards = slot.shards.map { ShardTally($0, spilled: spilled) }
    }

    var index: Int { place.index }
    var name: String { place.slot.name }
    var incarnation: UInt64 { place.slot.incarnation }
    var matchedBefore: UInt64 { place.slot.matchedBefore }

    /// By code, over all shards.
    var outcomes: [UInt64] {
        shards.reduce(into: [UInt64](repeating: 0, count: 16)) { sums, shard in
            for code in 1..<16 { sums[code] &+= shard.totals[code] }
        }
    }

    mutating func want(_ header: RecordHeader, isNew: Bool) -> Wish {
        guard header.sequence >= place.slot.since, header.sequence < place.slot.retiringAt else { return .no }
        return shards[place.slot.shard(of: header)].want(header.sequence, isNew: isNew)
    }

    mutating func count(_ count: UInt64, _ outcome: Outcome) { shards[0].totals[Int(outcome.rawValue)] += count }

    mutating func settleMissing(_ outcome: Outcome) -> UInt64 {
        var count: UInt64 = 0
        for shard in shards.indices {
            count &+= shards[shard].missing
            shards[shard].totals[Int(outcome.rawValue)] &+= shards[shard].missing
        }
        return count
    }

    func slot(at next: UInt64) -> Checkpoint.Slot {
        var slot = place
        // Nobody routes to it any more.
        if slot.slot.state == .retiring { slot.slot.retiringAt = min(slot.slot.retiringAt, next) }
        slot.shards = shards.map { $0.shard(at: next) }
        return slot
    }
}

/// The same of one shard.
struct ShardTally {
    private let found: Checkpoint.Shard
    private let spilled: UInt64
    private let entries: Set<UInt64>
    private(set) var firstPending: UInt64?
    /// Pending at the checkpoint, and in the ring alone.
    private var inRing: UInt64 = 0
    /// Pending in parked segments, though the shard had not yet let go of the ring.
    private var notParkedYet: UInt64?
    private var asked: UInt64 = 0
    private var firstWanted: UInt64?
    private var askedEntries: Set<UInt64> = []
    var totals: [UInt64]

    init(_ shard: Checkpoint.Shard, spilled: UInt64) {
        found = shard
        self.spilled = spilled
        totals = shard.totals
        entries = Set(shard.entries.map(\.sequence).filter { shard.isPending($0) })
        for (number, run) in shard.runs.enumerated() where run.count > 0 {
            guard run.code == 0 else {
                totals[Int(run.code)] &+= run.count
                continue
            }
            guard run.from < spilled else {
                inRing &+= run.count
                firstPending = firstPending ?? run.from
                continue
            }
            let end = number + 1 < shard.runs.count ? shard.runs[number + 1].from : spilled
            let begun = UInt64(entries.count { $0 >= run.from && $0 < end })
            if run.count > begun { notParkedYet = notParkedYet ?? run.from }
        }
    }

    /// Pending in the ring, and in no record that was shown.
    var missing: UInt64 { inRing - min(asked, inRing) }

    mutating func want(_ sequence: UInt64, isNew: Bool) -> SlotTally.Wish {
        guard isNew || sequence >= max(found.floor, spilled) && found.isPending(sequence) else { return .no }
        if !isNew { asked += 1 }
        if !isNew, entries.contains(sequence) {
            askedEntries.insert(sequence)
            return .taken
        }
        firstWanted = firstWanted ?? sequence
        return .untouched
    }

    func shard(at next: UInt64) -> Checkpoint.Shard {
        var shard = Checkpoint.Shard(floor: next)
        shard.totals = totals
        shard.entries = found.entries.filter {
            entries.contains($0.sequence) && ($0.sequence < spilled || askedEntries.contains($0.sequence))
        }
        if found.parkedFrom < found.parkedTo { (shard.parkedFrom, shard.parkedTo) = (found.parkedFrom, found.parkedTo) }
        for (first, end) in [(notParkedYet, spilled), (firstWanted, next)] {
            guard let first else { continue }
            if shard.parkedFrom >= shard.parkedTo { shard.parkedFrom = first }
            shard.parkedTo = end
        }
        return shard
    }
}

extension Checkpoint.Shard {
    /// Of a record of this shard's own, if it was matched by then.
    fileprivate func isPending(_ sequence: UInt64) -> Bool {
        guard sequence >= floor else { return sequence != lastSettled }
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].from <= sequence { low = middle + 1 } else { high = middle }
        }
        return low > 0 && runs[low - 1].code == 0
    }
}
