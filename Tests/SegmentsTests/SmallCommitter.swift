// SPDX-License-Identifier: Apache-2.0
// A log with two services, its workers and its committer in a few lines, for the power-cut proof: it does to the disk what
// they do, and knows what it has promised.
// Used by PowerCutTests, a step at a time; each step is chosen at random.
// Invariant: `acked` and `settled` are told only when whoever asks for them could know.

import LinuxIO
import Ring

@testable import Segments

final class SmallCommitter {
    struct Message {
        let sequence: UInt64
        let mask: UInt64
        /// The payload: a topic of one byte, and the body.
        let body: [UInt8]
        let sender: StoredRecord.Sender?

        var header: RecordHeader {
            RecordHeader(
                sequence: sequence, mask: mask, time: sequence, epoch: 1, sourceHash: 0, topicHash: 0, wireProtocol: 1,
                decodedKind: 0, isReplayed: false, lengths: (1, 0, 0, body.count - 1))
        }
    }

    struct Shard {
        var kept = Checkpoint.Shard(floor: 1)
        /// Outcomes of own records at or above the floor.
        var codes: [UInt64: UInt8] = [:]
        /// Where the committer has put them.
        var parked: Set<UInt64> = []
    }

    let mode: Checkpoint.Mode
    let disk = MemoryDisk()
    private let checkpoints: CheckpointFiles
    private var log: SegmentWriter
    private var parked: SegmentWriter
    private(set) var messages: [Message] = []
    /// Those below it count as accepted.
    private(set) var acked: UInt64 = 1
    /// The ring has let go of what lies below it.
    private(set) var released: UInt64 = 1
    /// By slot and sequence.
    private(set) var settled: Set<[UInt64]> = []
    private var shards: [[Shard]]
    private var spilled: UInt64 = 1
    /// Of the last durable checkpoint.
    private var floors: UInt64 = 1
    private var lastCheckpoint: UInt64 = 1

    private static let slots = [
        ServiceSlot(name: "one", order: .none, incarnation: 1, since: 1, shards: 1, tableStart: 0, tableCapacity: 64),
        ServiceSlot(name: "two", order: .none, incarnation: 3, since: 1, shards: 2, tableStart: 64, tableCapacity: 64),
    ]

    init(_ mode: Checkpoint.Mode) throws {
        self.mode = mode
        let folder = SegmentFolder(disk)
        checkpoints = CheckpointFiles(folder)
        log = try SegmentWriter(.log, in: folder, logID: 7, end: 1, fileSize: 1 << 14, keepsRoom: true)
        parked = try SegmentWriter(.parked, in: folder, logID: 7, end: 1, fileSize: 1 << 15)
        shards = Self.slots.map { [Shard](repeating: Shard(), count: $0.shards) }
        try writeCheckpoint()
        log.slots = slotsNow
        parked.slots = slotsNow
    }

    var head: UInt64 { UInt64(messages.count) + 1 }
    /// What workers may read.
    private var committed: UInt64 { mode == .disk ? acked : head }

    // MARK: steps

    /// A group of messages; in disk mode committed in batches of a few, with one sync, and then acked.
    func publish(_ count: Int, using random: inout some RandomNumberGenerator) throws {
        for _ in 0..<count {
            let sender = Int.random(in: 0..<3, using: &random)
            messages.append(
                Message(
                    sequence: head, mask: UInt64.random(in: 0..<4, using: &random),
                    body: (0..<Int.random(in: 1..<2_500, using: &random)).map { UInt8(truncatingIfNeeded: $0) }
                        + [UInt8](repeating: UInt8(truncatingIfNeeded: head), count: 4),
                    sender: sender == 0 ? nil : .init(id: SenderID(high: 1, low: UInt64(sender)), number: head)))
        }
        guard mode == .disk else { return acked = head }
        var batch = SegmentBatch(.log, limit: 6_000)
        batch.begin(at: acked)
        for message in messages[Int(acked - 1)...] { try add(message, message.mask, to: &batch, &log) }
        try log.write(batch)
        try log.commit()
        acked = head
    }

    /// Begins with the next record of some shard, or ends what was begun.
    func deliver(using random: inout some RandomNumberGenerator) {
        let slot = Int.random(in: 0..<shards.count, using: &random)
        let shard = Int.random(in: 0..<shards[slot].count, using: &random)
        if Bool.random(using: &random), let entry = shards[slot][shard].kept.entries.randomElement(using: &random) {
            shards[slot][shard].settle(entry.sequence)
            settled.insert([UInt64(slot), entry.sequence])
        } else if shards[slot][shard].kept.entries.count < 5, let next = next(slot, shard) {
            shards[slot][shard].begin(next)
        }
        shards[slot][shard].raiseFloor(own(slot, shard, below: committed))
    }

    /// Parks what is wanted below a place. The checkpoint comes before anybody lets go of the ring.
    func spill(using random: inout some RandomNumberGenerator) throws {
        guard committed > spilled + 1 else { return }
        let target = UInt64.random(in: spilled + 1..<committed, using: &random)
        var batch = SegmentBatch(.parked, limit: 6_000)
        batch.begin(at: spilled)
        for message in messages[Int(spilled - 1)..<Int(target - 1)] {
            var (mask, isTaken) = (UInt64(0), false)
            for slot in shards.indices where message.mask >> UInt64(slot) & 1 != 0 {
                let shard = Self.slots[slot].shard(of: message.header)
                guard shards[slot][shard].isPending(message.sequence) else { continue }
                if shards[slot][shard].begun(message.sequence) {
                    isTaken = true
                } else {
                    mask |= 1 << UInt64(slot)
                    shards[slot][shard].parked.insert(message.sequence)
                }
            }
            if mask != 0 || isTaken { try add(message, mask, to: &batch, &parked) }
        }
        batch.extend(to: target)
        try parked.write(batch)
        try parked.commit()
        spilled = target
        try writeCheckpoint()
        for slot in shards.indices {
            for shard in shards[slot].indices { shards[slot][shard].park(to: target) }
        }
        released = target
    }

    func writeCheckpoint() throws {
        var checkpoint = Checkpoint(logID: 7, epoch: 1, mode: mode, head: committed, spilled: spilled, ledgerSince: 9)
        for message in messages[..<Int(committed - 1)] {
            checkpoint.intake.published += 1
            checkpoint.intake.bytes += UInt64(message.body.count)
            if message.mask == 0 { checkpoint.intake.unrouted += 1 } else { checkpoint.intake.routed += 1 }
            for slot in 0..<2 where message.mask >> UInt64(slot) & 1 != 0 { checkpoint.intake.matched[slot] += 1 }
        }
        var last: [SenderID: UInt64] = [:]
        for sender in messages[..<Int(committed - 1)].compactMap(\.sender) { last[sender.id] = sender.number }
        checkpoint.senders = last.map { .init(id: $0.key, last: $0.value, used: $0.value) }
        checkpoint.slots = slotsNow
        for slot in shards.indices {
            for shard in shards[slot].indices { checkpoint.slots[slot].shards[shard].runs = runs(slot, shard) }
        }
        try checkpoints.write(checkpoint)
        floors = shards.joined().map(\.kept.floor).min() ?? 1
        lastCheckpoint = spilled
    }

    func deleteFiles() throws {
        let wanted = shards.joined().map { shard in
            min(
                shard.kept.parkedFrom < shard.kept.parkedTo ? shard.kept.parkedFrom : .max,
                shard.kept.entries.map(\.sequence).min() ?? .max, shard.kept.floor)
        }
        try writeCheckpoint()
        try log.removeFiles(below: min(floors, committed), keepingLast: true)
        try parked.removeFiles(below: min(wanted.min() ?? 1, lastCheckpoint))
    }

    // MARK: what it knows

    private var slotsNow: [Checkpoint.Slot] {
        shards.indices.map { .init(index: $0, slot: Self.slots[$0], shards: shards[$0].map(\.kept)) }
    }

    private func own(_ slot: Int, _ shard: Int, below end: UInt64) -> [UInt64] {
        messages[Int(shards[slot][shard].kept.floor - 1)..<Int(end - 1)].filter {
            $0.mask >> UInt64(slot) & 1 != 0 && Self.slots[slot].shard(of: $0.header) == shard
        }.map(\.sequence)
    }

    /// The next record that has not begun: parked ones first.
    private func next(_ slot: Int, _ shard: Int) -> UInt64? {
        let place = shards[slot][shard]
        if let parked = place.parked.min() { return parked }
        return own(slot, shard, below: committed).first { place.isPending($0) && !place.begun($0) }
    }

    private func runs(_ slot: Int, _ shard: Int) -> [Checkpoint.Run] {
        var runs: [Checkpoint.Run] = []
        for sequence in own(slot, shard, below: committed) {
            let code = shards[slot][shard].codes[sequence] ?? 0
            let crosses = runs.last.map { $0.from < spilled && sequence >= spilled } ?? true
            if !crosses, runs.last?.code == code {
                runs[runs.count - 1].count += 1
            } else {
                runs.append(.init(from: sequence, count: 1, code: code))
            }
        }
        return runs
    }

    private func add(
        _ message: Message, _ mask: UInt64, to batch: inout SegmentBatch, _ writer: inout SegmentWriter
    ) throws {
        let isIn = batch.append(message.header, mask: mask, sender: message.sender, payload: message.body.span)
        if isIn { return }
        try writer.write(batch)
        batch.begin(at: batch.range.upperBound)
        _ = batch.append(message.header, mask: mask, sender: message.sender, payload: message.body.span)
    }
}

extension SmallCommitter.Shard {
    func begun(_ sequence: UInt64) -> Bool { kept.entries.contains { $0.sequence == sequence } }

    func isPending(_ sequence: UInt64) -> Bool { sequence >= kept.floor && codes[sequence] == nil }

    mutating func begin(_ sequence: UInt64) {
        if parked.remove(sequence) != nil { kept.parkedFrom = sequence + 1 }
        kept.entries.append(.init(sequence: sequence, attempt: 1))
    }

    mutating func settle(_ sequence: UInt64) {
        if sequence >= kept.floor {
            codes[sequence] = 1
        } else {
            kept.totals[1] += 1
            kept.lastSettled = sequence
        }
        kept.entries.removeAll { $0.sequence == sequence }
    }

    mutating func park(to target: UInt64) {
        guard target > kept.floor else { return }
        if let first = parked.filter({ $0 >= kept.floor && $0 < target }).min() {
            if kept.parkedFrom >= kept.parkedTo { kept.parkedFrom = first }
            kept.parkedTo = target
        }
        raise(to: target)
    }

    /// - Parameter own: the shard's records from the floor on.
    mutating func raiseFloor(_ own: [UInt64]) {
        guard let last = own.last else { return }
        raise(to: own.first { codes[$0] == nil } ?? last + 1)
    }

    private mutating func raise(to target: UInt64) {
        for (sequence, code) in codes where sequence < target {
            kept.totals[Int(code)] += 1
            codes[sequence] = nil
        }
        kept.floor = max(kept.floor, target)
    }
}
