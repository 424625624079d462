// SPDX-License-Identifier: Apache-2.0
// Recovery of files that something has happened to: what is cut, what is counted, what is set aside.

import LinuxIO
import Ring
import Testing

@testable import Segments

@Suite("Recovery of damaged files")
struct RecoveryDamageTests {
    @Test("what was written behind the last sync and is not whole is cut")
    func tornTail() throws {
        let test = try TestFolder()
        try RecoveryTests.write(RecoveryTests.checkpoint(.disk, head: 1), test)
        try RecoveryTests.log(test, [1...2, 3...4])
        try test.damage("log-0000000000000001.seg", at: 8_192 + 90)
        let found = try RecoveryTests.recover(test)
        #expect(found.next == 3 && found.incidents.map(\.kind) == [.tornTail])
        #expect(try RecoveryTests.waiting(found, test) == [1, 2])
        #expect(test.names.filter { $0.hasSuffix(".corrupt") } == [])
    }

    @Test("files that are gone with what the checkpoint knows to be pending are told of, and counted as corrupt")
    func gone() throws {
        let test = try TestFolder()
        let runs = [Checkpoint.Run(from: 1, count: 3, code: 0)]
        try RecoveryTests.write(RecoveryTests.matched(RecoveryTests.checkpoint(.disk, head: 4), runs: runs), test)
        let found = try RecoveryTests.recover(test)
        #expect(found.incidents == [.init(.gone, "a", count: 3)])
        #expect(found.checkpoint.slots[0].shards[0].totals[Int(Outcome.corrupt.rawValue)] == 3)
    }

    @Test("of one group that was never synced, what lies behind a hole is cut with it")
    func tornGroup() throws {
        let test = try TestFolder()
        try RecoveryTests.write(RecoveryTests.checkpoint(.disk, head: 1), test)
        var writer = try test.writer(.log)
        try writer.write(TestRecord.batch(.log, 1...2))
        try writer.commit()
        for batch in [UInt64(3)...4, 5...6] { try writer.write(TestRecord.batch(.log, batch)) }
        try test.damage("log-0000000000000001.seg", at: 8_192 + 20)
        let found = try RecoveryTests.recover(test)
        #expect(found.next == 3 && found.incidents.map(\.kind) == [.tornTail])
    }

    @Test("a damaged record that had been acked is counted as corrupt, the rest goes on, the file is set aside")
    func damagedRecord() throws {
        let test = try TestFolder()
        try RecoveryTests.write(RecoveryTests.checkpoint(.disk, head: 1), test)
        try RecoveryTests.log(test, [1...3, 4...5])
        // Behind the slots' batch and a head with one count: records of 80 + 10 bytes, rounded up to 96.
        try test.damage("log-0000000000000001.seg", at: 4_096 + 84 + 96 + 85)
        let found = try RecoveryTests.recover(test)
        #expect(try RecoveryTests.waiting(found, test) == [1, 3, 4, 5])
        #expect(found.checkpoint.slots[0].shards[0].totals[Int(Outcome.corrupt.rawValue)] == 1)
        #expect(found.checkpoint.intake.matched[0] == 5 && found.checkpoint.intake.published == 5)
        #expect(found.incidents.map(\.kind) == [.corruption] && found.incidents.map(\.count) == [1])
        #expect(test.names.contains("log-0000000000000001.seg.corrupt"))
    }

    @Test("a batch that is gone with its head leaves a hole in the intake, and the ledger balances")
    func damagedHead() throws {
        let test = try TestFolder()
        try RecoveryTests.write(RecoveryTests.checkpoint(.disk, head: 1), test)
        var writer = try test.writer(.log)
        for first in [UInt64(1), 3, 5] {
            var batch = SegmentBatch(.log)
            batch.begin(at: first)
            let sender = StoredRecord.Sender(id: SenderID(high: 1, low: 2), number: first)
            for sequence in first...first + 1 {
                #expect(TestRecord.append(sequence, mask: 1, sender: sender, to: &batch))
            }
            try writer.write(batch)
            try writer.commit()
        }
        try test.damage("log-0000000000000001.seg", at: 8_192 + 20)
        let found = try RecoveryTests.recover(test)
        #expect(try RecoveryTests.waiting(found, test) == [1, 2, 5, 6])
        #expect(found.next == 7 && found.checkpoint.intake.published == 6 && found.checkpoint.intake.unrouted == 2)
        #expect(found.pending == 4 && found.incidents.map(\.count) == [2])
        // What the sender gave in the hole may not have been acked: it may send all of it again.
        #expect(found.checkpoint.senders.map(\.last) == [1])
    }

    @Test("records that the checkpoint knows and the log has lost are counted as corrupt")
    func missing() throws {
        let test = try TestFolder()
        let runs = [Checkpoint.Run(from: 1, count: 3, code: 0)]
        try RecoveryTests.write(RecoveryTests.matched(RecoveryTests.checkpoint(.disk, head: 4), runs: runs), test)
        let found = try RecoveryTests.recover(test)
        #expect(found.pending == 0 && found.next == 4)
        #expect(found.checkpoint.slots[0].shards[0].totals[Int(Outcome.corrupt.rawValue)] == 3)
    }

    @Test("files of another log, and files without a checkpoint, are set aside and told")
    func foreign() throws {
        let test = try TestFolder()
        try RecoveryTests.log(test, [1...3])
        let begun = try RecoveryTests.recover(test)
        #expect(begun.isNew && begun.incidents.map(\.kind) == [.foreign])
        #expect(test.names.contains("log-0000000000000001.seg.corrupt"))
        // The new log's id is 8; these are of 7.
        var parked = try test.writer(.parked)
        try parked.write(TestRecord.batch(.parked, 1...2))
        try parked.commit()
        let found = try RecoveryTests.recover(test)
        #expect(found.incidents.map(\.kind) == [.foreign] && found.pending == 0)
        #expect(test.names.contains("parked-0000000000000001.seg.corrupt"))
    }
}
