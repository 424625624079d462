// SPDX-License-Identifier: Apache-2.0
/// What is to be known of a shard's records that have an entry and are not in the ring any more: when they were received,
/// how long they are, and whether they are replays.
///
/// Filled by Shard+Parking as they leave the ring or are taken out of the parked segments; read for their age and for the
/// service's limits.
/// Invariant: by entry of the in-flight table; what is said of an entry whose record lies in the ring means nothing.

import LinuxIO
import Ring

final class OutsideRecords {
    private struct Record {
        var received: UInt64 = 0
        var bytes: UInt32 = 0
        var isReplay = false
    }

    private let records: FixedArray<Record>

    init(capacity: Int) { records = FixedArray(repeating: Record(), count: capacity) }

    func enter(_ index: Int, _ header: RecordHeader) {
        records[index] = Record(
            received: header.time, bytes: UInt32(clamping: header.body.upperBound), isReplay: header.originalID != nil)
    }

    /// Nanoseconds since 1970; 0 if it could not be read.
    func received(_ index: Int) -> UInt64 { records[index].received }
    /// Of topic, source, decoded member and body.
    func bytes(_ index: Int) -> Int { Int(records[index].bytes) }
    func isReplay(_ index: Int) -> Bool { records[index].isReplay }
}
