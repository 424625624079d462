// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Testing

@testable import Ring

/// Leases: outcomes over laps, floors, in-flight tables, and what passes to the next holder.
@Suite struct ShardLeaseTests {
    @Test("outcomes of every lap are told from those of the lap before", arguments: [1, 3])
    func laps(shards: Int) throws {
        let ring = try TestRing()
        ring.install(0, shards: shards)
        let (producer, worker) = (try ring.producer(), try ring.worker())
        let leases = try (0..<shards).map { try worker.lease(slot: 0, shard: $0) }
        for sequence in UInt64(1)...100 {
            producer.append("x")
            producer.publish()
            let lease = try #require(leases.first { $0.holds(sequence) })
            #expect(lease.outcome(of: sequence) == .pending)
            #expect(lease.settle(sequence, sequence % 2 == 0 ? .delivered : .expired))
            for lease in leases { lease.raiseFloor(to: sequence + 1) }
        }
        let counts = try #require(try ring.ledger().service(at: 0)).counts
        #expect(counts[.delivered] == 50 && counts[.expired] == 50 && counts.pending == 0)
    }

    @Test("an outcome is set once")
    func once() throws {
        let ring = try TestRing()
        ring.install(0)
        let producer = try ring.producer()
        producer.append("x")
        producer.publish()
        let lease = try ring.worker().lease(slot: 0, shard: 0)
        #expect(lease.settle(1, .delivered))
        #expect(!lease.settle(1, .expired))
        #expect(lease.outcome(of: 1) == .delivered)
    }

    @Test("a worker that comes a lap too late changes nothing")
    func late() throws {
        let ring = try TestRing()
        ring.install(0)
        let producer = try ring.producer()
        let worker = try ring.worker()
        let (late, holder) = (try worker.lease(slot: 0, shard: 0), try worker.lease(slot: 0, shard: 0))
        for sequence in UInt64(1)...17 {
            producer.append("x")
            producer.publish()
            if sequence < 17 { holder.settleAll(to: sequence + 1, .delivered) }
        }
        holder.settle(17, .expired)
        #expect(!late.plane.set(.delivered, for: 1))
        #expect(holder.outcome(of: 17) == .expired)
    }

    @Test("the next holder begins at the floor and passes over what is resolved")
    func takeover() throws {
        let ring = try TestRing()
        ring.install(0)
        let producer = try ring.producer()
        for _ in 1...6 { producer.append("x") }
        producer.publish()
        let dead = try ring.worker().lease(slot: 0, shard: 0)
        dead.table.begin(0, sequence: 1, attempt: 1)
        dead.settle(1, .delivered)
        dead.table.free(0)
        dead.raiseFloor(to: 2)
        dead.table.begin(0, sequence: 4, attempt: 1)
        dead.table.begin(1, sequence: 2, attempt: 3)
        dead.table.begin(2, sequence: 3, attempt: 1)
        dead.table.backOff(2, attempt: 1, notBefore: 77)
        dead.settle(4, .delivered)

        let next = try ring.worker().lease(slot: 0, shard: 0)
        #expect(next.floor == 2)
        #expect(next.table[0] == nil)
        #expect(next.table[1] == .init(sequence: 2, attempt: 3, state: .inFlight, notBefore: 0))
        #expect(next.table[2] == .init(sequence: 3, attempt: 1, state: .backingOff, notBefore: 77))
        #expect(next.nextPending(from: 2, to: 7) == 2)
        #expect(next.nextPending(from: 4, to: 7) == 5)
    }

    @Test("a service that takes a used slot starts with a clean account from where it began")
    func incarnation() throws {
        let ring = try TestRing()
        ring.install(0)
        let producer = try ring.producer()
        for _ in 1...5 { producer.append("x") }
        producer.publish()
        let first = try ring.worker().lease(slot: 0, shard: 0)
        first.settleAll(to: 6, .delivered)
        first.status.set(state: .backingOff, running: 0, until: 5, reason: "gone")
        var slot = ServiceSlot(
            name: "second", order: .none, incarnation: 2, since: 6, shards: 1, tableStart: 0, tableCapacity: 64)
        slot.matchedBefore = 5
        ring.supervisor.install(slot, at: 0)
        producer.append("x")
        producer.publish()
        let before = try #require(try ring.ledger().service(at: 0)).counts
        #expect(before[.delivered] == 0 && before.matched == 1 && before.pending == 1)
        let second = try ring.worker().lease(slot: 0, shard: 0)
        #expect(second.floor == 6)
        #expect(second.status.read() == .init())
        #expect(second.table[0] == nil)
    }

    @Test(
        "records are spread over the shards, each to one", arguments: [ServiceSlot.Order.none, .source, .topic, .all])
    func shards(order: ServiceSlot.Order) throws {
        let ring = try TestRing(arena: 1 << 20, records: 1_024)
        ring.install(0, shards: order == .all ? 1 : 4, order: order)
        let producer = try ring.producer()
        for number in UInt32(0)..<100 {
            producer.append("x") {
                $0.sourceHash = number; $0.topicHash = number &* 7
            }
        }
        producer.publish()
        let worker = try ring.worker()
        let leases = try (0..<(order == .all ? 1 : 4)).map { try worker.lease(slot: 0, shard: $0) }
        for sequence in UInt64(1)...100 { #expect(leases.filter { $0.holds(sequence) }.count == 1) }
        if order != .all { for lease in leases { #expect(lease.nextPending(from: 1, to: 101) != nil) } }
    }

    @Test("a slot that was freed holds nothing back, and its next service begins unpaused")
    func freed() throws {
        let ring = try TestRing(arena: 1 << 20, records: 1_024)
        ring.install(0)
        let memory = try MemoryFile.map(ring.files.control.descriptor.raw, writable: true)
        let at = SharedWords(memory).advanced(by: RingLayout.Control.slots)
        at.store(1, RingLayout.Slot.paused)
        ring.install(0)
        #expect(at.relaxed(RingLayout.Slot.paused) == 1)
        ring.supervisor.free(slot: 0)
        #expect(try ring.control().slots().isEmpty)
        ring.install(0, incarnation: 2)
        #expect(at.relaxed(RingLayout.Slot.paused) == 0)
    }

    @Test("a descriptor that leaves the arena is reported, not followed", arguments: [24, 32])
    func corrupt(place: Int) throws {
        let ring = try TestRing()
        ring.install(0)
        let producer = try ring.producer()
        producer.append("x")
        producer.publish()
        let memory = try MemoryFile.map(ring.files.log.descriptor.raw, writable: true)
        SharedWords(memory).store32(.max, RingLayout.Log.descriptors + RingLayout.Log.descriptorStride + place)
        #expect(try ring.worker().body(1) == nil)
    }
}
