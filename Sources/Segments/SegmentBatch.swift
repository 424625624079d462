// SPDX-License-Identifier: Apache-2.0
/// A batch that is being gathered: records, or the slots, until SegmentWriter writes it in one go.
///
/// The committer keeps one and fills it again and again; its memory stays, so that nothing is allocated per record.
/// Invariant: records come in rising sequence, and head and counts tell exactly what the body holds.

internal import LinuxIO
package import Ring

package struct SegmentBatch: ~Copyable {
    /// A batch holds so many bytes of records, or a single larger one.
    package static let usual = 1 << 20

    let stream: SegmentStream
    private(set) var kind = BatchHead.Kind.records
    /// The sequences that it tells of.
    package private(set) var range: Range<UInt64> = 0..<0
    package private(set) var records: UInt32 = 0
    private var mask: UInt64 = 0
    private var counts = InlineArray<64, UInt32>(repeating: 0)
    private var routed: UInt32 = 0
    let body: ByteBuffer
    private let limit: Int

    package init(_ stream: SegmentStream, limit: Int = usual) {
        self.stream = stream
        self.limit = limit
        body = ByteBuffer(capacity: limit, limit: .max)
    }

    /// Whether there are records in it. (A range without records needs no batch.)
    package var isEmpty: Bool { records == 0 }

    /// Begins anew, with a range that begins here and is empty.
    package mutating func begin(at sequence: UInt64) {
        kind = .records
        range = sequence..<sequence
        body.consume(body.count)
        body.shrink()
        records = 0
        mask = 0
        routed = 0
        counts = InlineArray(repeating: 0)
    }

    /// - Parameters:
    ///   - mask: for whom it is: in the log the record's own, of a parked one the slots that still want it.
    ///   - payload: all of it, as the ring has it.
    /// - Returns: false, and nothing done, if the batch is full: write it and begin the next one.
    package mutating func append(
        _ header: RecordHeader, mask wanted: UInt64, sender: StoredRecord.Sender?,
        payload: Span<UInt8>
    ) -> Bool {
        precondition(header.sequence >= range.upperBound)
        guard isEmpty || body.count + StoredRecord.count(payload: payload.count) <= limit else { return false }
        StoredRecord.append(header, mask: wanted, sender: sender, payload: payload, to: body)
        range = range.lowerBound..<header.sequence &+ 1
        records += 1
        mask |= wanted
        if wanted != 0 { routed += 1 }
        var rest = wanted
        while rest != 0 {
            counts[rest.trailingZeroBitCount] &+= 1
            rest &= rest &- 1
        }
        return true
    }

    /// The range goes on to here, without a record that anybody wants.
    package mutating func extend(to sequence: UInt64) { range = range.lowerBound..<max(sequence, range.upperBound) }

    /// Becomes a batch that tells of the slots as they are from `sequence` on.
    mutating func tell(_ slots: [Checkpoint.Slot], at sequence: UInt64) {
        begin(at: sequence)
        kind = .slots
        for slot in slots { SlotCoding.append(slot.slot, at: slot.index, isPaused: slot.isPaused, to: body) }
        records = UInt32(slots.count)
    }

    /// The head for a place in a file.
    /// - Parameter committed: all below it is on the disk.
    func head(logID: UInt64, file: UInt64, position: Int, committed: UInt64) -> BatchHead {
        var table: [UInt32] = []
        for index in counts.indices where mask >> UInt64(index) & 1 != 0 { table.append(counts[index]) }
        return BatchHead(
            kind: kind, stream: stream, logID: logID, file: file, position: UInt64(position), range: range,
            records: records, length: UInt32(body.count), mask: mask, counts: table, routed: routed,
            uncommitted: UInt32(clamping: range.lowerBound - min(committed, range.lowerBound)),
            bodySum: body.withReadable { CRC32C.of($0) })
    }
}
