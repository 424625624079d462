// SPDX-License-Identifier: Apache-2.0
/// Where parked records are read: the parked segments, or a table in a test.
///
/// WorkerContext opens one for each shard; ParkedCursor reads it.
/// Invariant: a record that can't be read is told as damaged, and never left out in silence.

package import LinuxIO
package import Ring

package enum ParkedStep {
    case record(RecordHeader)
    /// So many records for the slot can't be read any more; from `next` on it goes on.
    case damaged(count: UInt64, next: UInt64)
    /// The disk does not give it now.
    case failed
    case end
}

package protocol ParkedLog: AnyObject {
    /// The first record of from..<to that carries the bit.
    func next(from: UInt64, to: UInt64, bit: UInt64) -> ParkedStep
    /// Lends out a single record; nil if it is damaged, or the disk does not give it now (`hasFailed`).
    func withRecord<R>(_ sequence: UInt64, _ body: (RecordHeader, Span<UInt8>) -> R) -> R?
    /// Whether the last call came to nothing for the disk's sake.
    var hasFailed: Bool { get }
    /// Nothing is wanted for now.
    func rest()
}

/// What a worker needs for parked records: the committer's bell, and the segments.
package final class ParkingContext {
    let committerBell: EventCounter
    let open: () -> any ParkedLog

    package init(committerBell: consuming EventCounter, open: @escaping () -> any ParkedLog) {
        self.committerBell = committerBell
        self.open = open
    }
}

/// One shard's place in the parked records, with the next one in hand.
final class ParkedCursor {
    let log: any ParkedLog
    private let lease: ShardLease
    private var ahead: RecordHeader?

    init(_ log: any ParkedLog, _ lease: ShardLease) {
        self.log = log
        self.lease = lease
    }

    /// The lowest parked record of the shard that stands in no entry; asked again, the same.
    func next() -> ParkedStep {
        var from = lease.parkedFrom
        if let ahead, ahead.sequence >= from { return .record(ahead) }
        ahead = nil
        while true {
            let step = log.next(from: from, to: lease.parkedTo, bit: 1 << UInt64(lease.slotIndex))
            guard case .record(let header) = step else { return step }
            guard lease.holds(header) else {
                from = header.sequence &+ 1
                continue
            }
            ahead = header
            return step
        }
    }
}
