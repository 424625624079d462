// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Testing

@testable import Ring

/// The ledger read from the regions: both sides balance above and below the floors, whoever has died.
@Suite struct RingLedgerTests {
    @Test("outcomes above the floor are counted as well as those below it", arguments: [1, 3])
    func aboveTheFloor(shards: Int) throws {
        let ring = try TestRing(arena: 1 << 20, records: 1_024)
        ring.install(0, shards: shards)
        let (producer, worker) = (try ring.producer(), try ring.worker())
        for _ in 1...30 { producer.append("x") }
        producer.publish()
        let leases = try (0..<shards).map { try worker.lease(slot: 0, shard: $0) }
        for sequence in UInt64(1)...30 where sequence % 7 != 0 {
            leases.first { $0.holds(sequence) }?.settle(sequence, sequence % 2 == 0 ? .delivered : .expired)
        }
        for lease in leases { lease.raiseFloor(to: lease.nextPending(from: lease.floor, to: 31) ?? 31) }
        let counts = try #require(try ring.ledger().service(at: 0)).counts
        #expect(counts.matched == 30 && counts.pending == 4)
        #expect(counts[.delivered] == 13 && counts[.expired] == 13)
    }

    @Test("in flight and backing off are counted from the tables")
    func tables() throws {
        let ring = try TestRing()
        ring.install(0)
        let producer = try ring.producer()
        for _ in 1...5 { producer.append("x") }
        producer.publish()
        let lease = try ring.worker().lease(slot: 0, shard: 0)
        for index in 0..<3 { lease.table.begin(index, sequence: UInt64(index) + 1, attempt: 1) }
        lease.table.backOff(1, attempt: 1, notBefore: 9)
        let counts = try #require(try ring.ledger().service(at: 0)).counts
        #expect(counts.inFlight == 2 && counts.backingOff == 1 && counts.pending == 5)
    }

    @Test("the use of the ring is what the lowest floor holds")
    func use() throws {
        let ring = try TestRing()
        ring.install(0)
        let producer = try ring.producer()
        for time in 1...3 { producer.append("12345678") { $0.time = UInt64(time) } }
        producer.publish()
        let ledger = try ring.ledger()
        #expect(ledger.use() == .init(records: 3, recordCapacity: 16, bytes: 48, byteCapacity: 4_096, oldest: 1))
        #expect(ledger.use().percent == 18)
        let lease = try ring.worker().lease(slot: 0, shard: 0)
        lease.settle(1, .delivered)
        lease.raiseFloor(to: 2)
        #expect(ledger.use().oldest == 2 && ledger.use().records == 2)
        lease.settleAll(to: 4, .shutdown)
        #expect(ledger.use() == .init(records: 0, recordCapacity: 16, bytes: 0, byteCapacity: 4_096, oldest: nil))
    }

    @Test("the floor of an idle shard that lags does not count as use")
    func lag() throws {
        let ring = try TestRing()
        ring.install(0)
        ring.install(1)
        let producer = try ring.producer()
        for _ in 1...3 { producer.append("x", for: [0]) }
        producer.publish()
        let lease = try ring.worker().lease(slot: 0, shard: 0)
        for sequence in UInt64(1)...3 { lease.settle(sequence, .delivered) }
        #expect(try ring.ledger().use().records == 0)
    }

    @Test("a free slot has no account")
    func free() throws { #expect(try TestRing().ledger().service(at: 5) == nil) }

    @Test("the oldest that a service has not resolved is its own, whatever holds the ring")
    func oldest() throws {
        let ring = try TestRing()
        ring.install(0)
        ring.install(1, shards: 2)
        let producer = try ring.producer()
        for (time, slots) in [(10, [0]), (20, [0, 1]), (30, [1]), (40, [0, 1])] {
            producer.append("x", for: slots) { $0.time = UInt64(time) }
        }
        producer.publish()
        let ledger = try ring.ledger()
        func oldest(_ index: Int) throws -> UInt64? {
            let (slot, counts) = try #require(try ledger.service(at: index))
            return ledger.oldest(at: index, of: slot, floor: counts.floor)
        }
        #expect(try oldest(0) == 10 && oldest(1) == 20)
        let worker = try ring.worker()
        try worker.lease(slot: 1, shard: 0).settle(2, .delivered)
        #expect(try oldest(0) == 10 && oldest(1) == 30)
        try worker.lease(slot: 0, shard: 0).settleAll(to: 5, .shutdown)
        #expect(try oldest(0) == nil && oldest(1) == 30)
    }

    @Test("launch and run times of all shards are added, those of an earlier service are not")
    func times() throws {
        let ring = try TestRing()
        ring.install(0, shards: 3)
        let worker = try ring.worker()
        for shard in 0..<2 {
            let lease = try worker.lease(slot: 0, shard: shard)
            lease.times.count(.launch, 1_000_000)
            for _ in 0...shard { lease.times.count(.run, 50_000) }
        }
        let ledger = try ring.ledger()
        var slot = try #require(try ledger.service(at: 0)).slot
        #expect(ledger.times(at: 0, of: slot).launch.total == 2 && ledger.times(at: 0, of: slot).run.total == 3)
        slot.incarnation = 2
        #expect(ledger.times(at: 0, of: slot) == RingLedger.Times())
    }
}
