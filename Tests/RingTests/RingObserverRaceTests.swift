// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxIO
import Testing

@testable import Ring

/// An observer beside a producer that laps it, and on memory that no producer of ours has written.
@Suite struct RingObserverRaceTests {
    @Test(
        "beside a producer at full speed a record is either whole or counted as missed",
        arguments: [(1 << 16, 1_024, 2_000), (1 << 18, 64, 500)] as [(UInt64, UInt64, Int)])
    func race(arena: UInt64, records: UInt64, longest: Int) async throws {
        let ring = try TestRing(arena: arena, records: records)
        let observer = try ring.observer(since: 1)
        let total: UInt64 = 200_000
        let racer = Racer(try ring.producer(), longest: longest)
        Thread { racer.run(to: total) }.start()
        // It begins only when it has been lapped for certain.
        while observer.head < 4 * records { await Task.yield() }
        var seen: UInt64 = 0
        var last: UInt64 = 0
        while observer.next <= total {
            guard let record = observer.read() else {
                await Task.yield()
                continue
            }
            if record.sequence <= last { Issue.record("record \(record.sequence) behind \(last)") }
            last = record.sequence
            seen += 1
            let body = observer.payload[record.body]
            if Racer.isTorn(body, record.sequence) { Issue.record("record \(record.sequence) is torn") }
        }
        #expect(seen + observer.missed == total)
        #expect(observer.missed >= 2 * records && observer.damaged == 0)
    }

    @Test("no memory, however wrong, harms an observer or keeps it for ever", arguments: 0..<40)
    func hostile(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let ring = try TestRing(arena: 4_096, records: 16)
        let producer = try ring.producer()
        for number in 1...40 {
            producer.append("\(number)", for: [])
            producer.publish()
        }
        let observer = try ring.observer(since: 1)
        let memory = try MemoryFile.map(ring.files.log.descriptor.raw, writable: true)
        let words = SharedWords(memory)
        for _ in 0..<50 {
            for word in 0..<(16 * RingLayout.Log.descriptorStride / 8) {
                words.store(Self.any(&random), RingLayout.Log.descriptors + 8 * word)
            }
            for place in [RingLayout.Log.head, RingLayout.Log.intentSequence, RingLayout.Log.intentOffset] {
                words.store(Self.any(&random), place)
            }
            let limit = observer.head
            var count: UInt64 = 0
            while let record = observer.read(before: limit, where: { _, _ in true }) {
                #expect(record.payloadCount == observer.payload.count)
                count += 1
            }
            #expect(count <= 16)
        }
    }

    @Test("a descriptor that no producer would write is left out and counted, and its neighbours are given out")
    func damaged() throws {
        let ring = try TestRing(arena: 4_096, records: 16)
        let producer = try ring.producer()
        for number in 1...3 { producer.append("\(number)", for: []) }
        producer.publish()
        let memory = try MemoryFile.map(ring.files.log.descriptor.raw, writable: true)
        let words = SharedWords(memory)
        words.store32(
            .max, RingLayout.Log.descriptors + 2 * RingLayout.Log.descriptorStride + RingLayout.Descriptor.bodyLength)
        let observer = try ring.observer(since: 1)
        #expect(ring.sequences(observer) == [1, 3])
        #expect(observer.damaged == 1 && observer.missed == 0)
    }

    /// Small numbers, huge ones, and those in between.
    private static func any(_ random: inout SeededGenerator) -> UInt64 {
        UInt64.random(in: 0...(.max), using: &random) >> UInt64.random(in: 0..<64, using: &random)
    }
}

/// Appends records that can be checked: each byte of a body follows from its sequence and its length.
private final class Racer: @unchecked Sendable {
    // Only the one thread that calls `run` uses it.
    private let producer: RingProducer
    private let longest: Int

    init(_ producer: RingProducer, longest: Int) {
        self.producer = producer
        self.longest = longest
    }

    func run(to total: UInt64) {
        var random = SeededGenerator(seed: total)
        let none: [UInt8] = []
        for sequence in 1...total {
            let body = Self.body(Int.random(in: 0...longest, using: &random), sequence)
            _ = producer.append(
                RecordMeta(), topic: none.span, source: none.span, decoded: none.span, body: body.span)
            if sequence % 7 == 0 || sequence == total { producer.publish() }
        }
    }

    static func body(_ count: Int, _ sequence: UInt64) -> [UInt8] {
        let value = UInt8(truncatingIfNeeded: (sequence &* 0x9E37_79B9_7F4A_7C15) >> 56 ^ UInt64(count))
        return [UInt8](repeating: value, count: count)
    }

    static func isTorn(_ body: ArraySlice<UInt8>, _ sequence: UInt64) -> Bool {
        Array(body) != self.body(body.count, sequence)
    }
}
