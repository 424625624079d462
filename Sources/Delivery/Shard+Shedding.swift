// SPDX-License-Identifier: Apache-2.0
/// What a shard drops because its service wants no more of it, or nothing so old: the oldest first, wherever it lies,
/// whether the service runs or not.
///
/// Shard+Retaining says when.
/// Invariant: what is with a process, or on its way to the keeper, is never dropped; and while the committer looks,
/// nothing of the ring that has no entry is settled.

import LinuxIO
import Ring

extension Shard {
    /// How long what is in the way is left alone, nanoseconds.
    private static let pause: UInt64 = 1_000_000_000

    /// What waits for the service and is with no process.
    private enum Waiting {
        case entry(Int)
        case parked(RecordHeader)
        case ring(UInt64)
    }

    // MARK: too much

    func shed(_ retention: Retention, now: UInt64, head: UInt64) {
        var entries = queue.waiting[...]
        var steps = Self.stepsPerRound
        while retention.isOver, let victim = oldest(&entries, retention, now: now, head: head) {
            guard steps > 0 else {
                hasMoreToShed = true
                break
            }
            steps -= 1
            if case .entry = victim { entries.removeFirst() }
            give(up: victim, .overflow, retention)
        }
        endGivingUp(head: head)
    }

    private func oldest(
        _ entries: inout ArraySlice<Int>, _ retention: Retention, now: UInt64, head: UInt64
    ) -> Waiting? {
        let entry = entries.first.map { (index: $0, sequence: queue.sequence(at: $0)) }
        if queue.hasParked {
            // Parked ones that can't be read now are older than all but what has an entry.
            if let entry, entry.sequence < lease.parkedFrom { return .entry(entry.index) }
            if let header = parkedAhead(now: now) {
                return entry.map { $0.sequence < header.sequence ? .entry($0.index) : nil } ?? .parked(header)
            }
            if queue.hasParked { return nil }
        }
        let ring = firstInRing(from: retention.ringFrom, to: head)
        retention.ringFrom = ring ?? max(retention.ringFrom, lease.floor)
        guard let entry, entry.sequence < ring ?? .max else { return ring.map { .ring($0) } }
        return .entry(entry.index)
    }

    /// The lowest parked record without an entry; nil if there is none, or the disk does not give it now.
    private func parkedAhead(now: UInt64) -> RecordHeader? {
        while queue.hasParked, now >= diskPausedUntil, let parked {
            switch parked.next() {
            case .record(let header): return header
            case .damaged(let count, let next): settleDamaged(count, next: next, parked)
            case .failed: pauseDisk(now)
            case .end: endParked()
            }
        }
        return nil
    }

    /// The lowest pending record of the ring without an entry that may be settled now.
    private func firstInRing(from start: UInt64, to head: UInt64) -> UInt64? {
        var from = max(start, lease.floor)
        while let sequence = lease.nextPending(from: from, to: head) {
            if queue.find(sequence) == nil { return sequence >= queue.frozenTo ? sequence : nil }
            from = sequence &+ 1
        }
        return nil
    }

    private func give(up victim: Waiting, _ outcome: Outcome, _ retention: Retention) {
        switch victim {
        case .entry(let index): resolve(index, outcome, now: 0)
        case .parked(let header):
            if retention.uncounted.contains(header.sequence) {
                retention.counted(through: header.sequence)
            } else {
                retention.subtract(header.body.upperBound)
            }
            lease.settleParked(through: header.sequence, count: 1, outcome)
        case .ring(let sequence):
            retention.subtract(context.ring.byteCount(at: sequence))
            lease.settle(sequence, outcome)
        }
        troubles.note(outcome == .expired ? .expired : .overflow)
    }

    /// The queue need not look at what was dropped, so that the floor can rise; and segments may be free.
    private func endGivingUp(head: UInt64) {
        if !queue.hasParked { queue.pass(to: lease.nextPending(from: queue.cursor, to: head) ?? head) }
        tellCommitter()
    }

    // MARK: too old

    /// A replay is not too old, whatever its message is: somebody has asked for it.
    func expire(_ retention: Retention, before time: UInt64, now: UInt64, head: UInt64) {
        retention.nextExpiry = .max
        let cutoff = retention.cutoff(at: time)
        for index in queue.waiting where !isReplay(index) {
            let received = received(index)
            if received > cutoff || received == 0 {
                retention.expect(received)
            } else {
                give(up: .entry(index), .expired, retention)
            }
        }
        var steps = Self.stepsPerRound
        let isStuck = !expireParked(retention, cutoff, &steps, now: now)
        expireRing(retention, cutoff, &steps, head: head)
        endGivingUp(head: head)
        if isStuck || queue.isFrozen { retention.look(again: time &+ Self.pause) }
        guard steps == 0 else { return }
        retention.nextExpiry = 0
        hasMoreToShed = true
    }

    /// - Returns: false if the disk does not give them now, or there is no room for a replay that is in the way.
    private func expireParked(_ retention: Retention, _ cutoff: UInt64, _ steps: inout Int, now: UInt64) -> Bool {
        while steps > 0, let header = parkedAhead(now: now) {
            guard header.time <= cutoff else {
                retention.expect(header.time)
                return true
            }
            steps -= 1
            if header.originalID == nil {
                give(up: .parked(header), .expired, retention)
            } else if !takeParked(now: now) {
                return false
            }
        }
        return steps == 0 || !queue.hasParked
    }

    private func expireRing(_ retention: Retention, _ cutoff: UInt64, _ steps: inout Int, head: UInt64) {
        guard !queue.hasParked else { return }
        while steps > 0, let sequence = firstInRing(from: retention.agedTo, to: head) {
            retention.agedTo = sequence
            let received = context.ring.time(at: sequence)
            guard received <= cutoff else { return retention.expect(received) }
            steps -= 1
            retention.agedTo = sequence &+ 1
            if !context.ring.isReplayed(at: sequence) { give(up: .ring(sequence), .expired, retention) }
        }
    }

    private func isReplay(_ index: Int) -> Bool {
        let sequence = queue.sequence(at: index)
        return sequence < lease.floor ? outside.isReplay(index) : context.ring.isReplayed(at: sequence)
    }

    private func received(_ index: Int) -> UInt64 {
        let sequence = queue.sequence(at: index)
        return sequence < lease.floor ? outside.received(index) : context.ring.time(at: sequence)
    }
}
