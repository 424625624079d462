// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import Testing

@testable import Ring

/// What a successor finds after a producer's death: published, appended, and read from the kernel but not published.
@Suite struct RingRecoveryTests {
    @Test("a successor goes on behind the head and forgets what was not published")
    func successor() throws {
        let ring = try TestRing()
        ring.install(0)
        let first = try ring.producer()
        first.append("published")
        first.publish()
        first.append("lost with its sender unacked")
        let second = try ring.producer()
        #expect(second.next == 2)
        #expect(second.append("after") == .appended(2))
        second.publish()
        let worker = try ring.worker()
        #expect(worker.body(1) == "published")
        #expect(worker.body(2) == "after")
        #expect(try ring.ledger().intake().published == 2)
    }

    @Test("records carry the epoch they were published in")
    func epoch() throws {
        let ring = try TestRing()
        let first = try ring.producer()
        first.append("a")
        first.publish()
        ring.supervisor.beginEpoch()
        let second = try ring.producer()
        second.append("b")
        second.publish()
        let worker = try ring.worker()
        #expect(worker.withRecord(1) { header, _ in header.epoch } == 0)
        #expect(worker.withRecord(2) { header, _ in header.epoch } == 1)
    }

    @Test("what a dead producer had read from the kernel and not published is found, and only that")
    func datagrams() throws {
        let ring = try TestRing()
        let pair = try Self.datagramPair()
        let first = try ring.producer()
        for text in ["one", "two", "three"] { Self.send(text, on: pair.sending.raw) }
        #expect(try first.receive(from: pair.receiving.raw) == 3)
        first.append("one")
        first.finishDatagrams(1)
        first.publish()
        first.append("two")  // and dies before it publishes

        let second = try ring.producer()
        #expect(second.unpublishedEntries == 3)
        #expect(second.consumedDatagrams == 1)
        #expect(second.datagrams.withBytes(1) { $0.count } == 3)
        second.append("two")
        second.append("three")
        second.finishBatch()
        second.publish()
        #expect(try ring.producer().unpublishedEntries == 0)
        #expect(try ring.ledger().intake().published == 3)
    }

    @Test("a producer that dies between a batch and the next leaves nothing to find")
    func betweenBatches() throws {
        let ring = try TestRing()
        let pair = try Self.datagramPair()
        let first = try ring.producer()
        Self.send("one", on: pair.sending.raw)
        #expect(try first.receive(from: pair.receiving.raw) == 1)
        first.append("one")
        first.finishBatch()
        #expect(try first.receive(from: pair.receiving.raw) == 0)  // publishes, clears, finds nothing
        let second = try ring.producer()
        #expect(second.unpublishedEntries == 0)
        Self.send("two", on: pair.sending.raw)
        #expect(try second.receive(from: pair.receiving.raw) == 1)
    }

    @Test("a sender's last number is known behind each publish, and to a successor that finds it only in records")
    func senders() throws {
        let ring = try TestRing()
        let id = SenderID(high: 7, low: 9)
        let first = try ring.producer()
        let sender = try #require(first.hold(id))
        #expect(first.lastNumber(sender) == 0)
        for number in 1...5 {
            first.append("x", for: []) {
                $0.sender = sender; $0.number = UInt64(number)
            }
        }
        #expect(first.lastNumber(sender) == 0)
        first.publish()
        #expect(first.lastNumber(sender) == 5)

        // A death between the head's store and the table's entry.
        let memory = try MemoryFile.map(ring.files.log.descriptor.raw, writable: true)
        let words = SharedWords(memory)
        words.store(1, RingLayout.Log.sendersApplied)
        words.store(2, RingLayout.Log.senders + Int(sender.value) * RingLayout.Log.senderStride + 16)
        let second = try ring.producer()
        let again = try #require(second.hold(id))
        #expect(second.lastNumber(again) == 5)
    }

    @Test("a sender that holds a connection keeps its place, the longest silent other makes room")
    func eviction() throws {
        let producer = try TestRing().producer()
        let held = try #require(producer.hold(SenderID(high: 1, low: 1)))
        var released: SenderIndex?
        for low in 2...UInt64(RingGeometry.senders) {
            let place = try #require(producer.hold(SenderID(high: 1, low: low)))
            if low == 2 { released = place }
        }
        #expect(producer.hold(SenderID(high: 2, low: 1)) == nil)
        let free = try #require(released)
        producer.release(free)
        #expect(producer.hold(SenderID(high: 2, low: 1)) == free)
        #expect(producer.hold(SenderID(high: 1, low: 1)) == held)
    }

    private struct Pair: ~Copyable {
        let sending: Descriptor
        let receiving: Descriptor
    }

    private static func datagramPair() throws -> Pair {
        var ends: [CInt] = [0, 0]
        let result = unsafe socketpair(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0, &ends)
        guard result == 0 else { throw SystemCallError(call: "socketpair", code: errno) }
        return Pair(sending: Descriptor(owning: ends[0]), receiving: Descriptor(owning: ends[1]))
    }

    private static func send(_ text: String, on descriptor: CInt) {
        let bytes = Array(text.utf8)
        _ = unsafe Glibc.send(descriptor, bytes, bytes.count, 0)
    }
}
