// SPDX-License-Identifier: Apache-2.0
/// The parked segments as a worker's shards read them: one cursor for each shard, all over the same folder.
///
/// Made by WorkerRole for ParkingContext; ParkedCursor asks it.
/// Invariant: an error of the disk is told as `failed` and tried again later; only a record that the segments themselves
/// show as missing is told as damaged.

import LinuxIO
package import Ring
package import Segments

package final class ParkedSegments: ParkedLog {
    private let records: ParkedRecords
    package private(set) var hasFailed = false

    package init(_ folder: SegmentFolder, logID: UInt64) { records = ParkedRecords(folder, logID: logID) }

    package func next(from: UInt64, to: UInt64, bit: UInt64) -> ParkedStep {
        do throws(SegmentFault) {
            let step = try records.next(from: from, to: to, bit: bit)
            hasFailed = false
            return switch step {
            case .record(let header): .record(header)
            case .damaged(let count, let next): .damaged(count: count, next: next)
            case .end: .end
            }
        } catch {
            hasFailed = true
            return .failed
        }
    }

    package func withRecord<R>(_ sequence: UInt64, _ body: (RecordHeader, Span<UInt8>) -> R) -> R? {
        do throws(SegmentFault) {
            hasFailed = false
            guard let header = try records.record(at: sequence) else { return nil }
            return records.withPayload { body(header, $0) }
        } catch {
            hasFailed = true
            return nil
        }
    }

    package func rest() { records.rest() }
}
