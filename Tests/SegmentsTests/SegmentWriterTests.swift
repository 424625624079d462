// SPDX-License-Identifier: Apache-2.0
// Writing a stream, and what is there afterwards.

import LinuxIO
import Testing

@testable import Segments

@Suite("Writing segments")
struct SegmentWriterTests {
    @Test("a full file is followed by one that is named by the sequence it begins with")
    func rolls() throws {
        let test = try TestFolder()
        var writer = try test.writer(.parked)
        for first in stride(from: UInt64(1), through: 201, by: 100) {
            var batch = SegmentBatch(.parked)
            batch.begin(at: first)
            #expect(TestRecord.append(first, mask: 1, body: 60_000, to: &batch))
            batch.extend(to: first + 100)
            try writer.write(batch)
        }
        try writer.finish()
        #expect(
            test.names == ["parked-0000000000000001.seg", "parked-0000000000000065.seg", "parked-00000000000000c9.seg"])
        #expect(try test.parked().all(from: 1, to: 301, bit: 1) == [1, 101, 201])
    }

    @Test("a batch that is larger than a file gets a file that holds it")
    func large() throws {
        let test = try TestFolder()
        var writer = try test.writer(.parked, fileSize: 8_192)
        var batch = SegmentBatch(.parked)
        batch.begin(at: 5)
        #expect(TestRecord.append(5, mask: 1, body: 200_000, to: &batch))
        try writer.write(batch)
        try writer.commit()
        let parked = test.parked()
        #expect(try parked.record(at: 5)?.body.count == 200_000)
    }

    @Test("a batch takes no more than its limit, but always one record")
    func limit() {
        var batch = SegmentBatch(.log, limit: 1_000)
        batch.begin(at: 1)
        let one = TestRecord.append(1, mask: 1, body: 5_000, to: &batch)
        let two = TestRecord.append(2, mask: 1, to: &batch)
        #expect(one && !two && batch.range == 1..<2)
    }

    @Test("a file that could not be synced is never synced again, and what was in it is written anew elsewhere")
    func givesUp() throws {
        let test = try TestFolder()
        var writer = try test.writer(.log)
        try writer.write(TestRecord.batch(.log, 1...4))
        try writer.commit()
        try writer.write(TestRecord.batch(.log, 5...8))
        test.storage.failsToSync = true
        #expect(throws: SegmentFault.self) { try writer.commit() }
        let syncs = test.storage.syncs
        test.storage.failsToSync = false
        try writer.commit()
        #expect(test.storage.syncs == syncs)
        try writer.write(TestRecord.batch(.log, 5...9))
        try writer.commit()
        #expect(test.names == ["log-0000000000000001.seg", "log-0000000000000005.seg"])
    }

    @Test("what was written again counts, what the given-up file held does not")
    func superseded() throws {
        let test = try TestFolder()
        var writer = try test.writer(.parked)
        try writer.write(TestRecord.batch(.parked, 1...4))
        try writer.commit()
        try writer.write(TestRecord.batch(.parked, 5...8))
        test.storage.failsToSync = true
        #expect(throws: SegmentFault.self) { try writer.commit() }
        test.storage.failsToSync = false
        try writer.write(TestRecord.batch(.parked, 5...6))
        try writer.commit()
        #expect(try test.parked().all(from: 1, to: 100, bit: 1) == [1, 2, 3, 4, 5, 6])
    }

    @Test("a file goes when its range ends at or below what is still needed")
    func deletes() throws {
        let test = try TestFolder()
        var writer = try test.writer(.parked)
        for first in [UInt64(1), 11, 21] {
            try writer.write(TestRecord.batch(.parked, first...first + 9))
            try writer.finish()
        }
        try writer.removeFiles(below: 20)
        #expect(test.names == ["parked-000000000000000b.seg", "parked-0000000000000015.seg"])
        try writer.removeFiles(below: 31)
        #expect(test.names == [] && !writer.hasFiles)
    }

    @Test("the room of a file that nobody needs serves the next one, and nothing of its earlier life is read")
    func keepsRoom() throws {
        let test = try TestFolder()
        var writer = try Self.threeFiles(test)
        try writer.removeFiles(below: 3, keepingLast: true)
        let files = test.inodes
        try Self.write(3, body: 20_000, &writer)
        #expect(files.count == 3 && test.inodes == files && test.names.last == "log-0000000000000003.seg")
        let scan = try LogScan(test.folder, logID: 7, from: 2, committed: 4)
        #expect(Self.ranges(scan) == [2..<3, 3..<4] && scan.committed == 4 && !scan.hasTail)
    }

    @Test("what is torn in a file that was in use before is a torn end")
    func tornAgain() throws {
        let test = try TestFolder()
        var writer = try Self.threeFiles(test)
        try writer.removeFiles(below: 3, keepingLast: true)
        try Self.write(3, body: 20_000, &writer)
        // Behind its two batches: a page of the slots, five of the record.
        try test.damage("log-0000000000000003.seg", at: 6 * 4_096)
        #expect(try LogScan(test.folder, logID: 7, from: 2, committed: 4).hasTail)
    }

    @Test("without new files no more room is kept than for one")
    func keepsLittle() throws {
        let test = try TestFolder()
        var writer = try Self.threeFiles(test)
        try writer.removeFiles(below: 3, keepingLast: true)
        let isMore = writer.hasFiles(below: 3, keepingLast: true)
        try writer.removeFiles(below: 3, keepingLast: true)
        let isLeft = writer.hasFiles(below: 3, keepingLast: true)
        #expect(isMore && !isLeft && test.names.count == 2)
        try writer.giveBackRoom()
        #expect(test.names == ["log-0000000000000002.seg"])
    }

    @Test("a file that failed is not used again")
    func keepsNoBrokenRoom() throws {
        let test = try TestFolder()
        var writer = try test.writer(.log, keepsRoom: true)
        try Self.write(0, &writer)
        test.storage.failsToSync = true
        #expect(throws: SegmentFault.self) { try Self.write(1, &writer) }
        test.storage.failsToSync = false
        try Self.write(1, &writer)
        try Self.write(2, &writer)
        try writer.removeFiles(below: 2, keepingLast: true)
        #expect(test.names == ["log-0000000000000001.seg", "log-0000000000000002.seg"])
    }

    /// Each with a record that leaves no room for another.
    private static func threeFiles(_ test: TestFolder) throws -> SegmentWriter {
        var writer = try test.writer(.log, keepsRoom: true)
        for first in UInt64(0)...2 { try write(first, &writer) }
        return writer
    }

    private static func write(_ sequence: UInt64, body: Int = 50_000, _ writer: inout SegmentWriter) throws {
        var batch = SegmentBatch(.log)
        batch.begin(at: sequence)
        #expect(TestRecord.append(sequence, mask: 1, body: body, to: &batch))
        try writer.write(batch)
        try writer.commit()
    }

    private static func ranges(_ scan: LogScan) -> [Range<UInt64>] {
        scan.pieces.compactMap { piece in
            if case .batch(_, let range, _) = piece { range } else { nil }
        }
    }
}
