// SPDX-License-Identifier: Apache-2.0
// The holder of a shard, as far as the committer has to do with it: it holds still, lets go, and delivers one record after
// the other, parked ones first.

import Ring
import Segments

final class Holder {
    let lease: ShardLease
    private let worker: RingWorker
    private let records: ParkedRecords
    /// What it delivered, in its order.
    private(set) var delivered: [UInt64] = []

    init(_ bench: Bench, slot: Int = 0, shard: Int = 0) throws {
        worker = try bench.worker()
        lease = try worker.lease(slot: slot, shard: shard)
        records = ParkedRecords(bench.disk.folder, logID: 0xBE1F)
    }

    /// Does what the committer asks for.
    /// - Returns: whether something may be handed out from the ring.
    @discardableResult
    func obey() -> Bool {
        switch lease.parkingStep {
        case .none: return true
        case .freeze(let target):
            lease.freeze(to: target)
            return false
        case .wait: return false
        case .park(let target):
            lease.park(to: target)
            return true
        }
    }

    /// Delivers so many at most.
    func deliver(_ most: Int = .max) throws {
        for _ in 0..<most {
            let mayHandOut = obey()
            if lease.hasParked {
                try deliverParked()
            } else if mayHandOut, let sequence = lease.nextPending(from: lease.floor, to: worker.head) {
                lease.table.begin(0, sequence: sequence, attempt: 1)
                settle(sequence)
                lease.raiseFloor(to: sequence + 1)
            } else {
                if mayHandOut { lease.raiseFloor(to: worker.head) }
                return
            }
        }
    }

    private func deliverParked() throws {
        let bit: UInt64 = 1 << UInt64(lease.slotIndex)
        switch try records.next(from: lease.parkedFrom, to: lease.parkedTo, bit: bit) {
        case .record(let header):
            guard lease.holds(header) else { return lease.advanceParked(to: header.sequence + 1) }
            lease.table.take(0, sequence: header.sequence)
            lease.advanceParked(to: header.sequence + 1)
            lease.table.begin(0, sequence: header.sequence, attempt: 1)
            settle(header.sequence)
        case .damaged(let count, let next): lease.settleParked(through: next - 1, count: count, .corrupt)
        case .end: lease.advanceParked(to: lease.parkedTo)
        }
    }

    private func settle(_ sequence: UInt64) {
        if lease.settle(sequence, .delivered) { delivered.append(sequence) }
        lease.table.free(0)
    }
}
