// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Testing

@testable import Ring

/// Regions that are stale, foreign, too small or corrupt: each is refused with its own error, before anything is read.
@Suite struct RegionTests {
    private typealias At = RingLayout.Header

    private func attach(_ change: (SharedWords) -> Void) throws -> RingProducer {
        let ring = try TestRing()
        let memory = try MemoryFile.map(ring.files.log.descriptor.raw, writable: true)
        change(SharedWords(memory))
        return try ring.producer()
    }

    @Test("a region with another magic is not a region")
    func magic() {
        #expect(throws: RegionError.notARegion(region: "log")) { _ = try attach { $0.store(7, At.magic) } }
    }

    @Test("a region of another layout is refused by its version")
    func version() {
        #expect(throws: RegionError.layoutVersion(region: "log", found: 99, known: RingLayout.version)) {
            _ = try attach { $0.store32(99, At.version) }
        }
    }

    @Test("a region of another log is foreign")
    func foreign() {
        #expect(throws: RegionError.foreign(region: "log", log: 5, expected: 0xBE1F)) {
            _ = try attach { $0.store(5, At.logID) }
        }
    }

    @Test(
        "an impossible geometry is refused",
        arguments: [At.descriptorCount, At.arenaSize, At.size], [UInt64(0), 3, 1 << 40, .max])
    func geometry(place: Int, value: UInt64) {
        #expect(throws: RegionError.geometry(region: "log")) { _ = try attach { $0.store(value, place) } }
    }

    @Test("a geometry that the mapping is too small for is refused")
    func tooSmall() {
        #expect(throws: RegionError.self) {
            _ = try attach {
                let geometry = RingGeometry(arenaSize: 1 << 30, descriptorCount: 16)
                $0.store(geometry.arenaSize, At.arenaSize)
                $0.store(UInt64(RingLayout.Log.size(geometry)), At.size)
            }
        }
    }

    @Test("a slot whose numbers leave the regions is refused")
    func slot() throws {
        let ring = try TestRing()
        ring.install(3)
        let memory = try MemoryFile.map(ring.files.control.descriptor.raw, writable: true)
        let at = RingLayout.Control.slots + 3 * RingLayout.Control.slotStride + RingLayout.Slot.tableStart
        SharedWords(memory).store32(UInt32(RingGeometry.tableEntries), at)
        #expect(throws: RegionError.self) { _ = try ring.control().slot(3) }
    }

    @Test("a region's size follows from ring.size, within its bounds")
    func sizes() {
        #expect(RingGeometry(ringSize: 64 << 20) == RingGeometry(arenaSize: 64 << 20, descriptorCount: 1 << 18))
        #expect(RingGeometry(ringSize: 1) == RingGeometry(arenaSize: 1 << 20, descriptorCount: 4_096))
        #expect(RingGeometry(ringSize: (64 << 20) + 1).arenaSize == 128 << 20)
        #expect(RingGeometry(ringSize: 1 << 30).descriptorCount == 1 << 20)
    }

    // MARK: a head, floor or end of parking that no ring can have

    private func damage(_ ring: TestRing, _ change: (_ log: SharedWords, _ shard: SharedWords) -> Void) throws {
        let log = try MemoryFile.map(ring.files.log.descriptor.raw, writable: true)
        let outcomes = try MemoryFile.map(ring.files.outcomes.descriptor.raw, writable: true)
        change(SharedWords(log), Floors.block(SharedWords(outcomes), slot: 0, shard: 0))
    }

    /// A ring of sixteen records with a service that has taken its shard, and three records.
    private func filled() throws -> (TestRing, RingWorker, ShardLease) {
        let ring = try TestRing()
        ring.install(0)
        let (producer, worker) = (try ring.producer(), try ring.worker())
        for _ in 1...3 { producer.append("x") }
        producer.publish()
        return (ring, worker, try worker.lease(slot: 0, shard: 0))
    }

    @Test(
        "a head more than a ring beyond a floor is damage to everybody who would search up to it",
        arguments: [18, 1 << 60])
    func farHead(head: UInt64) throws {
        let (ring, worker, lease) = try filled()
        try damage(ring) { log, _ in log.store(head << 1, RingLayout.Log.head) }
        let head = worker.head
        #expect(throws: RegionError.self) { try worker.check(lease, head: head) }
        #expect(throws: RegionError.self) { _ = try worker.lease(slot: 0, shard: 0) }
        #expect(throws: RegionError.self) { _ = try ring.producer() }
        #expect(throws: RegionError.self) { _ = try ring.ledger().service(at: 0) }
        #expect(try ring.ledger().use().records <= 16)
        #expect(try ring.reader().tail() >= head - 16)
    }

    @Test("a ring that is as full as it can be is no damage")
    func fullRing() throws {
        let (ring, worker, lease) = try filled()
        let producer = try ring.producer()
        while case .appended = producer.append("x") {}
        producer.publish()
        try worker.check(lease, head: worker.head)
        _ = try worker.lease(slot: 0, shard: 0)
        _ = try ring.producer()
        #expect(try ring.ledger().service(at: 0)?.counts.pending == producer.next - 1)
    }

    @Test(
        "a floor, or an end of the parked records, beyond the head is damage",
        arguments: [RingLayout.Shard.floor, RingLayout.Shard.parkedTo])
    func farFloor(place: Int) throws {
        let (ring, worker, _) = try filled()
        try damage(ring) { _, shard in shard.store(1 << 60, place) }
        #expect(throws: RegionError.self) { _ = try worker.lease(slot: 0, shard: 0) }
    }

    @Test("a spill beyond the head is damage")
    func farSpill() throws {
        let (ring, worker, lease) = try filled()
        let committer = try ring.committer()
        committer.spill(to: 4)
        try worker.check(lease, head: worker.head)
        committer.spill(to: 5)
        #expect(throws: RegionError.self) { try worker.check(lease, head: worker.head) }
    }
}
