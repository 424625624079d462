// SPDX-License-Identifier: Apache-2.0
// The format itself: names, heads, records, slots, and sums.

import LinuxIO
import Ring
import Testing

@testable import Segments

@Suite("The format of segments")
struct SegmentFormatTests {
    @Test(
        "a file's name tells stream and sequence, and nothing else is a name",
        arguments: [
            ("log-00000000000004d2.seg", 1_234), ("parked-ffffffffffffffff.seg", UInt64.max),
            ("log-4d2.seg", nil), ("log-00000000000004D2.seg", nil), ("log-+0000000000004d2.seg", nil),
            ("log-00000000000004d2.seg.corrupt", nil), ("checkpoint-0", nil), ("log-.seg", nil),
        ] as [(String, UInt64?)])
    func names(text: String, first: UInt64?) {
        #expect(SegmentName(text)?.first == first)
        if first != nil { #expect(SegmentName(text)?.description == text) }
    }

    @Test("a head counts only in its log, its file and its place, and whole")
    func heads() {
        let batch = TestRecord.batch(.log, 1...3, mask: 0b1010)
        let head = batch.head(logID: 7, file: 1, position: 4_096, committed: 1)
        let buffer = ByteBuffer(capacity: 512, limit: 512)
        head.write(to: buffer)
        let bytes = buffer.withReadable { Array(copying: $0) }
        let name = SegmentName(.log, first: 1)
        #expect(BatchHead.read(bytes.span, of: name, at: 4_096, logID: 7) == .head(head))
        #expect(BatchHead.read(bytes.span, of: name, at: 8_192, logID: 7) == .none)
        #expect(BatchHead.read(bytes.span, of: name, at: 4_096, logID: 8) == .none)
        #expect(BatchHead.read(bytes.span, of: SegmentName(.log, first: 2), at: 4_096, logID: 7) == .none)
        #expect(BatchHead.read(bytes.span, of: SegmentName(.parked, first: 1), at: 4_096, logID: 7) == .none)
        for place in bytes.indices {
            var wrong = bytes
            wrong[place] ^= 1
            #expect(BatchHead.read(wrong.span, of: name, at: 4_096, logID: 7) != .head(head))
        }
    }

    @Test("a head tells how many records each slot has in its batch")
    func counts() {
        var batch = SegmentBatch(.parked)
        batch.begin(at: 1)
        for (sequence, mask) in [(1, 0b1), (2, 0b101), (3, 0), (7, 1 << 63)] as [(UInt64, UInt64)] {
            #expect(TestRecord.append(sequence, mask: mask, to: &batch))
        }
        let head = batch.head(logID: 7, file: 1, position: 0, committed: 1)
        #expect([0, 1, 2, 63].map { head.count(of: 1 << $0) } == [2, 0, 1, 1])
        #expect(head.records == 4 && head.routed == 3 && head.range == 1..<8)
    }

    @Test("a format of later days is told as such")
    func newer() {
        let buffer = ByteBuffer(capacity: 512, limit: 512)
        TestRecord.batch(.log, 1...1).head(logID: 7, file: 1, position: 0, committed: 1).write(to: buffer)
        var bytes = buffer.withReadable { Array(copying: $0) }
        bytes[4] = 9
        #expect(
            BatchHead.read(bytes.span, of: SegmentName(.log, first: 1), at: 0, logID: 7) == .newer(version: 9))
    }

    @Test("a record keeps its sender, and one wrong byte anywhere is found out")
    func records() {
        var batch = SegmentBatch(.log)
        batch.begin(at: 1)
        let sender = StoredRecord.Sender(id: SenderID(high: 1, low: 2), number: 3)
        #expect(TestRecord.append(1, mask: 5, sender: sender, to: &batch))
        let bytes = batch.body.withReadable { Array(copying: $0) }
        let record = StoredRecord.read(bytes.span, at: 0)
        #expect(record?.sender == sender)
        for place in 0..<90 {
            var wrong = bytes
            wrong[place] ^= 1
            #expect(StoredRecord.read(wrong.span, at: 0) == nil, "byte \(place)")
        }
    }

    @Test("the slots are told before the first batch of a file, and come back")
    func slots() throws {
        let test = try TestFolder()
        var writer = try test.writer(.log)
        let slot = Checkpoint.Slot(index: 63, slot: CheckpointTests.full.slots[0].slot, shards: [])
        writer.slots = [slot]
        try writer.write(TestRecord.batch(.log, 5...6))
        try writer.commit()
        let reader = try SegmentReader(SegmentName(.log, first: 5), in: test.folder, logID: 7)
        guard case .head(let head) = try reader.look(at: 0) else {
            Issue.record("no head")
            return
        }
        #expect(head.kind == .slots)
        #expect(try LoadedBatch(head, from: reader).slots == [slot])
    }

    @Test("CRC-32C is that of RFC 3720, by the processor's instruction and by tables")
    func sums() {
        #expect(CRC32C.of(Array("123456789".utf8).span) == 0xE306_9283)
        #expect(CRC32C.of([UInt8](repeating: 0, count: 32).span) == 0x8A91_36AA)
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 31) }
        // From 1,536 bytes on the instruction goes in three lanes.
        for count in [0, 1, 7, 8, 9, 63, 1_000, 1_535, 1_536, 1_537, 3_072, 10_000] {
            #expect(CRC32C.of(Array(bytes[..<count]).span) == CRC32C.byTable(Array(bytes[..<count]).span))
        }
    }
}
