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
        writer = try SegmentWriter(.log, in: folder, logID: logID, end: end, fileSize: fileSize, keepsRoom: true)
    }

    /// Told in the log before the next record.
    func tell(_ slots: [Checkpoint.Slot]) { writer.slots = slots }

    /// From the first that is not committed to `head`, or so far as one round goes.
    func commit(_ reader: RingReader, from first: UInt64, to head: UInt64) throws(SegmentFault) -> Written {
        var written = Written(end: first)
        batch.begin(at: first)
        Self.fill(&batch, reader, to: head, &written)
        while written.end < head, written.bytes < Self.round {
            try writer.write(batch)
            batch.begin(at: written.end)
            Self.fill(&batch, reader, to: head, &written)
        }
        if !batch.isEmpty { try writer.write(batch) }
        try writer.commit()
        return written
    }

    /// Appends the next records until the batch is full or the round is over.
    private static func fill(
        _ batch: inout SegmentBatch, _ reader: RingReader, to head: UInt64, _ written: inout Written
    ) {
        while written.end < head, written.bytes < round, append(written.end, reader, to: &batch, &written) {}
    }

    /// - Returns: false, and nothing done, if the batch is full.
    private static func append(
        _ sequence: UInt64, _ reader: RingReader, to batch: inout SegmentBatch, _ written: inout Written
    ) -> Bool {
        let sender = reader.sender(of: sequence).map { StoredRecord.Sender(id: $0.id, number: $0.number) }
        // No header leaves this closure: it is long, and would be copied for each record.
        let isAppended = reader.withRecord(sequence) { header, payload in
            guard batch.append(header, mask: header.mask, sender: sender, payload: payload) else { return false }
            written.mask |= header.mask
            written.bytes += header.payloadCount
            return true
        }
        if isAppended ?? appendRemains(of: sequence, reader, sender, to: &batch, &written) {
            written.end += 1
            return true
        }
        return false
    }

    /// It can't be read by anybody; whoever wants it is to find that out.
    private static func appendRemains(
        of sequence: UInt64, _ reader: RingReader, _ sender: StoredRecord.Sender?, to batch: inout SegmentBatch,
        _ written: inout Written
    ) -> Bool {
        let remains = reader.remains(of: sequence)
        guard batch.append(remains, mask: remains.mask, sender: sender, payload: Span()) else { return false }
        written.mask |= remains.mask
        return true
    }

    /// The file that is being written to stays: most of the time nothing of it is needed, and the next record comes soon.
    func removeFiles(below sequence: UInt64) throws(SegmentFault) {
        try writer.removeFiles(below: sequence, keepingLast: true)
    }
    func hasFiles(below sequence: UInt64) -> Bool { writer.hasFiles(below: sequence, keepingLast: true) }
    /// Gives back the room that is kept for its next files. It is only room.
    func giveBackRoom() { try? writer.giveBackRoom() }
    /// Gives back that which is left in its file, too.
    func close() {
        try? writer.finish()
        giveBackRoom()
    }
}
