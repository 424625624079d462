// SPDX-License-Identifier: Apache-2.0
/// A batch of records in memory, to be looked through by sequence. Used by ParkedRecords and Recovery.
///
/// Of a damaged one it knows those records that are whole by themselves, wherever they lie.
/// Invariant: `record` and `next` give out only records whose sum was right, in rising sequence.

internal import LinuxIO
internal import Ring

package final class LoadedBatch {
    package let head: BatchHead
    package let isWhole: Bool
    private let body: ByteBuffer
    /// Where records begin, of a damaged batch.
    private var salvaged: [Int] = []
    /// Of a damaged batch: the lowest sequence of its range that is not a salvaged record's.
    private(set) var gap: UInt64
    /// Where the last search ended, for the next one to go on: no record before the place has this sequence or a later one.
    private var cursor = (index: 0, place: 0, sequence: UInt64(0))

    package init(_ head: BatchHead, from reader: SegmentReader) throws(SegmentFault) {
        self.head = head
        body = ByteBuffer(capacity: max(Int(head.length), 1), limit: .max)
        gap = head.range.upperBound
        isWhole = try reader.load(head, into: body)
        if !isWhole { salvage() }
    }

    package func withPayload<R>(of record: StoredRecord, _ read: (Span<UInt8>) -> R) -> R {
        body.withReadable { read($0.extracting(record.payload)) }
    }

    /// The slots, if it tells of those; nil if they can't be read.
    package var slots: [Checkpoint.Slot]? {
        guard head.kind == .slots, isWhole else { return nil }
        return body.withReadable { bytes in
            var fields = FieldReader()
            var slots: [Checkpoint.Slot] = []
            for _ in 0..<head.records where !fields.isBroken { slots.append(SlotCoding.read(bytes, &fields)) }
            return fields.isBroken ? nil : slots
        }
    }

    /// The first record from `sequence` on that carries one of the bits, or any if `bits` is nil.
    package func next(from sequence: UInt64, bits: UInt64?) -> StoredRecord? {
        if sequence < cursor.sequence { cursor = (0, 0, 0) }
        while let record = current() {
            if record.header.sequence >= sequence, bits.map({ record.header.mask & $0 != 0 }) ?? true {
                cursor.sequence = record.header.sequence
                return record
            }
            cursor = (cursor.index + 1, record.end, record.header.sequence + 1)
        }
        return nil
    }

    /// How many records for a slot can't be read.
    package func missing(bit: UInt64) -> UInt64 {
        guard !isWhole else { return 0 }
        var found: UInt32 = 0
        for place in salvaged where read(at: place).map({ $0.header.mask & bit != 0 }) ?? false { found += 1 }
        return UInt64(head.count(of: bit) - min(found, head.count(of: bit)))
    }

    private func current() -> StoredRecord? {
        if isWhole { return read(at: cursor.place) }
        return cursor.index < salvaged.count ? read(at: salvaged[cursor.index]) : nil
    }

    private func read(at place: Int) -> StoredRecord? {
        guard head.kind == .records else { return nil }
        return body.withReadable { StoredRecord.read($0, at: place) }
    }

    /// Finds the records that are whole: a damaged one's length tells nothing, so each eighth byte may begin the next.
    private func salvage() {
        var place = 0
        var expected = head.range.lowerBound
        gap = head.range.lowerBound
        while place < body.count {
            guard let record = read(at: place), record.header.sequence >= expected,
                record.header.sequence < head.range.upperBound
            else {
                place += 8
                continue
            }
            salvaged.append(place)
            if record.header.sequence == gap { gap += 1 }
            expected = record.header.sequence + 1
            place = record.end
        }
    }
}

extension StoredRecord {
    /// Where the next one begins, in the batch's body.
    var end: Int { payload.lowerBound - Self.headCount + Self.count(payload: payload.count) }
}
