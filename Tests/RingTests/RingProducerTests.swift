// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Testing

@testable import Ring

/// The producer: append, publish, space, refusals and senders, over every wrap-around.
@Suite struct RingProducerTests {
    @Test("an appended record is seen by nobody before it is published")
    func publish() throws {
        let ring = try TestRing()
        ring.install(0)
        let (producer, worker) = (try ring.producer(), try ring.worker())
        #expect(producer.append("one") == .appended(1))
        #expect(worker.head == 1)
        producer.publish()
        #expect(worker.head == 2)
        #expect(worker.body(1) == "one")
    }

    @Test("a batch becomes visible as a whole, with its totals")
    func batch() throws {
        let ring = try TestRing()
        ring.install(0)
        ring.install(1)
        let producer = try ring.producer()
        producer.append("a", for: [0])
        producer.append("b", for: [0, 1])
        producer.append("c", for: [])
        producer.refuse(3)
        producer.countDuplicate()
        #expect(try ring.ledger().intake().received == 0)
        producer.publish()
        let intake = try ring.ledger().intake()
        #expect(intake.received == 5 && intake.published == 3 && intake.duplicate == 1 && intake.refused(3) == 1)
        #expect(intake.routed == 2 && intake.unrouted == 1)
        #expect(intake.matched(0) == 2 && intake.matched(1) == 1)
    }

    @Test("a refusal alone is published too")
    func refusalAlone() throws {
        let ring = try TestRing()
        let producer = try ring.producer()
        for _ in 0..<3 {
            producer.refuse(0)
            producer.publish()
        }
        #expect(try ring.ledger().intake().refused(0) == 3)
        #expect(try ring.ledger().head == 1)
    }

    @Test("a record never straddles the arena's end, at any place of the end", arguments: 0..<24)
    func straddle(_ shift: Int) throws {
        let ring = try TestRing()
        ring.install(0)
        let (producer, worker) = (try ring.producer(), try ring.worker())
        let lease = try worker.lease(slot: 0, shard: 0)
        // 4,096 bytes of arena: the third record comes to lie on its end, then before it, then behind it.
        let bodies = [1_990 + shift, 1_990, 200, 200].map { String(repeating: "x", count: $0) + "end" }
        for (index, body) in bodies.enumerated() {
            #expect(producer.append(body) == .appended(UInt64(index) + 1))
            producer.publish()
            #expect(worker.body(UInt64(index) + 1) == body)
            lease.settle(UInt64(index) + 1, .delivered)
            lease.raiseFloor(to: UInt64(index) + 2)
        }
    }

    @Test("an arena that is full refuses the record until the floor rises")
    func full() throws {
        let ring = try TestRing(arena: 4_096, records: 1_024)
        ring.install(0)
        let (producer, worker) = (try ring.producer(), try ring.worker())
        let lease = try worker.lease(slot: 0, shard: 0)
        let body = String(repeating: "x", count: 252)  // with topic and source 256 bytes
        for _ in 0..<16 {
            guard case .appended = producer.append(body) else { Issue.record("full too early"); return }
        }
        producer.publish()
        #expect(producer.append(body) == .full)
        lease.settle(1, .delivered)
        #expect(producer.append(body) == .full)
        lease.raiseFloor(to: 2)
        #expect(producer.append(body) == .appended(17))
        #expect(producer.append(body) == .full)
    }

    @Test("a ring out of descriptors refuses the record until the floor passes a whole outcome word")
    func outOfDescriptors() throws {
        let ring = try TestRing(arena: 1 << 20, records: 16)
        ring.install(0)
        let producer = try ring.producer()
        let lease = try ring.worker().lease(slot: 0, shard: 0)
        for sequence in UInt64(1)...15 { #expect(producer.append("x") == .appended(sequence)) }
        producer.publish()
        #expect(producer.append("x") == .full)
        for sequence in UInt64(1)...7 { lease.settle(sequence, .delivered) }
        lease.raiseFloor(to: 7)
        // Record 16 would share its outcome word with record 7, which may be pending.
        #expect(producer.append("x") == .full)
        lease.raiseFloor(to: 8)
        for sequence in UInt64(16)...23 { #expect(producer.append("x") == .appended(sequence)) }
        #expect(producer.append("x") == .full)
    }

    @Test("the slowest service holds the ring, and only it")
    func slowest() throws {
        let ring = try TestRing()
        ring.install(0)
        ring.install(1)
        let (producer, worker) = (try ring.producer(), try ring.worker())
        let leases = try (0..<2).map { try worker.lease(slot: $0, shard: 0) }
        for _ in 0..<15 { producer.append("x", for: [0, 1]) }
        producer.publish()
        leases[0].settleAll(to: 16, .delivered)
        #expect(producer.append("y") == .full)
        leases[1].settleAll(to: 16, .delivered)
        #expect(producer.append("y") == .appended(16))
    }

    @Test("without a service nothing holds the ring")
    func unrouted() throws {
        let producer = try TestRing().producer()
        for sequence in 1...100 {
            #expect(producer.append("x", for: []) == .appended(UInt64(sequence)))
            producer.publish()
        }
    }

    @Test("a record over half the arena is told apart from a full ring")
    func tooLarge() throws {
        let producer = try TestRing().producer()
        #expect(producer.append(String(repeating: "x", count: 2_045)) == .tooLarge)
        #expect(producer.append(String(repeating: "x", count: 2_044)) == .appended(1))
    }

    @Test("a floor beyond the head, as a worker gone wrong writes it, frees no unpublished record")
    func wrongFloor() throws {
        let ring = try TestRing()
        ring.install(0)
        let producer = try ring.producer()
        let lease = try ring.worker().lease(slot: 0, shard: 0)
        lease.raiseFloor(to: 1_000)
        for _ in 0..<16 { producer.append("x") }
        #expect(producer.append("x") == .full)
    }

    @Test("a slot that was left half written holds the ring instead of freeing it")
    func halfWritten() throws {
        let ring = try TestRing()
        ring.install(0)
        let memory = try MemoryFile.map(ring.files.control.descriptor.raw, writable: true)
        SharedWords(memory).store(1, RingLayout.Control.slots + RingLayout.Slot.stamp)
        let producer = try ring.producer()
        #expect(producer.append("x") == .full)
    }
}
