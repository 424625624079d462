// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Testing

@testable import Ring

/// Parking: what the committer stores, what a shard finds when it lets the ring go, and what its successor makes of a
/// death in between. The numbers of a ledger are held against what was published.
@Suite struct ParkingTests {
    /// Six records of one shard: 1 delivered, 2 in flight, the others waiting.
    private func filled() throws -> (TestRing, ShardLease) {
        let ring = try TestRing()
        ring.install(0)
        let producer = try ring.producer()
        for _ in 1...6 { producer.append("x") }
        producer.publish()
        let lease = try ring.worker().lease(slot: 0, shard: 0)
        lease.settle(1, .delivered)
        lease.table.begin(0, sequence: 2, attempt: 1)
        return (ring, lease)
    }

    private func spill(_ ring: TestRing, _ lease: ShardLease, to target: UInt64) throws {
        let committer = try ring.committer()
        committer.freeze(to: target)
        #expect(lease.parkingStep == .freeze(to: target))
        #expect(try !ring.reader().isReady(for: target))
        lease.freeze(to: target)
        #expect(lease.parkingStep == .wait)
        #expect(try ring.reader().isReady(for: target))
        committer.spill(to: target)
        #expect(lease.parkingStep == .park(to: target))
    }

    @Test("a record is stored for who waits for it, kept for who has it in a table, and else left out")
    func residue() throws {
        let (ring, lease) = try filled()
        try spill(ring, lease, to: 5)
        let reader = try ring.reader()
        let look = try SpillLook(reader)
        #expect(look.residue(of: 1).isEmpty)
        #expect(look.residue(of: 2) == .init(mask: 0, isTaken: true))
        #expect(look.residue(of: 3) == .init(mask: 1, isTaken: false))
        #expect(reader.isHeld(3))
    }

    @Test("a shard that parks lets the ring go, and every record keeps its place in the ledger")
    func park() throws {
        let (ring, lease) = try filled()
        try spill(ring, lease, to: 5)
        lease.park(to: 5)
        #expect(lease.floor == 5 && lease.parkedFrom == 3 && lease.parkedTo == 5 && lease.hasParked)
        #expect(try #require(try ring.ledger().service(at: 0)).counts.parked == 3)
        lease.settle(2, .delivered)
        lease.table.free(0)
        #expect(try #require(try ring.ledger().service(at: 0)).counts.parked == 2)
        lease.table.take(0, sequence: 3)
        lease.advanceParked(to: 4)
        lease.table.begin(0, sequence: 3, attempt: 1)
        #expect(lease.settle(3, .dead))
        #expect(!lease.settle(3, .dead))
        let counts = try #require(try ring.ledger().service(at: 0)).counts
        #expect(counts[.delivered] == 2 && counts[.dead] == 1 && counts.pending == 3 && counts.parked == 1)
    }

    @Test("what is parked is what is pending and not in the ring, of several shards, one of which has not let go yet")
    func parkedOfSeveral() throws {
        let ring = try TestRing(records: 32)
        ring.install(0, shards: 3)
        ring.install(1)
        let (producer, worker) = (try ring.producer(), try ring.worker())
        for number in 1...20 { producer.append("x", for: number % 5 == 0 ? [1] : [0]) }
        producer.publish()
        let leases = try (0..<3).map { try worker.lease(slot: 0, shard: $0) }
        for (shard, lease) in leases.enumerated() {
            for sequence in (1...20 as ClosedRange<UInt64>).filter({ [1, 2, 3, 7, 13, 14].contains($0) })
            where lease.holds(sequence) { lease.settle(sequence, .delivered) }
            lease.freeze(to: 12)
            if shard < 2 { lease.park(to: 12) }
        }
        // Of 4, 6, 8, 9 and 11 below 12, those of shard 2 (8 and 11) are in the ring still.
        let counts = try #require(try ring.ledger().service(at: 0)).counts
        #expect(counts.matched == 16 && counts.pending == 10 && counts.parked == 3)
    }

    @Test("the oldest that waits is the oldest parked one, as long as the holder says that there is one")
    func oldestParked() throws {
        let ring = try TestRing()
        ring.install(0)
        let producer = try ring.producer()
        for time in 1...6 { producer.append("x") { $0.time = UInt64(time) * 10 } }
        producer.publish()
        let lease = try ring.worker().lease(slot: 0, shard: 0)
        lease.settle(1, .delivered)
        try spill(ring, lease, to: 5)
        let ledger = try ring.ledger()
        func oldest(_ read: (ServiceSlot, UInt64) -> UInt64?) throws -> UInt64? {
            let (slot, counts) = try #require(try ledger.service(at: 0))
            return read(slot, counts.floor)
        }
        #expect(try oldest { ledger.oldest(at: 0, of: $0, floor: $1) } == 20)
        lease.park(to: 5)
        #expect(try oldest { ledger.oldest(at: 0, of: $0, floor: $1) } == 20)
        #expect(try oldest { ledger.oldestInRing(at: 0, of: $0, floor: $1) } == 50)
        lease.oldestParked = 0
        #expect(try oldest { ledger.oldest(at: 0, of: $0, floor: $1) } == 50)
    }

    @Test("a successor finishes a parking that was begun, and delivers nothing twice that has an outcome")
    func takeover() throws {
        let (ring, lease) = try filled()
        try spill(ring, lease, to: 5)
        lease.settle(2, .delivered)
        // Dead between the range and the turn of the floor, with the entry of 2 not freed yet.
        lease.block.store(3, RingLayout.Shard.parkedFrom)
        lease.block.store(5, RingLayout.Shard.parkedTo)
        let next = try ring.worker().lease(slot: 0, shard: 0)
        #expect(next.floor == 5 && next.table[0] == nil && next.parkedFrom == 3)
        // Dead between an outcome below the floor and the freeing of its entry, with parkedFrom not advanced.
        next.table.take(0, sequence: 3)
        let third = try ring.worker().lease(slot: 0, shard: 0)
        #expect(third.parkedFrom == 4 && third.table[0]?.state == .taken)
        third.settle(3, .delivered)
        let fourth = try ring.worker().lease(slot: 0, shard: 0)
        #expect(fourth.table[0] == nil && fourth.parkedFrom == 4)
        let counts = try #require(try ring.ledger().service(at: 0)).counts
        #expect(counts[.delivered] == 3 && counts.pending == 3)
    }

    @Test("many parked records that are given up at once are counted once, wherever the holder dies")
    func giveUp() throws {
        let (ring, lease) = try filled()
        try spill(ring, lease, to: 5)
        lease.park(to: 5)
        lease.settleParked(through: 4, count: 2, .overflow)
        lease.block.store(3, RingLayout.Shard.parkedFrom)
        let next = try ring.worker().lease(slot: 0, shard: 0)
        #expect(!next.hasParked)
        #expect(try #require(try ring.ledger().service(at: 0)).counts[.overflow] == 2)
    }

    @Test("a segment may go only when no shard has still to park, read or finish what lies in it")
    func deletion() throws {
        let (ring, lease) = try filled()
        try spill(ring, lease, to: 5)
        let reader = try ring.reader()
        #expect(!reader.isDone(below: 5))
        lease.park(to: 5)
        #expect(!reader.isDone(below: 5))
        lease.settleParked(through: 4, count: 2, .expired)
        #expect(!reader.isDone(below: 5))
        lease.settle(2, .delivered)
        lease.table.free(0)
        #expect(reader.isDone(below: 5))
    }

    @Test("workers read and the producer overwrites nothing that is not committed")
    func committed() throws {
        let ring = try TestRing()
        ring.install(0)
        try ring.committer().commit(to: 1)
        let producer = try ring.producer()
        let worker = try ring.worker()
        producer.append("x")
        producer.publish()
        #expect(worker.head == 1 && producer.committed == 1)
        try ring.committer().commit(to: 2)
        #expect(worker.head == 2 && producer.committed == 2)
    }

    @Test("a new ring goes on from what an earlier one left")
    func contents() throws {
        let (ring, lease) = try filled()
        try spill(ring, lease, to: 7)
        lease.park(to: 7)
        let reader = try ring.reader()
        let slot = try #require(try ring.control().slot(0))
        var contents = RingContents()
        contents.next = 7
        contents.totals = reader.intake().totals
        contents.slots = [.init(index: 0, slot: slot, shards: [try #require(reader.state(slot, at: 0, shard: 0))])]
        contents.senders = [(SenderID(high: 1, low: 2), 9, 4)]
        let new = try TestRing(contents: contents)
        new.install(0)
        #expect(try new.reader().senders().map(\.last) == [9])
        // What the earlier ring held is not in this one's memory.
        let observer = try RingObserver(log: MemoryFile.map(new.files.log.descriptor.raw, writable: false))
        observer.seek(to: 2)
        #expect(observer.next == 7 && observer.gone == 5)
        let next = try new.worker().lease(slot: 0, shard: 0)
        #expect(next.floor == 7 && next.parkedFrom == 3 && next.parkedTo == 7)
        #expect(next.table[0]?.sequence == 2)
        let counts = try #require(try new.ledger().service(at: 0)).counts
        #expect(counts.matched == 6 && counts[.delivered] == 1 && counts.pending == 5)
    }

    @Test("a replay carries the id of its original behind its body")
    func replay() throws {
        let ring = try TestRing()
        let (producer, reader) = (try ring.producer(), try ring.reader())
        let original = OriginalID(log: 7, epoch: 8, sequence: 9)
        let (body, none) = (Array("body".utf8), [UInt8]())
        _ = producer.append(
            RecordMeta(), replaying: original, topic: none.span, source: none.span, decoded: none.span,
            body: body.span)
        producer.publish()
        let found = reader.withRecord(1) { header, payload in
            (header.body.count, header.originalID.flatMap { OriginalID(payload.extracting($0)) })
        }
        #expect(found?.0 == 4 && found?.1 == original)
    }
}
