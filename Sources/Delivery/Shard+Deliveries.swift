// SPDX-License-Identifier: Apache-2.0
/// A shard's deliveries, from their beginning to their end: what is written down at each step, and in which order.
///
/// ExecRunner hands out one at a time, the framings of StreamRunner many at once; docs/ring.md, "Delivering", has the order.
/// Invariant: an entry of the in-flight table is written before the delivery that it tells of, and freed only behind its
/// record's outcome.

import Control
import LinuxIO
import Ring
import Wire

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
        FaultPoint.reach(.entryWritten)
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

    @inline(__always) func resolve(_ index: Int, _ outcome: Outcome, now: UInt64) {
        FaultPoint.reach(.answerRead)
        countRun(index, now: now)
        if retention != nil { uncount(index) }
        lease.settle(queue.sequence(at: index), outcome)
        FaultPoint.reach(.outcomeSet)
        lease.table.free(index)
        FaultPoint.reach(.entryFreed)
        queue.resolve(index)
    }

    /// An attempt has failed; the record is tried again as the policy says.
    func fail(_ index: Int, _ failure: Failure, now: UInt64) {
        troubles.set(failure)
        guard standing != .dropping else { return settle(index, .removed, now: now) }
        let attempt = queue.failures(at: index) &+ 1
        let time = Clock.realtime()
        let first = attempt > 1 ? lease.table.firstFailed(index) ?? time : time
        guard let delay = retry.delay(after: attempt, age: time &- min(time, first), &context.jitter) else {
            return bury(index, failure, attempt: attempt, first: first, time, now)
        }
        guard standing != .burying else { return bury(index, .removed, attempt: attempt, first: first, time, now) }
        let due = now.addingSaturated(delay)
        countRun(index, now: now)
        lease.table.backOff(index, attempt: attempt, notBefore: due, firstFailed: first)
        FaultPoint.reach(.backedOff)
        queue.fail(index, due: due)
        retention?.nextExpiry = 0
    }

    /// The service never wants it again.
    func reject(_ index: Int, _ failure: Failure, now: UInt64) {
        troubles.note(failure)
        guard standing != .dropping else { return settle(index, .removed, now: now) }
        let attempt = queue.failures(at: index) &+ 1
        let time = Clock.realtime()
        let first = attempt > 1 ? lease.table.firstFailed(index) ?? time : time
        bury(index, failure, attempt: attempt, first: first, time, now)
    }

    /// It becomes a dead letter as soon as the keeper has it; until then it is pending. Should we die before, a successor
    /// delivers it once more.
    private func bury(_ index: Int, _ failure: Failure, attempt: UInt32, first: UInt64, _ time: UInt64, _ now: UInt64) {
        countRun(index, now: now)
        lease.table.backOff(index, attempt: attempt, notBefore: 0, firstFailed: first)
        queue.bury(index)
        send(index, Failings(attempts: attempt, first: first, last: time, reason: failure.words))
    }

    /// The same for one that is with no process, as its service is removed: that is no attempt.
    func buryRemoved(_ index: Int) {
        enterShared(index)
        let attempts = queue.failures(at: index)
        let time = Clock.realtime()
        let first = attempts > 0 ? lease.table.firstFailed(index) ?? time : time
        lease.table.backOff(index, attempt: attempts, notBefore: 0)
        queue.bury(index, isAttempt: false)
        send(index, Failings(attempts: attempts, first: first, last: time, reason: Failure.removed.words))
    }

    private func send(_ index: Int, _ failings: Failings) {
        context.keeper.add(
            KeeperLink.Letter(shard: self, index: index, sequence: queue.sequence(at: index), failings: failings))
    }

    /// The keeper has the letter.
    func settleKept(_ letter: KeeperLink.Letter) {
        guard holds(letter) else { return }
        resolve(letter.index, .dead, now: context.loop.now)
    }

    /// Whether the letter is still to be kept.
    private func holds(_ letter: KeeperLink.Letter) -> Bool {
        !isClosed && queue.isBuried(letter.index) && queue.sequence(at: letter.index) == letter.sequence
    }

    /// The letter with what its record says; false if there is nothing to be kept any more, or not now.
    func encode(_ letter: KeeperLink.Letter, number: UInt64, to out: inout [UInt8]) -> Bool {
        guard holds(letter) else { return false }
        let log = context.ring.control.logID
        let frame = withRecord(letter.sequence) { record, payload -> KeeperFrame in
            func part(_ range: Range<Int>) -> [UInt8] {
                var bytes: [UInt8] = []
                payload.append(range, to: &bytes)
                return bytes
            }
            let message = KeptMessage(
                service: service.name, id: record.id(in: payload, log: log), time: record.time,
                wireProtocol: record.wireProtocol, decodedKind: record.decodedKind, topic: part(record.topic),
                source: part(record.source), decoded: part(record.decoded), body: part(record.body))
            return .letter(number: number, message, letter.failings)
        }
        guard let frame else {
            let delivery = ShardQueue.Delivery(
                index: letter.index, sequence: letter.sequence, attempt: letter.failings.attempts, isRepeated: true)
            settleUnread(delivery, now: context.loop.now)
            return false
        }
        frame.append(to: &out)
        return true
    }

    /// A delivery came to nothing because no process was there: the attempt does not count.
    func putBack(_ index: Int, wasHandedOut: Bool) {
        flight.land(index)
        lease.table.backOff(index, attempt: queue.failures(at: index), notBefore: 0)
        queue.putBack(index, wasHandedOut: wasHandedOut)
        retention?.nextExpiry = 0
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
