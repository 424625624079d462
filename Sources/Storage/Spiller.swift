// SPDX-License-Identifier: Apache-2.0
/// Writes what shards still want of the ring's old end into parked segments.
///
/// Used by Committer, when every shard holds still or none has a holder; in pieces, so that commits are not held up.
/// Invariant: of what it wrote nothing counts before `write` has said that all of it is on the disk; what is abandoned is
/// never built upon: the next spill begins a new file.

import LinuxIO
import Ring
import Segments

final class Spiller {
    private struct Spill {
        let look: SpillLook
        var next: UInt64
        let target: UInt64
    }

    /// Bytes of payload in one piece.
    static let piece = 8 << 20

    private var writer: SegmentWriter
    private var batch = SegmentBatch(.parked)
    private var spill: Spill?
    /// A record as it was copied out, before it is known that the producer had left it alone.
    private let scratch = ByteBuffer(capacity: 65_536, limit: .max)

    /// - Parameter end: all below it is stored, or wanted by nobody.
    init(
        _ folder: SegmentFolder, logID: UInt64, end: UInt64, fileSize: Int
    ) throws(SegmentFault) {
        writer = try SegmentWriter(.parked, in: folder, logID: logID, end: end, fileSize: fileSize)
    }

    func tell(_ slots: [Checkpoint.Slot]) { writer.slots = slots }

    /// From now on what is there of a disk that is nearly full will do.
    func settleForLess() { writer.settlesForLess = true }

    /// There is a file, and room, before anybody is asked to hold still.
    func prepare(at first: UInt64) throws(SegmentFault) { try writer.prepare(at: first) }

    func begin(_ look: SpillLook, from first: UInt64, to target: UInt64) {
        spill = Spill(look: look, next: first, target: target)
        batch.begin(at: first)
    }

    /// Writes the next piece.
    /// - Returns: whether that was the last one, and everything is on the disk.
    func write(_ reader: RingReader) throws(SegmentFault) -> Bool {
        guard var spill else { return true }
        var bytes = 0
        while spill.next < spill.target, bytes < Self.piece {
            guard let wanted = copyOut(spill.next, spill.look, reader) else {
                spill.next += 1
                continue
            }
            if append(wanted) {
                bytes += scratch.count
                spill.next += 1
            } else {
                try writer.write(batch)
                batch.begin(at: spill.next)
            }
        }
        let isLast = spill.next >= spill.target
        if isLast, !batch.isEmpty {
            batch.extend(to: spill.target)
            try writer.write(batch)
        }
        // Piece by piece, or the last sync would hold up the log for as long as the whole spill takes.
        try writer.commit()
        self.spill = isLast ? nil : spill
        return isLast
    }

    func abandon() {
        spill = nil
        writer.abandon()
    }

    var hasFiles: Bool { writer.hasFiles }
    func removeFiles(below sequence: UInt64) throws(SegmentFault) { try writer.removeFiles(below: sequence) }
    func hasFiles(below sequence: UInt64) -> Bool { writer.hasFiles(below: sequence) }
    /// Gives back the room that is left in its file. It is only room.
    func close() { try? writer.finish() }

    // MARK: one record

    /// The record with the mask of those who want it, and its payload in `scratch`; nil if nobody does.
    private func copyOut(_ sequence: UInt64, _ look: SpillLook, _ reader: RingReader) -> Wanted? {
        let residue = look.residue(of: sequence)
        guard !residue.isEmpty else { return nil }
        scratch.consume(scratch.count)
        let found = reader.withRecord(sequence) { header, payload in
            _ = scratch.append(payload)
            return header
        }
        // It can't be read by anybody; whoever wants it is to find that out.
        let header = found ?? reader.remains(of: sequence)
        // If the producer has come here meanwhile, everybody's floor has passed it.
        return reader.isHeld(sequence) ? Wanted(header: header, mask: residue.mask) : nil
    }

    private struct Wanted {
        let header: RecordHeader
        let mask: UInt64
    }

    private func append(_ wanted: Wanted) -> Bool {
        scratch.withReadable { batch.append(wanted.header, mask: wanted.mask, sender: nil, payload: $0) }
    }
}
