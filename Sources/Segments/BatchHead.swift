// SPDX-License-Identifier: Apache-2.0
/// The head that each batch begins with, and its table of counts. docs/segments.md has the layout byte by byte.
///
/// Used by SegmentBatch, which makes it, and by SegmentReader, which believes none of it before its sum is right.
/// Invariant: a head that was read is of this log, of this file and of this place in it; a stale or misplaced one is none.

internal import LinuxIO

package struct BatchHead: Equatable, Sendable {
    package enum Kind: UInt8, Sendable {
        case records = 1
        /// All service slots, as they are from here on.
        case slots = 2
    }

    package var kind: Kind
    package var stream: SegmentStream
    package var logID: UInt64
    /// The first sequence in the file's name, and where in the file this is.
    package var file: UInt64
    package var position: UInt64
    /// It tells of from..<to. In the log each of them is there; of parked ones those that are wanted.
    package var range: Range<UInt64>
    package var records: UInt32
    /// Bytes behind head and table.
    package var length: UInt32
    /// The masks of all records in one, and how many records carry each of its bits.
    package var mask: UInt64
    package var counts: [UInt32]
    /// Records with any bit at all.
    package var routed: UInt32
    /// How many sequences before its own were not known to be on the disk when it was written: what is missing of them
    /// was never committed.
    package var uncommitted: UInt32
    /// Over all that is behind head and table.
    package var bodySum: UInt32

    /// Head and table.
    package var headCount: Int { Self.size + 4 * counts.count }
    /// The whole batch.
    package var count: Int { headCount + Int(length) }
    /// All below it was on the disk when the batch was written.
    package var committed: UInt64 { range.lowerBound - UInt64(uncommitted) }
    /// Where the next one begins.
    package var next: Int { Self.aligned(Int(position) + count) }

    /// How many of its records are for a slot.
    package func count(of bit: UInt64) -> UInt32 {
        guard mask & bit != 0 else { return 0 }
        return counts[(mask & (bit &- 1)).nonzeroBitCount]
    }

    package static let size = 80
    static let largest = size + 4 * 64
    /// Batches begin at multiples of it, so that no later write touches what is on the disk already.
    package static let alignment = 4_096
    static let version: UInt16 = 1
    static let magic: UInt32 = 0x4253_4642  // "BFSB"

    static func aligned(_ count: Int) -> Int { (count + alignment - 1) & ~(alignment - 1) }
}

extension BatchHead {
    private enum At {
        static let magic = 0
        static let version = 4
        static let kind = 6
        static let stream = 7
        static let logID = 8
        static let file = 16
        static let position = 24
        static let from = 32
        static let to = 40
        static let records = 48
        static let length = 52
        static let mask = 56
        static let routed = 64
        static let uncommitted = 68
        static let bodySum = 72
        static let headSum = 76
    }

    /// Replaces what the buffer holds.
    func write(to buffer: ByteBuffer) {
        buffer.consume(buffer.count)
        buffer.append(littleEndian: Self.magic)
        buffer.append(littleEndian: Self.version)
        buffer.append(littleEndian: kind.rawValue)
        buffer.append(littleEndian: stream.rawValue)
        for number in [logID, file, position, range.lowerBound, range.upperBound] {
            buffer.append(littleEndian: number)
        }
        buffer.append(littleEndian: records)
        buffer.append(littleEndian: length)
        buffer.append(littleEndian: mask)
        buffer.append(littleEndian: routed)
        buffer.append(littleEndian: uncommitted)
        buffer.append(littleEndian: bodySum)
        let table = ByteBuffer(capacity: 256, limit: 256)
        for count in counts { table.append(littleEndian: count) }
        var sum = CRC32C()
        buffer.withReadable { sum.add($0) }
        table.withReadable { sum.add($0) }
        buffer.append(littleEndian: sum.value)
        table.withReadable { _ = buffer.append($0) }
    }

    enum Reading: Equatable {
        case head(BatchHead)
        /// Of a later format; nothing else of it is looked at.
        case newer(version: Int)
        /// Nothing that was ever written as a head, or not here.
        case none
    }

    /// Reads what should be a head; `bytes` may go on behind it.
    static func read(_ bytes: Span<UInt8>, of name: SegmentName, at position: Int, logID: UInt64) -> Reading {
        guard bytes.count >= size, bytes.uint32(at: At.magic) == magic else { return .none }
        let version = bytes.uint16(at: At.version)
        guard version <= Self.version else { return .newer(version: Int(version)) }
        let mask = bytes.uint64(at: At.mask)
        let end = size + 4 * mask.nonzeroBitCount
        guard version > 0, end <= bytes.count, isWhole(bytes, end: end) else { return .none }
        let (from, to) = (bytes.uint64(at: At.from), bytes.uint64(at: At.to))
        guard let kind = Kind(rawValue: bytes[At.kind]), bytes[At.stream] == name.stream.rawValue, from <= to,
            to <= FieldReader.greatest,
            UInt64(bytes.uint32(at: At.uncommitted)) <= from,
            bytes.uint64(at: At.logID) == logID, bytes.uint64(at: At.file) == name.first,
            bytes.uint64(at: At.position) == UInt64(position)
        else { return .none }
        var counts: [UInt32] = []
        for index in 0..<mask.nonzeroBitCount { counts.append(bytes.uint32(at: size + 4 * index)) }
        return .head(
            BatchHead(
                kind: kind, stream: name.stream, logID: logID, file: name.first, position: UInt64(position),
                range: from..<to, records: bytes.uint32(at: At.records), length: bytes.uint32(at: At.length),
                mask: mask, counts: counts, routed: bytes.uint32(at: At.routed),
                uncommitted: bytes.uint32(at: At.uncommitted), bodySum: bytes.uint32(at: At.bodySum)))
    }

    /// The log that a head is of, if these bytes begin with one: of whatever log, file and place.
    static func log(of bytes: Span<UInt8>) -> UInt64? {
        guard bytes.count >= size, bytes.uint32(at: At.magic) == magic else { return nil }
        return bytes.uint64(at: At.logID)
    }

    private static func isWhole(_ bytes: Span<UInt8>, end: Int) -> Bool {
        var sum = CRC32C()
        sum.add(bytes.extracting(0..<At.headSum))
        sum.add(bytes.extracting(size..<end))
        return sum.value == bytes.uint32(at: At.headSum)
    }
}
