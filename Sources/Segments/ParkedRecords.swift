// SPDX-License-Identifier: Apache-2.0
/// A cursor over the parked segments, for one shard: what it wants next, and single records for another attempt.
///
/// Used by the shard's holder, while the committer goes on appending and deleting files. It looks only at what is
/// below `parkedTo`, which the committer has synced, and from `parkedFrom` on, which keeps the files.
/// Invariant: records that can't be read are never passed over in silence: `damaged` says how many there are.

internal import LinuxIO
package import Ring

package final class ParkedRecords {
    package enum Step {
        /// Its payload is lent by `withPayload`.
        case record(RecordHeader)
        /// So many records for the slot can't be read. Go on from `next`, and it is not told again. A slot with several
        /// shards can't tell whose they are: let its first shard count them.
        case damaged(count: UInt64, next: UInt64)
        /// There is nothing more below `to`.
        case end
    }

    private let index: ParkedIndex
    /// In memory, the one used last at the end: the batch that is being handed out, and one for other attempts.
    private var loaded: [LoadedBatch] = []
    private var found: (batch: LoadedBatch, record: StoredRecord)?

    package init(_ folder: SegmentFolder, logID: UInt64) { index = ParkedIndex(folder, logID: logID) }

    /// The first record of from..<to that carries the bit.
    package func next(from: UInt64, to: UInt64, bit: UInt64) throws(SegmentFault) -> Step {
        var sequence = from
        while sequence < to, let place = try index.batch(endingBehind: sequence, below: to, bit: bit) {
            let batch = try load(place)
            let record = batch.next(from: sequence, bits: bit)
            // Told where the first of them may lie, and before what stands behind it: so it is told once.
            if sequence <= batch.gap, record.map({ $0.header.sequence > batch.gap }) ?? true {
                let missing = batch.missing(bit: bit)
                if missing > 0 { return .damaged(count: missing, next: batch.gap + 1) }
            }
            if let record, record.header.sequence < min(to, place.end) {
                found = (batch, record)
                return .record(record.header)
            }
            sequence = place.end
        }
        return .end
    }

    /// A single record, for another attempt; nil if it can't be read, or could not be when it was stored: it has no topic
    /// then.
    package func record(at sequence: UInt64) throws(SegmentFault) -> RecordHeader? {
        guard let place = try index.batch(endingBehind: sequence, below: sequence + 1, bit: nil) else { return nil }
        let batch = try load(place)
        guard let record = batch.next(from: sequence, bits: nil), record.header.sequence == sequence,
            !record.header.topic.isEmpty
        else { return nil }
        found = (batch, record)
        return record.header
    }

    /// Lends the payload of the record that was found last; nil before the first.
    package func withPayload<R>(_ read: (Span<UInt8>) -> R) -> R? {
        found.map { found in found.batch.withPayload(of: found.record, read) }
    }

    /// Lets go of memory and files: nothing more is wanted for now.
    package func rest() {
        loaded = []
        found = nil
        index.rest()
    }

    private func load(_ place: ParkedIndex.Place) throws(SegmentFault) -> LoadedBatch {
        if let known = loaded.firstIndex(where: { $0.head == place.head }) {
            let batch = loaded.remove(at: known)
            loaded.append(batch)
            return batch
        }
        let batch = try LoadedBatch(place.head, from: try index.reader(of: place))
        if loaded.count == 2 { loaded.removeFirst() }
        loaded.append(batch)
        return batch
    }
}
