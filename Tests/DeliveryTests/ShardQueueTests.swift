// SPDX-License-Identifier: Apache-2.0
/// What a shard's queue hands out next, with a table of records instead of a ring.

import Testing

@testable import Delivery

/// Records 1… of one shard: a key each; what is resolved is taken out of `pending`.
final class Records: ShardRecords {
    var keys: [UInt32]
    var pending: Set<UInt64>

    init(_ keys: [UInt32]) {
        self.keys = keys
        pending = Set((0..<keys.count).map { UInt64($0) + 1 })
    }

    var head: UInt64 { UInt64(keys.count) + 1 }
    func nextPending(from: UInt64, to end: UInt64) -> UInt64? {
        from < end ? (from..<end).first { pending.contains($0) } : nil
    }
    func orderKey(of sequence: UInt64) -> UInt32? { keys[Int(sequence) - 1] }
}

@Suite("A shard's queue")
final class ShardQueueTests {
    private let records: Records
    private var queue: ShardQueue

    init() {
        records = Records([1, 1, 2, 1, 2, 3])
        queue = ShardQueue(capacity: 8, isOrdered: false, floor: 1, from: records)
    }

    private func delivery(at now: UInt64 = 0) -> ShardQueue.Delivery? {
        queue.next(now: now, head: records.head, from: records)
    }

    private func next(at now: UInt64 = 0) -> UInt64? { self.delivery(at: now)?.sequence }

    private func handOutAll(at now: UInt64 = 0) -> [UInt64] {
        var all: [UInt64] = []
        while let sequence = next(at: now) { all.append(sequence) }
        return all
    }

    private func order(_ keys: [UInt32]) {
        records.keys = keys
        records.pending = Set((0..<keys.count).map { UInt64($0) + 1 })
        queue = ShardQueue(capacity: 8, isOrdered: true, floor: 1, from: records)
    }

    private func resolve(_ sequence: UInt64) {
        records.pending.remove(sequence)
        queue.resolve(queue.find(sequence)!)
    }

    private func fail(_ sequence: UInt64, due: UInt64) { queue.fail(queue.find(sequence)!, due: due) }

    @Test("hands out new records in their order until it has caught up")
    func inOrder() {
        #expect(handOutAll() == [1, 2, 3, 4, 5, 6])
        #expect(!queue.isBehind && queue.inFlight == 6)
    }

    @Test("has its floor at the lowest record that is not resolved, then at the cursor")
    func floors() {
        _ = handOutAll()
        resolve(2)
        resolve(6)
        #expect(queue.floor == 1)
        resolve(1)
        #expect(queue.floor == 3)
        for sequence in [3, 4, 5] as [UInt64] { resolve(sequence) }
        #expect(queue.floor == 7 && queue.isEmpty)
    }

    @Test("tells when the next is due, whatever was answered late or hurried meanwhile")
    func nextDue() {
        _ = handOutAll()
        for (sequence, due) in [(1, 100), (2, 200), (3, 300)] as [(UInt64, UInt64)] { fail(sequence, due: due) }
        #expect(queue.nextDue == 100)
        resolve(1)
        #expect(queue.nextDue == 200)
        #expect(Set(queue.hurry(now: 50).map(queue.sequence(at:))) == [2, 3] && queue.nextDue == 50)
        #expect(handOutAll(at: 50) == [2, 3] && queue.nextDue == nil)
        fail(2, due: 400)
        resolve(3)
        #expect(queue.nextDue == 400)
        resolve(2)
        #expect(queue.nextDue == nil)
    }

    @Test("hurries what backs off in its order, and holds back what it did")
    func hurryOrdered() {
        order([1, 1, 2])
        #expect(handOutAll() == [1, 2, 3])
        for sequence in [1, 2, 3] as [UInt64] { fail(sequence, due: 1_000) }
        #expect(handOutAll(at: 10) == [])
        #expect(queue.hurry(now: 10).count == 3)
        #expect(handOutAll(at: 10) == [1, 3])
        resolve(1)
        #expect(next(at: 10) == 2)
    }

    @Test("repeats a failed record when it is due, before new ones, and counts the attempt")
    func again() throws {
        #expect(next() == 1)
        fail(1, due: 50)
        #expect(next(at: 49) == 2)
        let delivery = try #require(self.delivery(at: 50))
        #expect(delivery.sequence == 1 && delivery.attempt == 2 && delivery.isRepeated)
        #expect(next(at: 50) == 3)
    }

    @Test("has nothing left to repeat when an answer comes after the failure")
    func lateAnswer() {
        _ = handOutAll()
        fail(1, due: 100)
        resolve(1)
        #expect(queue.nextDue == nil)
    }

    @Test("does not count a delivery that was put back, and repeats it at once")
    func putBack() throws {
        #expect(next() == 1)
        queue.putBack(queue.find(1)!, wasHandedOut: false)
        let delivery = try #require(self.delivery(at: 0))
        #expect(delivery.sequence == 1 && delivery.attempt == 1 && !delivery.isRepeated)
    }

    @Test("hands out nothing new when its table is full, but what is due again")
    func full() {
        queue = ShardQueue(capacity: 2, isOrdered: false, floor: 1, from: records)
        #expect(handOutAll() == [1, 2])
        fail(2, due: 10)
        #expect(next(at: 9) == nil)
        #expect(handOutAll(at: 10) == [2])
        resolve(1)
        #expect(next(at: 10) == 3)
    }

    @Test("follows the frontier when it has caught up, and goes on at a record that it is told of")
    func frontier() {
        _ = handOutAll()
        for sequence in 1...6 as ClosedRange<UInt64> { resolve(sequence) }
        records.keys += [1, 1]
        queue.follow(to: 8, isBehind: false)
        #expect(queue.floor == 8 && next() == nil)
        records.pending.insert(8)
        queue.follow(to: 8, isBehind: true)
        #expect(next() == 8)
    }

    @Test("takes over what was cut off first, in its order and with the same attempt, and keeps a back-off")
    func takeover() {
        records.pending.remove(2)
        queue = ShardQueue(
            capacity: 8, isOrdered: false, floor: 1,
            taken: [
                ShardQueue.Unfinished(index: 5, sequence: 4, failures: 2, due: nil),
                ShardQueue.Unfinished(index: 0, sequence: 3, failures: 0, due: nil),
                ShardQueue.Unfinished(index: 2, sequence: 1, failures: 1, due: 100),
            ], from: records)
        let first = delivery(at: 0)
        #expect(first == ShardQueue.Delivery(index: 0, sequence: 3, attempt: 1, isRepeated: true))
        let second = delivery(at: 0)
        #expect(second == ShardQueue.Delivery(index: 5, sequence: 4, attempt: 3, isRepeated: true))
        #expect(handOutAll() == [5, 6])
        let last = delivery(at: 100)
        #expect(last == ShardQueue.Delivery(index: 2, sequence: 1, attempt: 2, isRepeated: true))
    }

    @Test("with an order, a failed record holds back those of its key, and no others")
    func holdsBack() {
        order([1, 1, 2, 1, 2])
        #expect(next() == 1)
        fail(1, due: 50)
        #expect(handOutAll() == [3, 5])
        #expect(queue.floor == 1)
        #expect(handOutAll(at: 50) == [1])
        resolve(1)
        #expect(handOutAll(at: 50) == [2, 4])
    }

    @Test("with an order, failed records of one key go one after the other")
    func failedInLine() {
        order([1, 1, 1, 1])
        #expect((0..<3).map { _ in next() } == [1, 2, 3])
        fail(3, due: 10)
        fail(1, due: 30)
        fail(2, due: 20)
        #expect(handOutAll(at: 25) == [])
        #expect(handOutAll(at: 30) == [1])
        resolve(1)
        #expect(handOutAll(at: 30) == [2])
        fail(2, due: 40)
        #expect(handOutAll(at: 39) == [])
        #expect(handOutAll(at: 40) == [2])
        resolve(2)
        #expect(handOutAll(at: 40) == [3])
        resolve(3)
        #expect(handOutAll(at: 40) == [4])
    }

    @Test("with an order, what was put back waits for an earlier failed record of its key")
    func putBackInLine() {
        order([1, 1])
        #expect(handOutAll() == [1, 2])
        fail(1, due: 50)
        queue.putBack(queue.find(2)!, wasHandedOut: true)
        #expect(handOutAll(at: 49) == [])
        #expect(handOutAll(at: 50) == [1])
        resolve(1)
        #expect(handOutAll(at: 50) == [2])
    }

    @Test("with an order, a held record survives a takeover")
    func takeoverInOrder() {
        order([1, 1, 2])
        queue = ShardQueue(
            capacity: 8, isOrdered: true, floor: 1,
            taken: [ShardQueue.Unfinished(index: 0, sequence: 1, failures: 1, due: 50)], from: records)
        #expect(handOutAll() == [3])
        #expect(handOutAll(at: 50) == [1])
        resolve(1)
        #expect(handOutAll(at: 50) == [2])
    }

    @Test(
        "hands out every record exactly once until it is resolved, whatever fails",
        arguments: 1...20 as ClosedRange<UInt64>)
    func random(seed: UInt64) {
        var chance = Jitter(seed: seed)
        let records = Records((0..<300).map { _ in UInt32.random(in: 0..<4, using: &chance) })
        let queue = ShardQueue(capacity: 16, isOrdered: true, floor: 1, from: records)
        var held: Set<UInt64> = []
        var failedFirst: [UInt32: UInt64] = [:]
        var now: UInt64 = 0
        while queue.floor < records.head {
            now += 1
            if let delivery = queue.next(now: now, head: records.head, from: records) {
                #expect(held.insert(delivery.sequence).inserted && records.pending.contains(delivery.sequence))
                // Nothing is handed out before a failed one of its key, seed printed by the argument.
                let failed = failedFirst[records.keys[Int(delivery.sequence) - 1]]
                #expect(failed.map { $0 >= delivery.sequence } ?? true)
            }
            guard let sequence = held.randomElement(using: &chance), Bool.random(using: &chance) else { continue }
            held.remove(sequence)
            let key = records.keys[Int(sequence) - 1]
            if UInt8.random(in: 0..<3, using: &chance) == 0 {
                queue.fail(queue.find(sequence)!, due: now + UInt64.random(in: 0..<30, using: &chance))
                failedFirst[key] = min(failedFirst[key] ?? .max, sequence)
            } else {
                records.pending.remove(sequence)
                queue.resolve(queue.find(sequence)!)
                // Failed ones of a key resolve lowest first, unless one was still in flight for its first attempt.
                if failedFirst[key] == sequence { failedFirst[key] = nil }
            }
            #expect(queue.floor <= (records.pending.min() ?? .max))
        }
        #expect(records.pending.isEmpty && queue.isEmpty)
    }
}
