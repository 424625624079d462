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
}
