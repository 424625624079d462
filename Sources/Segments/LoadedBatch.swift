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
    /// Where the records begin that were looked at so far; of a damaged batch those that are whole.
    private var known: [(sequence: UInt64, place: Int)] = []
    /// Where the one behind them begins; nil if there is none.
    private var position: Int? = 0
    /// Of a damaged batch: the lowest sequence of its range that is not a salvaged record's.
    private(set) var gap: UInt64

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
            while slots.count < Int(head.records), !fields.isBroken { slots.append(SlotCoding.read(bytes, &fields)) }
            return fields.isBroken ? nil : slots
        }
    }

    /// The first record from `sequence` on that carries one of the bits, or any if `bits` is nil.
    package func next(from sequence: UInt64, bits: UInt64?) -> StoredRecord? {
        func fits(_ record: StoredRecord) -> Bool {
            record.header.sequence >= sequence && (bits.map { record.header.mask & $0 != 0 } ?? true)
        }
        for entry in known[firstKnown(from: sequence)...] {
            if let record = read(at: entry.place), fits(record) { return record }
        }
        while let record = lookOn() {
            if fits(record) { return record }
        }
        return nil
    }

    private func firstKnown(from sequence: UInt64) -> Int {
        var (low, high) = (0, known.count)
        while low < high {
            let middle = (low + high) / 2
            if known[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The record behind those that were looked at.
    private func lookOn() -> StoredRecord? {
        guard let place = position, let record = read(at: place) else {
            position = nil
            return nil
        }
        known.append((record.header.sequence, place))
        position = record.end
        return record
    }

    /// How many records for a slot can't be read.
    package func missing(bit: UInt64) -> UInt64 {
        guard !isWhole else { return 0 }
        var found: UInt32 = 0
        for entry in known where read(at: entry.place).map({ $0.header.mask & bit != 0 }) ?? false { found += 1 }
        return UInt64(head.count(of: bit) - min(found, head.count(of: bit)))
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
            known.append((record.header.sequence, place))
            if record.header.sequence == gap { gap += 1 }
            expected = record.header.sequence + 1
            place = record.end
        }
        position = nil
    }
}

extension StoredRecord {
    /// Where the next one begins, in the batch's body.
    var end: Int { payload.lowerBound - Self.headCount + Self.count(payload: payload.count) }
}
