// SPDX-License-Identifier: Apache-2.0
/// A shard's side of parking: it holds still when the committer is to look, lets go of the ring behind it, and reads
/// from the parked segments what it has let go of.
///
/// Worker asks it once a round, before anything is handed out. docs/ring.md, "Parking", has the order of the steps.
/// Invariant: whatever of the ring is frozen and has an entry in the queue has one in the shared table, too; a parked
/// record stands in the shared table before `parkedFrom` passes it.

import LinuxIO
import Ring

extension Shard {
    /// How long a disk that gives nothing is left alone, nanoseconds.
    private static let diskPause: UInt64 = 1_000_000_000

    /// Does what the committer asks for.
    func keepToSpills() {
        switch lease.parkingStep {
        case .none: queue.thaw()
        case .freeze(let target):
            raiseFloor()
            queue.freeze(to: target)
            enterLookedAt()
            lease.freeze(to: target)
            FaultPoint.reach(.shardFrozen)
            tellCommitter()
        // A predecessor has said it, and up to where is not known here.
        case .wait: if !queue.isFrozen { queue.freeze(to: .max) }
        case .park(let target):
            raiseFloor()
            countArrivals(to: target)
            leaveRing(below: target)
            lease.park(to: target)
            queue.park(below: target, hasParked: lease.hasParked)
            tellCommitter()
            // It may have asked for the next one already, with the same ring of the bell.
            keepToSpills()
        }
    }

    /// What was only looked at has an entry in the queue alone: the committer must see it, too.
    private func enterLookedAt() {
        queue.forEachWaiting { index, _ in enterShared(index) }
    }

    /// Gives what may have an entry in the queue alone one in the shared table.
    func enterShared(_ index: Int) {
        let sequence = queue.sequence(at: index)
        guard lease.table[index]?.sequence != sequence else { return }
        lease.table.begin(index, sequence: sequence, attempt: 0)
        lease.table.backOff(index, attempt: 0, notBefore: 0)
    }

    func tellCommitter() {
        if context.ring.committerWaits() { context.parking?.committerBell.ring() }
    }

    // MARK: handing out

    /// What is due of the parked records; of the ring if there is none left.
    @inline(never) func nextParked(now: UInt64, head: UInt64) -> ShardQueue.Delivery? {
        guard queue.hasParked else { return nil }
        while takeParked(now: now) {
            if let delivery = queue.next(now: now, head: head, from: lease) { return delivery }
        }
        return queue.hasParked ? nil : queue.next(now: now, head: head, from: lease)
    }

    /// Takes the next parked record into the table, where it waits for its turn.
    /// - Returns: false if there is none, or no room for it, or it can't be read now.
    func takeParked(now: UInt64) -> Bool {
        guard queue.hasParked, !queue.isFull, now >= diskPausedUntil, let parked else { return false }
        switch parked.next() {
        case .record(let header): take(header, parked)
        case .damaged(let count, let next): settleDamaged(count, next: next, parked)
        case .failed:
            pauseDisk(now)
            return false
        case .end:
            endParked()
            return false
        }
        return true
    }

    private func take(_ header: RecordHeader, _ parked: ParkedCursor) {
        guard let index = queue.take(header.sequence, key: lease.orderKey(of: header) ?? 0) else { return }
        outside.enter(index, header)
        countTaken(header)
        lease.table.take(index, sequence: header.sequence)
        FaultPoint.reach(.parkedTaken)
        lease.advanceParked(to: header.sequence &+ 1)
        FaultPoint.reach(.parkedPassed)
    }

    /// What a predecessor, or an earlier ring, has left in entries below the floor is read once.
    func learnOutside() {
        guard let parked else { return }
        for index in 0..<lease.table.capacity {
            guard let entry = lease.table[index], entry.sequence < lease.floor else { continue }
            _ = parked.log.withRecord(entry.sequence) { header, _ in outside.enter(index, header) }
        }
    }

    /// What stands in entries is about to leave the ring.
    private func leaveRing(below target: UInt64) {
        queue.forEach { index, sequence in
            guard sequence >= lease.floor, sequence < target else { return }
            _ = context.ring.withRecord(sequence) { header, _ in outside.enter(index, header) }
        }
    }

    /// Says, once a round, since when what has left the ring has been waiting.
    func tellOldest(now: UInt64) {
        if queue.old > 0, let first = queue.bySequence.first {
            lease.oldestParked = outside.received(first)
        } else if !queue.hasParked {
            lease.oldestParked = 0
        } else if now >= diskPausedUntil, case .record(let header) = parked?.next() {
            lease.oldestParked = header.time
        }
    }

    /// Whose they were of several shards nobody can tell: the first one counts them.
    func settleDamaged(_ count: UInt64, next: UInt64, _ parked: ParkedCursor) {
        if lease.shard == 0, next > lease.parkedFrom {
            lease.settleParked(through: next &- 1, count: count, .corrupt)
        } else {
            lease.advanceParked(to: next)
        }
        troubles.set(.damagedSegment(count))
    }

    func endParked() {
        lease.advanceParked(to: lease.parkedTo)
        parked?.log.rest()
        queue.endParked()
        owesSearch = lease.shard == 0
        nextSearch = 0
        // What could not be read is forgotten by it; the ring is looked through at once.
        recount()
        hasMoreToShed = retention != nil
        tellCommitter()
    }

    /// Behind the last parked record: what was parked, and was not found, is counted. Whose shards' it was nobody can tell:
    /// the first one counts it, when the others have none parked either.
    func searchMissing(now: UInt64) {
        guard owesSearch, now >= nextSearch else { return }
        guard let count = lease.missing() else {
            nextSearch = now.addingSaturated(Self.diskPause)
            return
        }
        owesSearch = false
        guard count > 0 else { return }
        lease.settleMissing(count, .corrupt)
        troubles.set(.damagedSegment(count))
    }

    func pauseDisk(_ now: UInt64) {
        diskPausedUntil = now.addingSaturated(Self.diskPause)
        troubles.set(.unreadableSegment)
    }

    /// When it is to be looked after though nothing has happened, monotonic nanoseconds.
    func parkingDeadline(now: UInt64) -> UInt64 {
        (queue.hasParked || standing == .burying) && diskPausedUntil > now ? diskPausedUntil : .max
    }

    // MARK: reading

    /// Lends out a record, from wherever it lies.
    /// - Returns: nil if it can't be read.
    @inline(__always)
    func withRecord<R>(_ sequence: UInt64, _ body: (RecordHeader, Span<UInt8>) -> R) -> R? {
        guard sequence < lease.floor else { return context.ring.withRecord(sequence, body) }
        return parked?.log.withRecord(sequence, body)
    }

    /// A delivery whose record can't be read: later, if the disk did not give it, else never.
    func settleUnread(_ delivery: ShardQueue.Delivery, now: UInt64) {
        let index = delivery.index
        guard delivery.sequence < lease.floor, parked?.log.hasFailed ?? true else { return settleCorrupt(index) }
        pauseDisk(now)
        flight.land(index)
        lease.table.backOff(index, attempt: queue.failures(at: index), notBefore: diskPausedUntil)
        queue.putBack(index, wasHandedOut: delivery.isRepeated, due: diskPausedUntil)
        retention?.nextExpiry = 0
    }
}

/// Where the entries that a holder finds have their keys from.
struct FoundRecords: ShardRecords {
    let lease: ShardLease
    let parked: ParkedCursor?

    func nextPending(from: UInt64, to end: UInt64) -> UInt64? { lease.nextPending(from: from, to: end) }

    func orderKey(of sequence: UInt64) -> UInt32? {
        guard sequence < lease.floor else { return lease.orderKey(of: sequence) }
        guard lease.slot.order != .all else { return 0 }
        // One that can't be read is found out when it is delivered.
        return parked?.log.withRecord(sequence) { header, _ in lease.orderKey(of: header) } ?? nil
    }
}
