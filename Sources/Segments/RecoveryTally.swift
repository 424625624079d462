// SPDX-License-Identifier: Apache-2.0
/// Counts a commit log's records onto a checkpoint, and says of each who still wants it. Pure.
///
/// Recovery shows it every record from the first that was pending on; in memory mode there is none to be shown.
/// Invariant: matched = outcomes + pending for each slot, and published = routed + unrouted, whatever is missing of the
/// log: what the checkpoint knew and nobody showed is counted as `corrupt`, or as `lost` where there is no log.

internal import Ring

struct RecoveryTally {
    /// What is to be stored of a record.
    struct Residue: Equatable {
        /// The slots that have not begun with it.
        var mask: UInt64 = 0
        /// An entry holds it, whose next attempt reads the body.
        var isTaken = false
        var isEmpty: Bool { mask == 0 && !isTaken }
    }

    /// As it was found, but for the intake, senders and past accounts, which grow.
    private var checkpoint: Checkpoint
    /// Behind the last record that was shown.
    private(set) var next: UInt64
    private var slots: [Int: SlotTally] = [:]
    private var senders: [SenderID: Checkpoint.Sender] = [:]
    private var epoch: UInt32
    /// A gap has been passed: senders behind it may not have been acked for what lies in it.
    private var hasGap = false

    init(_ checkpoint: Checkpoint) {
        self.checkpoint = checkpoint
        next = checkpoint.head
        epoch = checkpoint.epoch
        for slot in checkpoint.slots { slots[slot.index] = SlotTally(slot, checkpoint.spilled) }
        for sender in checkpoint.senders { senders[sender.id] = sender }
    }

    /// The first record that the log is asked for.
    var start: UInt64 {
        let head = checkpoint.head
        return slots.values.reduce(head) { $1.shards.reduce($0) { min($0, $1.firstPending ?? head) } }
    }

    // MARK: what the log holds

    /// - Parameter record: in rising sequence, from `start` on.
    mutating func take(_ record: StoredRecord) -> Residue {
        let header = record.header
        let isNew = header.sequence >= checkpoint.head
        if isNew {
            checkpoint.intake.count(header)
            next = header.sequence + 1
            epoch = max(epoch, header.epoch)
            if let sender = record.sender, !hasGap { raise(sender, at: header.sequence) }
        }
        var residue = Residue()
        var rest = header.mask
        while rest != 0 {
            let index = rest.trailingZeroBitCount
            rest &= rest - 1
            switch slots[index]?.want(header, isNew: isNew) {
            case .untouched: residue.mask |= 1 << UInt64(index)
            case .taken: residue.isTaken = true
            case nil, .no: break
            }
        }
        return residue
    }

    /// Slots as they were told in the log. One that the checkpoint has not seen begins here.
    mutating func adopt(_ told: [Checkpoint.Slot]) {
        for slot in told where slot.slot.since >= checkpoint.head {
            let known = slots[slot.index]
            guard known?.incarnation ?? 0 < slot.slot.incarnation else { continue }
            if let known { bury(known) }
            var new = slot
            new.shards = (0..<slot.slot.shards).map { _ in Checkpoint.Shard(floor: slot.slot.since) }
            slots[slot.index] = SlotTally(new, checkpoint.spilled)
        }
    }

    /// Records of which nothing can be read: they were published, and for whom is not known.
    mutating func skip(_ range: Range<UInt64>) {
        let first = max(range.lowerBound, checkpoint.head)
        skip(first < range.upperBound ? range.upperBound - first : 0, before: range.upperBound)
    }

    private mutating func skip(_ count: UInt64, before end: UInt64) {
        hasGap = true
        checkpoint.intake.published += count
        checkpoint.intake.unrouted += count
        next = max(next, end)
    }

    /// What can't be read of a damaged batch whose head can: if all of it counts, that tells how many there are for
    /// each slot.
    /// - Parameters: `range`: of it that counts. `read`: the records of that which could be read.
    mutating func skip(_ batch: LoadedBatch, _ range: Range<UInt64>, read: [RecordHeader]) {
        let head = batch.head
        guard range == head.range, range.lowerBound >= checkpoint.head else {
            let first = max(range.lowerBound, checkpoint.head)
            let new = first < range.upperBound ? range.upperBound - first : 0
            let found = UInt64(read.count { $0.sequence >= checkpoint.head })
            return skip(new - min(found, new), before: range.upperBound)
        }
        let count = UInt64(head.records) - min(UInt64(read.count), UInt64(head.records))
        skip(count, before: range.upperBound)
        let routed = min(count, UInt64(head.routed) - min(UInt64(read.count { $0.mask != 0 }), UInt64(head.routed)))
        checkpoint.intake.routed += routed
        checkpoint.intake.unrouted -= routed
        for index in checkpoint.intake.matched.indices where head.mask >> UInt64(index) & 1 != 0 {
            let missing = batch.missing(bit: 1 << UInt64(index))
            checkpoint.intake.matched[index] += missing
            // A slot with several shards can't tell whose they are.
            slots[index]?.count(missing, .corrupt)
        }
    }

    // MARK: the end

    /// What a new ring begins with.
    /// - Returns: with it, how many deliveries were not found, by service.
    func finish(
        mode: Checkpoint.Mode, now: UInt64
    ) -> (checkpoint: Checkpoint, missing: [(name: String, count: UInt64)]) {
        let outcome = checkpoint.mode == .memory ? Outcome.lost : .corrupt
        var result = checkpoint
        var missing: [(name: String, count: UInt64)] = []
        result.slots = slots.keys.sorted().compactMap { index in
            guard var slot = slots[index] else { return nil }
            let count = slot.settleMissing(outcome)
            if count > 0 { missing.append((slot.name, count)) }
            return slot.slot(at: next)
        }
        result.senders = senders.values.sorted { $0.used > $1.used }
        (result.head, result.spilled, result.mode) = (next, next, mode)
        // What waits for a time was told so by the clock as it was: if that was set back since, it is not to wait longer.
        result.time = max(now, checkpoint.time)
        result.isClean = false
        // A shutdown has seen the last epoch. Else there may have been acceptors that no checkpoint tells of.
        result.epoch = epoch &+ (checkpoint.isClean ? 1 : Self.epochs)
        return (result, missing)
    }

    /// Room for so many deaths of an acceptor between two checkpoints.
    private static let epochs: UInt32 = 1_024

    private mutating func raise(_ sender: StoredRecord.Sender, at sequence: UInt64) {
        let last = senders[sender.id]?.last ?? 0
        senders[sender.id] = .init(id: sender.id, last: max(last, sender.number), used: sequence)
    }

    /// Another service has its slot by now: nothing was pending for it any more, but how that went is not known.
    private mutating func bury(_ slot: SlotTally) {
        var slot = slot
        _ = slot.settleMissing(.lost)
        let all = checkpoint.intake.matched[slot.index]
        let matched = all - min(slot.matchedBefore, all)
        let place = checkpoint.past.firstIndex { $0.name == slot.name }
        var account = place.map { checkpoint.past[$0] } ?? Checkpoint.PastAccount(name: slot.name)
        account.matched += matched
        let outcomes = slot.outcomes
        for code in outcomes.indices { account.outcomes[code] &+= outcomes[code] }
        account.outcomes[Int(Outcome.lost.rawValue)] += matched - min(outcomes.reduce(0, &+), matched)
        if let place { checkpoint.past[place] = account } else { checkpoint.past.append(account) }
    }
}

extension Checkpoint.Intake {
    fileprivate mutating func count(_ header: RecordHeader) {
        published += 1
        bytes += UInt64(header.payloadCount)
        if header.originalID != nil { replayed += 1 }
        if header.mask == 0 { unrouted += 1 } else { routed += 1 }
        for index in matched.indices where header.mask >> UInt64(index) & 1 != 0 { matched[index] += 1 }
    }
}
