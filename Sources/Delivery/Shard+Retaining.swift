// SPDX-License-Identifier: Apache-2.0
/// A shard's side of its service's `retain`: it counts what is pending, and looks once a round whether that is too much, or
/// too old.
///
/// Worker asks it before anything is handed out; Retention keeps the count, Shard+Shedding drops.
/// Invariant: what comes is counted in the round in which it is seen, before it can get an outcome.

import LinuxIO
import Ring

extension Shard {
    /// So much is dropped, or counted in segments, before the worker looks after the others.
    static let stepsPerRound = 4_096

    /// Begins with the limits of the present definition.
    func beginRetaining() {
        retention = Retention(
            service.retain, shard: lease.shard, of: lease.slot.shards, floor: lease.floor,
            parked: lease.parkedFrom..<max(lease.parkedFrom, lease.parkedTo))
        recount()
    }

    /// Drops what is too much, or too old.
    func keepToLimits(now: UInt64, head: UInt64) {
        hasMoreToShed = false
        guard let retention, stage == .serving, !isGivenUp else { return }
        countArrivals(to: head)
        countParked(retention, now: now)
        if retention.isOver { shed(retention, now: now, head: head) }
        guard retention.age != nil, retention.nextExpiry < .max else { return }
        let time = Clock.realtime()
        if retention.nextExpiry <= time { expire(retention, before: time, now: now, head: head) }
    }

    /// When it is to be asked though nothing has happened, monotonic nanoseconds.
    func retainingDeadline(now: UInt64) -> UInt64 {
        guard let retention, stage == .serving else { return .max }
        if hasMoreToShed { return now }
        guard retention.nextExpiry < .max else { return .max }
        let time = Clock.realtime()
        return now.addingSaturated(retention.nextExpiry - min(retention.nextExpiry, time))
    }

    /// Whether what comes next may be too much. Everybody is woken each sixteenth of the ring in any case.
    var isNearLimit: Bool { retention?.mayExceed(by: context.ring.geometry.arenaSize / 8) ?? false }

    // MARK: counting

    /// - Parameter head: where the ring ends for now, or what is let go of.
    func countArrivals(to head: UInt64) {
        guard let retention else { return }
        var from = retention.seen
        var isFirst = true
        while let sequence = lease.nextPending(from: from, to: head) {
            if isFirst { retention.expect(context.ring.time(at: sequence)) }
            isFirst = false
            // By age alone only the first matters.
            guard retention.bytes != nil else { break }
            retention.add(context.ring.byteCount(at: sequence))
            from = sequence &+ 1
        }
        retention.look(to: head)
    }

    /// What a predecessor has left parked, some of it at a time.
    private func countParked(_ retention: Retention, now: UInt64) {
        guard !retention.uncounted.isEmpty else { return }
        guard let parking = context.parking, queue.hasParked else { return retention.countedAll() }
        guard now >= diskPausedUntil else { return }
        let log = countingLog ?? parking.open()
        countingLog = log
        for _ in 0..<Self.stepsPerRound {
            let range = max(retention.uncounted.lowerBound, lease.parkedFrom)..<retention.uncounted.upperBound
            switch range.isEmpty
                ? .end : log.next(from: range.lowerBound, to: range.upperBound, bit: 1 << UInt64(lease.slotIndex))
            {
            case .record(let header):
                if lease.holds(header) { retention.add(header.body.upperBound) }
                retention.counted(through: header.sequence)
            case .damaged(_, let next): retention.counted(through: max(next, 1) &- 1)
            case .failed: return pauseDisk(now)
            case .end:
                countingLog = nil
                return retention.countedAll()
            }
        }
        hasMoreToShed = true
    }

    /// A parked record gets an entry.
    func countTaken(_ header: RecordHeader) {
        guard let retention, retention.uncounted.contains(header.sequence) else { return }
        retention.add(header.body.upperBound)
        retention.counted(through: header.sequence)
    }

    /// An entry's record is about to get its outcome.
    @inline(never) func uncount(_ index: Int) {
        guard let retention else { return }
        let sequence = queue.sequence(at: index)
        if sequence < lease.floor {
            retention.subtract(outside.bytes(index))
        } else if sequence < retention.seen {
            retention.subtract(context.ring.byteCount(at: sequence))
        }
    }

    /// Begins to count anew, but for what is parked.
    func recount() {
        guard let retention else { return }
        var bytes = 0
        queue.forEach { index, sequence in if sequence < lease.floor { bytes += outside.bytes(index) } }
        retention.recount(from: lease.floor, outside: bytes)
    }
}
