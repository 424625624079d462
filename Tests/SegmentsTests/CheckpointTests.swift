// SPDX-License-Identifier: Apache-2.0
// Checkpoints: what comes back, and which of the two files counts.

import LinuxIO
import Ring
import Testing

@testable import Segments

@Suite("Checkpoints")
struct CheckpointTests {
    static var full: Checkpoint {
        var checkpoint = Checkpoint(logID: 7, epoch: 2, mode: .disk, head: 90, spilled: 40, ledgerSince: 5)
        (checkpoint.time, checkpoint.isClean, checkpoint.kernelDropped) = (6, true, 8)
        checkpoint.intake.published = 89
        checkpoint.intake.refused[3] = 2
        checkpoint.intake.matched[63] = 50
        checkpoint.senders = [.init(id: SenderID(high: 1, low: 2), last: 3, used: 4)]
        let slot = ServiceSlot(
            name: "wächter", order: .topic, incarnation: 2, since: 4, shards: 1, tableStart: 10, tableCapacity: 20)
        var shard = Checkpoint.Shard(floor: 50)
        (shard.lastSettled, shard.parkedFrom, shard.parkedTo) = (12, 13, 40)
        shard.totals[1] = 9
        shard.entries = [.init(sequence: 11, attempt: 3), .init(sequence: 60, attempt: 1, notBefore: 99)]
        shard.runs = [.init(from: 50, count: 4, code: 1), .init(from: 60, count: 1, code: 0)]
        checkpoint.slots = [.init(index: 63, slot: slot, shards: [shard])]
        checkpoint.slots[0].isPaused = true
        var past = Checkpoint.PastAccount(name: "gone")
        (past.matched, past.retried, past.outcomes[2]) = (3, 1, 3)
        checkpoint.past = [past]
        checkpoint.settings = [1, 2, 3]
        return checkpoint
    }

    private static func bytes(_ checkpoint: Checkpoint) -> [UInt8] {
        let buffer = ByteBuffer(capacity: 64, limit: .max)
        CheckpointCoding.write(checkpoint, to: buffer)
        return buffer.withReadable { Array(copying: $0) }
    }

    @Test("all of it comes back")
    func roundTrip() {
        #expect(CheckpointCoding.read(Self.bytes(Self.full).span) == .checkpoint(Self.full))
    }

    @Test("one wrong byte anywhere, and any cut, is found out")
    func broken() {
        let bytes = Self.bytes(Self.full)
        let unnoticed = bytes.indices.filter { place in
            var wrong = bytes
            wrong[place] ^= 1
            let cut = CheckpointCoding.read(Array(bytes[..<place]).span)
            if case .checkpoint = CheckpointCoding.read(wrong.span) { return true }
            return cut != .broken
        }
        #expect(unnoticed == [])
    }

    @Test("a length that lies is broken and asks for no memory, though its sum is right")
    func lies() {
        var bytes = Self.bytes(Self.full)
        for place in 24..<bytes.count - 3 {
            var wrong = bytes
            for index in 0..<4 { wrong[place + index] = 0xFF }
            let sum = CRC32C.of(wrong.span.extracting(24..<wrong.count))
            for index in 0..<4 { wrong[12 + index] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * index)) }
            if case .newer = CheckpointCoding.read(wrong.span) { Issue.record("byte \(place) is no version") }
        }
        bytes.append(0)
        #expect(CheckpointCoding.read(bytes.span) == .broken)
    }

    @Test("the newest one counts, and an older one where that is broken")
    func newest() throws {
        let test = try TestFolder()
        let files = CheckpointFiles(test.folder)
        for head in [UInt64(10), 20, 30] {
            var checkpoint = Self.full
            checkpoint.head = head
            try files.write(checkpoint)
        }
        #expect(test.names == ["checkpoint-0", "checkpoint-1"])
        let again = CheckpointFiles(test.folder)
        #expect(try again.newest()?.head == 30)
        try test.damage("checkpoint-1", at: 40)
        #expect(try again.newest()?.head == 20)
        // The broken one is overwritten next, not the one that holds.
        try again.write(Self.full)
        #expect(try CheckpointFiles(test.folder).newest()?.head == 90)
        try test.damage("checkpoint-1", at: 40)
        #expect(try CheckpointFiles(test.folder).newest()?.head == 20)
    }

    @Test("a checkpoint that could not be written leaves the one before it")
    func fails() throws {
        let test = try TestFolder()
        let files = CheckpointFiles(test.folder)
        try files.write(Self.full)
        test.storage.failsToSync = true
        #expect(throws: SegmentFault.self) { try files.write(Self.full) }
        #expect(try CheckpointFiles(test.folder).newest()?.counter == 1)
    }
}
