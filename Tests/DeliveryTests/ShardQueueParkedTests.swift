// SPDX-License-Identifier: Apache-2.0
/// What a shard's queue hands out while the committer looks and while there are parked records, with a table of records
/// instead of ring and segments.

import Testing

@testable import Delivery

@Suite("A shard's queue, with parked records")
final class ShardQueueParkedTests {
    private let records = Records([1, 1, 2, 1, 2, 3])
    private var queue: ShardQueue

    init() { queue = ShardQueue(capacity: 8, isOrdered: false, floor: 1, from: records) }

    private func next(at now: UInt64 = 0) -> UInt64? {
        queue.next(now: now, head: records.head, from: records)?.sequence
    }

    private func handOutAll(at now: UInt64 = 0) -> [UInt64] {
        var all: [UInt64] = []
        while let sequence = next(at: now) { all.append(sequence) }
        return all
    }

    private func resolve(_ sequence: UInt64) {
        records.pending.remove(sequence)
        queue.resolve(queue.find(sequence)!)
    }

    private func fail(_ sequence: UInt64, due: UInt64) { queue.fail(queue.find(sequence)!, due: due) }

    @Test("takes nothing new below where it is frozen, and goes on where it was when that is over")
    func frozen() {
        #expect(next() == 1)
        queue.freeze(to: 4)
        #expect(next() == nil)
        fail(1, due: 5)
        #expect(next(at: 5) == 1 && next(at: 5) == nil)
        queue.thaw()
        #expect(handOutAll() == [2, 3, 4, 5, 6])
    }

    @Test("goes on with the ring while it is frozen, if it is beyond that already")
    func frozenBehind() {
        for sequence in 1...4 as ClosedRange<UInt64> { #expect(next() == sequence) }
        queue.freeze(to: 4)
        #expect(handOutAll() == [5, 6])
    }

    @Test("takes nothing from the ring while there are parked records, and never again from below their end")
    func parked() {
        #expect(next() == 1)
        queue.park(below: 4, hasParked: true)
        #expect(next() == nil && queue.isBehind && queue.floor == 4)
        #expect(queue.take(2, key: 1) != nil && next() == 2 && next() == nil)
        queue.endParked()
        #expect(handOutAll() == [4, 5, 6])
        #expect(queue.floor == 4)
        for sequence in [1, 4, 5, 6] as [UInt64] { resolve(sequence) }
        #expect(queue.floor == 7 && !queue.isEmpty)
        resolve(2)
        #expect(queue.isEmpty)
    }

    @Test(
        "with an order puts a parked record into its key's line, and what was passed over is not looked for in the ring"
    )
    func parkedInLine() {
        queue = ShardQueue(capacity: 8, isOrdered: true, floor: 1, from: records)
        #expect(next() == 1)
        fail(1, due: 9)
        // 2 and 4 are passed over behind it.
        #expect(handOutAll() == [3, 5, 6])
        queue.park(below: 7, hasParked: true)
        #expect(queue.take(2, key: 1) != nil && queue.take(4, key: 1) != nil && next() == nil)
        queue.endParked()
        #expect(next(at: 9) == 1)
        resolve(1)
        #expect(next(at: 9) == 2 && next(at: 9) == nil)
        resolve(2)
        #expect(handOutAll(at: 9) == [4])
    }

    @Test("keeps its floor at what was passed over in the ring behind a parked record")
    func passedOverBehindParked() {
        queue = ShardQueue(capacity: 8, isOrdered: true, floor: 1, from: records)
        #expect(next() == 1)
        fail(1, due: 9)
        queue.park(below: 4, hasParked: false)
        // 4 is passed over.
        #expect(handOutAll() == [5, 6])
        resolve(5)
        resolve(6)
        #expect(queue.floor == 4)
        #expect(next(at: 9) == 1)
        resolve(1)
        #expect(queue.floor == 4 && handOutAll() == [4])
        resolve(4)
        #expect(queue.floor == 7)
    }
}
