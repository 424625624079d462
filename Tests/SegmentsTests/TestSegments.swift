// SPDX-License-Identifier: Apache-2.0
// A folder of its own for each test, records that tell their sequence, and a storage that fails when it is told to.

import LinuxIO
import Ring

@testable import Segments

/// A folder that is gone with the value.
final class TestFolder {
    let path: String
    let storage: FailingStorage
    let folder: SegmentFolder

    init() throws {
        path = try Directory.makeTemporary(in: "/tmp", prefix: "belfry-segments-")
        storage = FailingStorage(try FolderStorage(path))
        folder = SegmentFolder(storage)
    }

    deinit {
        for name in Directory.names(path) { _ = try? File.remove("\(path)/\(name)") }
        try? Directory.remove(path)
    }

    var names: [String] { Directory.names(path).sorted() }
    /// The files themselves, whatever they are called.
    var inodes: Set<UInt64> { Set(names.compactMap { File.facts(at: "\(path)/\($0)")?.inode }) }

    /// Changes one byte of a file.
    func damage(_ name: String, at place: Int) throws {
        var bytes = try File.read("\(path)/\(name)", limit: 1 << 27)
        bytes[place] ^= 0xFF
        try File.write("\(path)/\(name)", bytes.span)
    }

    func writer(
        _ stream: SegmentStream, end: UInt64 = 1, fileSize: Int = 1 << 16, keepsRoom: Bool = false
    ) throws -> SegmentWriter {
        try SegmentWriter(stream, in: folder, logID: 7, end: end, fileSize: fileSize, keepsRoom: keepsRoom)
    }

    func parked() -> ParkedRecords { ParkedRecords(folder, logID: 7) }
}

/// Passes everything on, but a sync that is to fail.
final class FailingStorage: SegmentStorage {
    private let real: FolderStorage
    var failsToSync = false
    private(set) var syncs = 0

    init(_ real: FolderStorage) { self.real = real }

    func create(_ name: String) throws(SystemCallError) -> CInt { try real.create(name) }
    func open(_ name: String, writable: Bool) throws(SystemCallError) -> CInt {
        try real.open(name, writable: writable)
    }
    func close(_ file: CInt) { real.close(file) }
    func preallocate(_ file: CInt, _ count: Int) throws(SystemCallError) { try real.preallocate(file, count) }
    func write(
        _ file: CInt, at position: Int, _ first: Span<UInt8>, _ second: Span<UInt8>
    ) throws(SystemCallError) {
        try real.write(file, at: position, first, second)
    }
    func read(_ file: CInt, at position: Int, count: Int, into buffer: ByteBuffer) throws(SystemCallError) {
        try real.read(file, at: position, count: count, into: buffer)
    }
    func size(_ file: CInt) -> Int { real.size(file) }
    func truncate(_ file: CInt, to count: Int) throws(SystemCallError) { try real.truncate(file, to: count) }
    func sync(_ file: CInt) throws(SystemCallError) {
        syncs += 1
        guard !failsToSync else { throw SystemCallError(call: "fdatasync", code: 5) }
        try real.sync(file)
    }
    func rename(_ name: String, to other: String) throws(SystemCallError) { try real.rename(name, to: other) }
    func remove(_ name: String) throws(SystemCallError) { try real.remove(name) }
    func names() throws(SystemCallError) -> [String] { try real.names() }
    func syncFolder() throws(SystemCallError) { try real.syncFolder() }
}

enum TestRecord {
    /// Topic "t", source "s", and a body that begins with the sequence.
    static func append(
        _ sequence: UInt64, mask: UInt64, body size: Int = 8, sender: StoredRecord.Sender? = nil,
        to batch: inout SegmentBatch
    ) -> Bool {
        let header = RecordHeader(
            sequence: sequence, mask: .max, time: sequence * 10, epoch: 3, sourceHash: 4, topicHash: 5,
            wireProtocol: 6, decodedKind: 7, isReplayed: false, lengths: (1, 1, 0, size))
        return batch.append(header, mask: mask, sender: sender, payload: payload(sequence, size).span)
    }

    static func payload(_ sequence: UInt64, _ size: Int = 8) -> [UInt8] {
        Array("ts".utf8) + (0..<size).map { UInt8(truncatingIfNeeded: sequence >> (8 * UInt64($0 % 8))) }
    }

    /// A batch of records, all for the slots of the mask.
    static func batch(_ stream: SegmentStream, _ sequences: ClosedRange<UInt64>, mask: UInt64 = 1) -> SegmentBatch {
        var batch = SegmentBatch(stream)
        batch.begin(at: sequences.lowerBound)
        for sequence in sequences { _ = append(sequence, mask: mask, to: &batch) }
        return batch
    }
}

extension ParkedRecords {
    /// What a holder would hand out: sequences, and a negative count for those that can't be read.
    func all(from: UInt64, to: UInt64, bit: UInt64) throws -> [Int] {
        var found: [Int] = []
        var sequence = from
        while true {
            switch try next(from: sequence, to: to, bit: bit) {
            case .record(let header):
                found.append(Int(header.sequence))
                sequence = header.sequence + 1
            case .damaged(let count, let next):
                found.append(-Int(count))
                sequence = next
            case .end: return found
            }
        }
    }
}
