// SPDX-License-Identifier: Apache-2.0
/// Writes what is published into the commit log, many records with one sync. Disk mode.
///
/// Used by Committer, which then says in its page how far it got.
/// Invariant: `commit` returns only when all up to where it says is on the disk; after an error nothing of it counts, and
/// the same records are written again into a new file.

import Ring
import Segments

final class CommitLog {
    struct Written {
        var end: UInt64
        /// The slots of its records.
        var mask: UInt64 = 0
        var bytes = 0
    }

    /// Bytes of payload that one sync is for: senders are not to wait for a whole ring.
    static let round = 16 << 20

    private var writer: SegmentWriter
    private var batch = SegmentBatch(.log)

    /// - Parameter end: all below it is committed.
    init(
        _ folder: SegmentFolder, logID: UInt64, end: UInt64, fileSize: Int
    ) throws(SegmentFault) {
        writer = try SegmentWriter(.log, in: folder, logID: logID, end: end, fileSize: fileSize)
    }

    /// Told in the log before the next record.
    func tell(_ slots: [Checkpoint.Slot]) { writer.slots = slots }

    /// From the first that is not committed to `head`, or so far as one round goes.
    func commit(_ reader: RingReader, from first: UInt64, to head: UInt64) throws(SegmentFault) -> Written {
        var written = Written(end: first)
        batch.begin(at: first)
        while written.end < head, written.bytes < Self.round {
            if let header = append(written.end, reader) {
                written.mask |= header.mask
                written.bytes += header.payloadCount
                written.end += 1
            } else {
                try writer.write(batch)
                batch.begin(at: written.end)
            }
        }
        if !batch.isEmpty { try writer.write(batch) }
        try writer.commit()
        return written
    }

    /// - Returns: nil if the batch is full.
    private func append(_ sequence: UInt64, _ reader: RingReader) -> RecordHeader? {
        let sender = reader.sender(of: sequence).map { StoredRecord.Sender(id: $0.id, number: $0.number) }
        let appended: RecordHeader?? = reader.withRecord(sequence) { header, payload in
            batch.append(header, mask: header.mask, sender: sender, payload: payload) ? header : nil
        }
        if let appended { return appended }
        // It can't be read by anybody; whoever wants it is to find that out.
        let remains = reader.remains(of: sequence)
        return batch.append(remains, mask: remains.mask, sender: sender, payload: Span()) ? remains : nil
    }

    /// The file that is being written to stays: most of the time nothing of it is needed, and the next record comes soon.
    func removeFiles(below sequence: UInt64) throws(SegmentFault) {
        try writer.removeFiles(below: sequence, keepingLast: true)
    }
    func hasFiles(below sequence: UInt64) -> Bool { writer.hasFiles(below: sequence, keepingLast: true) }
    /// Gives back the room that is left in its file. It is only room.
    func close() { try? writer.finish() }
}
