// SPDX-License-Identifier: Apache-2.0
/// A shard's deliveries, from their beginning to their end: what is written down at each step, and in which order.
///
/// ExecRunner hands out one at a time, the framings of StreamRunner many at once; docs/ring.md, "Delivering", has the order.
/// Invariant: an entry of the in-flight table is written before the delivery that it tells of, and freed only behind its
/// record's outcome.

import Control
import Ring

extension Shard {
    /// The next delivery, recorded as begun.
    func handOut(now: UInt64, head: UInt64) -> ShardQueue.Delivery? {
        guard isServing, let delivery = next(now: now, head: head) else { return nil }
        context.count(.deliveries, 1)
        return delivery
    }

    /// Hands out up to `most` deliveries, each recorded as begun before `encode` gets it.
    /// - Parameter encode: returns whether there is room for another.
    /// - Returns: how many.
    func handOut(
        atMost most: Int, now: UInt64, head: UInt64,
        encode: (ShardQueue.Delivery, RecordHeader, Span<UInt8>) -> Bool
    ) -> Int {
        var (count, corrupt, hasRoom) = (0, 0, isServing)
        while hasRoom, count < most, let delivery = next(now: now, head: head) {
            let encoded = withRecord(delivery.sequence) { encode(delivery, $0, $1) }
            if let encoded {
                hasRoom = encoded
                count &+= 1
            } else {
                corrupt &+= 1
                settleUnread(delivery, now: now)
            }
        }
        context.count(.deliveries, count &+ corrupt)
        return count
    }

    private func next(now: UInt64, head: UInt64) -> ShardQueue.Delivery? {
        guard let delivery = queue.next(now: now, head: head, from: lease) ?? nextParked(now: now, head: head) else {
            return nil
        }
        flight.add(delivery.index, now: now)
        lease.table.begin(delivery.index, sequence: delivery.sequence, attempt: delivery.attempt)
        if delivery.attempt > 1 {
            context.count(.retries, 1)
            lease.status.countRetry()
        }
        return delivery
    }

    /// Its process runs only from this moment on, which is when its run time begins.
    func begin(_ index: Int, at now: UInt64) { flight.add(index, now: now) }

    /// Whether there is something to be handed out now.
    func hasWork(now: UInt64, head: UInt64) -> Bool {
        guard let delivery = queue.next(now: now, head: head, from: lease) ?? nextParked(now: now, head: head) else {
            return false
        }
        queue.putBack(delivery.index, wasHandedOut: delivery.isRepeated)
        return true
    }

    /// Gives a record its outcome.
    /// - Parameter failure: why it is not delivered, for the operator.
    func settle(_ index: Int, _ outcome: Outcome, because failure: Failure? = nil, now: UInt64) {
        if let failure { troubles.note(failure) }
        resolve(index, outcome, now: now)
        if outcome == .delivered { troubles.clearFailure() }
    }

    /// One of many deliveries that have succeeded; `succeed` is called for all of them together.
    func deliver(_ index: Int, now: UInt64) { resolve(index, .delivered, now: now) }
    func succeed() { troubles.clearFailure() }

    @inline(__always) private func resolve(_ index: Int, _ outcome: Outcome, now: UInt64) {
        countRun(index, now: now)
        lease.settle(queue.sequence(at: index), outcome)
        lease.table.free(index)
        queue.resolve(index)
    }

    /// An attempt has failed; the record is tried again as the policy says.
    func fail(_ index: Int, _ failure: Failure, now: UInt64) {
        troubles.set(failure)
        guard !service.isDropping else { return settle(index, .removed, now: now) }
        let attempt = queue.failures(at: index) &+ 1
        let due = now.addingSaturated(retry.delay(after: attempt, &context.jitter))
        countRun(index, now: now)
        lease.table.backOff(index, attempt: attempt, notBefore: due)
        queue.fail(index, due: due)
    }

    /// A delivery came to nothing because no process was there: the attempt does not count.
    func putBack(_ index: Int, wasHandedOut: Bool) {
        flight.land(index)
        lease.table.backOff(index, attempt: queue.failures(at: index), notBefore: 0)
        queue.putBack(index, wasHandedOut: wasHandedOut)
    }

    /// From hand-out to the answer, or to the time-out that stands for it; an answer that comes after that is not counted
    /// again.
    @inline(__always) private func countRun(_ index: Int, now: UInt64) {
        guard let begun = flight.land(index) else { return }
        lease.times.count(.run, now &- min(now, begun))
    }

    /// The ring can't give the record: it has an outcome of its own, and the operator a line in the log.
    func settleCorrupt(_ index: Int) {
        let failure = Failure.corruptRecord(queue.sequence(at: index))
        flight.land(index)
        settle(index, .corrupt, now: 0)
        troubles.set(failure)
        context.log.error("service \(service.name): \(failure)")
    }
}
