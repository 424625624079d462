// SPDX-License-Identifier: Apache-2.0
// Recovery: what a new ring begins with, by what the folder holds. PowerCutTests looks at all of it at once.

import LinuxIO
import Ring
import Testing

@testable import Segments

@Suite("Recovery")
struct RecoveryTests {
    /// Two services: `a` in slot 0, and `b` with two shards in slot 1.
    static func checkpoint(_ mode: Checkpoint.Mode, head: UInt64, spilled: UInt64 = 1) -> Checkpoint {
        var checkpoint = Checkpoint(logID: 7, epoch: 3, mode: mode, head: head, spilled: spilled, ledgerSince: 5)
        let a = ServiceSlot(
            name: "a", order: .none, incarnation: 1, since: 1, shards: 1, tableStart: 0, tableCapacity: 8)
        let b = ServiceSlot(
            name: "b", order: .none, incarnation: 1, since: 1, shards: 2, tableStart: 8, tableCapacity: 8)
        checkpoint.slots = [
            .init(index: 0, slot: a, shards: [.init(floor: head)]),
            .init(index: 1, slot: b, shards: [.init(floor: head), .init(floor: head)]),
        ]
        checkpoint.intake.published = head - 1
        checkpoint.intake.unrouted = head - 1
        return checkpoint
    }

    /// The log's records from 1 on, for slot 0 alone, as if the checkpoint had seen some of them and nothing of the rest.
    static func matched(_ checkpoint: Checkpoint, runs: [Checkpoint.Run], floor: UInt64 = 1) -> Checkpoint {
        var checkpoint = checkpoint
        checkpoint.slots[0].shards[0].floor = floor
        checkpoint.slots[0].shards[0].runs = runs
        let count = runs.reduce(0) { $0 + $1.count }
        checkpoint.intake.matched[0] = count
        (checkpoint.intake.routed, checkpoint.intake.unrouted) = (count, checkpoint.intake.unrouted - count)
        return checkpoint
    }

    static func recover(_ test: TestFolder, _ mode: Checkpoint.Mode = .disk) throws -> RecoveredLog {
        try Recovery.run(test.folder, mode: mode, now: 99, newLog: 8)
    }

    static func write(_ checkpoint: Checkpoint, _ test: TestFolder) throws {
        try CheckpointFiles(test.folder).write(checkpoint)
    }

    /// Writes batches with one sync each.
    static func log(_ test: TestFolder, _ batches: [ClosedRange<UInt64>], mask: UInt64 = 1) throws {
        var writer = try test.writer(.log)
        for batch in batches {
            try writer.write(TestRecord.batch(.log, batch, mask: mask))
            try writer.commit()
        }
    }

    static func waiting(_ found: RecoveredLog, _ test: TestFolder) throws -> [Int] {
        let shard = found.checkpoint.slots[0].shards[0]
        return try test.parked().all(from: shard.parkedFrom, to: shard.parkedTo, bit: 1)
    }

    @Test("an empty folder begins a log, and says so to the next start")
    func empty() throws {
        let test = try TestFolder()
        let found = try Self.recover(test)
        #expect(found.isNew && found.next == 1 && found.checkpoint.logID == 8 && found.checkpoint.ledgerSince == 99)
        let again = try Self.recover(test)
        #expect(!again.isNew && again.checkpoint.logID == 8 && again.checkpoint.ledgerSince == 99)
    }

    @Test("what was committed behind the checkpoint is counted, and waits for its services")
    func goesOn() throws {
        let test = try TestFolder()
        try Self.write(Self.checkpoint(.disk, head: 1), test)
        var writer = try test.writer(.log)
        var batch = SegmentBatch(.log)
        batch.begin(at: 1)
        let sender = StoredRecord.Sender(id: SenderID(high: 1, low: 2), number: 40)
        for (sequence, mask) in [(1, 3), (2, 0), (3, 2)] as [(UInt64, UInt64)] {
            #expect(TestRecord.append(sequence, mask: mask, sender: sequence == 3 ? sender : nil, to: &batch))
        }
        try writer.write(batch)
        try writer.commit()
        let found = try Self.recover(test)
        #expect(found.next == 4 && found.pending == 3 && found.incidents == [])
        #expect(found.checkpoint.intake.published == 3 && found.checkpoint.intake.unrouted == 1)
        #expect(found.checkpoint.intake.bytes == 30)
        #expect(found.checkpoint.senders == [.init(id: SenderID(high: 1, low: 2), last: 40, used: 3)])
        #expect(found.checkpoint.epoch > 3)
        #expect(try Self.waiting(found, test) == [1])
        let shards = found.checkpoint.slots[1].shards
        #expect(shards.map(\.floor) == [4, 4] && shards.map(\.parkedTo) == [0, 4] && shards[1].parkedFrom == 1)
        #expect(try test.parked().all(from: 1, to: 4, bit: 2) == [1, 3])
        #expect(!test.names.contains { $0.hasPrefix("log-") })
    }

    @Test("what the checkpoint knows to be delivered is counted, and not delivered again")
    func outcomes() throws {
        let test = try TestFolder()
        let runs = [Checkpoint.Run(from: 1, count: 2, code: 1), .init(from: 3, count: 1, code: 0)]
        try Self.write(Self.matched(Self.checkpoint(.disk, head: 4), runs: runs), test)
        try Self.log(test, [1...3, 4...5])
        let found = try Self.recover(test)
        #expect(try Self.waiting(found, test) == [3, 4, 5])
        #expect(found.checkpoint.slots[0].shards[0].totals[1] == 2 && found.pending == 3)
    }

    @Test("a delivery that had begun goes on with its attempts, and is not handed out beside")
    func entries() throws {
        let test = try TestFolder()
        let runs = [Checkpoint.Run(from: 1, count: 1, code: 1), .init(from: 2, count: 2, code: 0)]
        var checkpoint = Self.matched(Self.checkpoint(.disk, head: 4), runs: runs)
        checkpoint.slots[0].shards[0].entries = [
            .init(sequence: 1, attempt: 1), .init(sequence: 3, attempt: 2, notBefore: 77),
        ]
        try Self.write(checkpoint, test)
        try Self.log(test, [1...3])
        let found = try Self.recover(test)
        #expect(found.checkpoint.slots[0].shards[0].entries == [.init(sequence: 3, attempt: 2, notBefore: 77)])
        #expect(try Self.waiting(found, test) == [2])
        #expect(try test.parked().record(at: 3)?.sequence == 3)
    }

    @Test("parked records stay parked, and what the shard had still to let go of is parked, too")
    func parked() throws {
        let test = try TestFolder()
        // Records 1 and 2 were parked by a spill to 3; the shard has not turned its floor yet.
        var parked = try test.writer(.parked)
        try parked.write(TestRecord.batch(.parked, 1...2))
        try parked.commit()
        let runs = [Checkpoint.Run(from: 1, count: 2, code: 0), .init(from: 3, count: 1, code: 0)]
        try Self.write(Self.matched(Self.checkpoint(.disk, head: 4, spilled: 3), runs: runs), test)
        try Self.log(test, [1...3, 4...4])
        let found = try Self.recover(test)
        #expect(try Self.waiting(found, test) == [1, 2, 3, 4])
        #expect(found.pending == 4)
    }

    @Test("what was in memory alone is lost and told by service; what was parked goes on")
    func memory() throws {
        let test = try TestFolder()
        var parked = try test.writer(.parked)
        try parked.write(TestRecord.batch(.parked, 1...2))
        try parked.commit()
        let runs = [Checkpoint.Run(from: 1, count: 2, code: 0), .init(from: 3, count: 4, code: 0)]
        var checkpoint = Self.matched(Self.checkpoint(.memory, head: 7, spilled: 3), runs: runs)
        checkpoint.slots[0].shards[0].entries = [.init(sequence: 4, attempt: 1)]
        try Self.write(checkpoint, test)
        let found = try Self.recover(test, .memory)
        #expect(try Self.waiting(found, test) == [1, 2])
        #expect(found.pending == 2 && found.checkpoint.slots[0].shards[0].entries == [])
        #expect(found.checkpoint.slots[0].shards[0].totals[Int(Outcome.lost.rawValue)] == 4)
        #expect(found.incidents == [.init(.lost, "a", count: 4)] && !found.wasClean)
    }

    @Test("what was spilled when no checkpoint told of it any more does not come back later")
    func unknownSpill() throws {
        let test = try TestFolder()
        var parked = try test.writer(.parked)
        for batch in [UInt64(1)...2, 3...5] { try parked.write(TestRecord.batch(.parked, batch)) }
        try parked.commit()
        let runs = [Checkpoint.Run(from: 1, count: 2, code: 0), .init(from: 3, count: 4, code: 0)]
        try Self.write(Self.matched(Self.checkpoint(.memory, head: 7, spilled: 3), runs: runs), test)
        let found = try Self.recover(test, .memory)
        #expect(found.pending == 2)
        #expect(try test.parked().all(from: 1, to: 9, bit: 1) == [1, 2])
    }

    @Test("a folder of one durability serves the other")
    func otherMode() throws {
        let test = try TestFolder()
        try Self.write(Self.checkpoint(.disk, head: 1), test)
        try Self.log(test, [1...3])
        #expect(try Self.recover(test, .memory).pending == 3)
        let found = try Self.recover(test, .disk)
        #expect(found.pending == 3 && found.checkpoint.mode == .disk && found.incidents == [])
        #expect(try Self.waiting(found, test) == [1, 2, 3])
    }

    @Test("a service that came behind the checkpoint gets its records")
    func newService() throws {
        let test = try TestFolder()
        try Self.write(Self.checkpoint(.disk, head: 1), test)
        var writer = try test.writer(.log)
        let slot = ServiceSlot(
            name: "c", order: .none, incarnation: 1, since: 1, shards: 1, tableStart: 24, tableCapacity: 8)
        writer.slots = [.init(index: 5, slot: slot, shards: [])]
        try writer.write(TestRecord.batch(.log, 1...2, mask: 1 << 5))
        try writer.commit()
        let found = try Self.recover(test)
        #expect(found.checkpoint.slots.map(\.slot.name) == ["a", "b", "c"] && found.pending == 2)
        #expect(try test.parked().all(from: 1, to: 3, bit: 1 << 5) == [1, 2])
    }

    @Test("parked segments that nobody wants any more are deleted")
    func deletes() throws {
        let test = try TestFolder()
        var parked = try test.writer(.parked)
        try parked.write(TestRecord.batch(.parked, 1...2))
        try parked.commit()
        try Self.write(Self.checkpoint(.memory, head: 4, spilled: 4), test)
        _ = try Self.recover(test, .memory)
        #expect(test.names.filter { $0.hasPrefix("parked") } == [])
    }

    @Test("a clock that was set back does not set back the checkpoint's")
    func clock() throws {
        let test = try TestFolder()
        var checkpoint = Self.checkpoint(.memory, head: 1)
        checkpoint.time = UInt64.max
        try Self.write(checkpoint, test)
        #expect(try Self.recover(test, .memory).checkpoint.time == UInt64.max)
    }

    @Test("a disk that is full is told, and the next start finds all of it")
    func full() throws {
        let test = try TestFolder()
        try Self.write(Self.checkpoint(.disk, head: 1), test)
        try Self.log(test, [1...3])
        test.storage.failsToSync = true
        #expect(throws: SegmentFault.self) { try Self.recover(test) }
        test.storage.failsToSync = false
        let found = try Self.recover(test)
        #expect(found.pending == 3 && found.next == 4)
    }

    @Test("a shard's state comes back, with nothing handed out twice and nothing passed over")
    func states() {
        var state = ShardState()
        (state.floor, state.parkedFrom, state.parkedTo, state.lastSettled) = (20, 5, 20, 3)
        state.counts[1] = 9
        state.entries = [
            .init(sequence: 4, attempt: 2, state: .backingOff, notBefore: 50),
            .init(sequence: 5, attempt: 0, state: .taken, notBefore: 0),
            .init(sequence: 21, attempt: 1, state: .inFlight, notBefore: 0),
        ]
        let shard = Checkpoint.Shard(state, runs: [], offset: 1_000)
        // It was taken, and the range does not begin behind it yet.
        #expect(shard.parkedFrom == 6 && shard.entries[0].notBefore == 1_050)
        let back = shard.state(incarnation: 2, offset: 1_010)
        #expect(back.incarnation == 2 && back.counts == state.counts && back.parkedFrom == 6)
        #expect(back.entries.map(\.state) == [.backingOff, .backingOff, .inFlight])
        #expect(back.entries.map(\.notBefore) == [40, 0, 0])
    }

    @Test("the intake's counts come back")
    func intake() {
        let intake = CheckpointTests.full.intake
        #expect(Checkpoint.Intake(intake.totals) == intake)
    }
}
