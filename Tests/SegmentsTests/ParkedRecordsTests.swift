// SPDX-License-Identifier: Apache-2.0
// Reading parked records back: whole, by slot, one by one, while the file grows, and damaged.

import Ring
import Testing

@testable import Segments

@Suite("Parked records")
struct ParkedRecordsTests {
    @Test("a record comes back as it was stored, with the mask that it was stored with")
    func whole() throws {
        let test = try TestFolder()
        var writer = try test.writer(.parked)
        try writer.write(TestRecord.batch(.parked, 9...9, mask: 4))
        try writer.commit()
        let parked = test.parked()
        let header = try #require(try parked.record(at: 9))
        #expect(header.mask == 4 && header.time == 90 && header.epoch == 3 && header.sourceHash == 4)
        #expect(header.topicHash == 5 && header.wireProtocol == 6 && header.decodedKind == 7)
        #expect(header.body == 2..<10 && header.originalID == nil)
        #expect(parked.withPayload { Array(copying: $0) } == TestRecord.payload(9))
    }

    @Test("a slot gets the records with its bit and no others, from batches with it and without")
    func bits() throws {
        let test = try TestFolder()
        var writer = try test.writer(.parked)
        try writer.write(TestRecord.batch(.parked, 1...2, mask: 1))
        try writer.write(TestRecord.batch(.parked, 3...4, mask: 2))
        try writer.write(TestRecord.batch(.parked, 5...6, mask: 3))
        try writer.commit()
        #expect(try test.parked().all(from: 1, to: 7, bit: 1) == [1, 2, 5, 6])
        #expect(try test.parked().all(from: 2, to: 6, bit: 2) == [3, 4, 5])
        #expect(try test.parked().all(from: 1, to: 7, bit: 4) == [])
    }

    @Test("a record that a slot's reading passed over is found by itself, and by another slot")
    func passedOver() throws {
        let test = try TestFolder()
        var writer = try test.writer(.parked)
        var batch = SegmentBatch(.parked)
        batch.begin(at: 1)
        for (sequence, mask) in [(1, 1), (2, 2)] as [(UInt64, UInt64)] {
            #expect(TestRecord.append(sequence, mask: mask, to: &batch))
        }
        try writer.write(batch)
        try writer.commit()
        let parked = test.parked()
        #expect(try parked.all(from: 1, to: 3, bit: 1) == [1])
        #expect(try parked.record(at: 2)?.sequence == 2)
        #expect(try parked.all(from: 1, to: 3, bit: 1) == [1])
        #expect(try parked.all(from: 2, to: 3, bit: 2) == [2])
    }

    @Test("what is appended later is found by the same cursor, in the file it knows and in a new one")
    func grows() throws {
        let test = try TestFolder()
        var writer = try test.writer(.parked)
        let parked = test.parked()
        try writer.write(TestRecord.batch(.parked, 1...2))
        try writer.commit()
        #expect(try parked.all(from: 1, to: 3, bit: 1) == [1, 2])
        try writer.write(TestRecord.batch(.parked, 3...4))
        try writer.finish()
        #expect(try parked.all(from: 3, to: 5, bit: 1) == [3, 4])
        try writer.write(TestRecord.batch(.parked, 5...6))
        try writer.commit()
        #expect(try parked.all(from: 5, to: 7, bit: 1) == [5, 6])
        #expect(try parked.record(at: 2)?.sequence == 2)
        #expect(try parked.record(at: 7) == nil)
    }

    @Test("nothing from the end of the range on is given out")
    func range() throws {
        let test = try TestFolder()
        var writer = try test.writer(.parked)
        try writer.write(TestRecord.batch(.parked, 1...9))
        try writer.commit()
        #expect(try test.parked().all(from: 4, to: 7, bit: 1) == [4, 5, 6])
    }

    @Test("one damaged record is told once, and the others of its batch are given out", arguments: [0, 1, 3])
    func damage(which: Int) throws {
        let test = try TestFolder()
        var writer = try test.writer(.parked)
        try writer.write(TestRecord.batch(.parked, 1...4))
        try writer.write(TestRecord.batch(.parked, 5...5))
        try writer.finish()
        // Behind the slots' batch: a head with one count, then records of 80 + 10 bytes, rounded up to 96.
        try test.damage("parked-0000000000000001.seg", at: 4_096 + 84 + 96 * which + 85)
        var expected = [1, 2, 3, 4, 5]
        expected[which] = -1
        #expect(try test.parked().all(from: 1, to: 6, bit: 1) == expected)
    }

    @Test("a batch whose head is damaged does not hide those behind it")
    func damagedHead() throws {
        let test = try TestFolder()
        var writer = try test.writer(.parked)
        for first in [UInt64(1), 3, 5] { try writer.write(TestRecord.batch(.parked, first...first + 1)) }
        try writer.finish()
        try test.damage("parked-0000000000000001.seg", at: 8_192 + 20)
        #expect(try test.parked().all(from: 1, to: 7, bit: 1) == [1, 2, 5, 6])
    }

    @Test("a file of another log gives nothing")
    func foreign() throws {
        let test = try TestFolder()
        var writer = try test.writer(.parked)
        try writer.write(TestRecord.batch(.parked, 1...2))
        try writer.finish()
        #expect(try ParkedRecords(test.folder, logID: 8).all(from: 1, to: 3, bit: 1) == [])
    }
}

extension [UInt8] {
    init(copying bytes: Span<UInt8>) {
        self = []
        for index in bytes.indices { append(bytes[index]) }
    }
}
