// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Testing

@testable import Ring

/// Observers: what they see, what they miss, and that no memory, however wrong, harms them.
@Suite struct RingObserverTests {
    @Test("an observer sees what is published from where it asked to begin")
    func since() throws {
        let ring = try TestRing()
        let producer = try ring.producer()
        for body in ["a", "b", "c"] { producer.append(body, for: []) }
        producer.publish()
        let observer = try ring.observer(since: 2)
        #expect(observer.read()?.sequence == 2)
        #expect(observer.read()?.sequence == 3)
        #expect(observer.payload.last == UInt8(ascii: "c"))
        #expect(observer.read() == nil)
        #expect(observer.missed == 0 && observer.gone == 0 && observer.logID == ring.files.logID)
    }

    @Test("an observer that asks for nothing old begins with what comes next", arguments: [nil, 4, 5, UInt64.max])
    func new(since: UInt64?) throws {
        let ring = try TestRing()
        let producer = try ring.producer()
        for body in ["a", "b", "c"] { producer.append(body, for: []) }
        producer.publish()
        let observer = try ring.observer(since: since)
        #expect(observer.read() == nil)
        producer.append("d", for: [])
        producer.publish()
        #expect(observer.read()?.sequence == 4)
    }

    @Test("what is not published is not seen, and neither is sequence 0")
    func unpublished() throws {
        let ring = try TestRing()
        let observer = try ring.observer(since: 0)
        let producer = try ring.producer()
        producer.append("a", for: [])
        #expect(observer.read() == nil)
        producer.publish()
        #expect(observer.read()?.sequence == 1)
    }

    @Test("only what is wanted is given out, and what is not counts as seen")
    func wanted() throws {
        let ring = try TestRing()
        let producer = try ring.producer()
        for number in 1...9 { producer.append("\(number)", for: [], source: number % 3 == 0 ? "wanted" : "other") }
        producer.publish()
        let observer = try ring.observer(since: 1)
        var seen: [UInt64] = []
        while let record = observer.read(where: { "wanted" == text($1.extracting($0.source)) }) {
            seen.append(record.sequence)
        }
        #expect(seen == [3, 6, 9])
        #expect(observer.missed == 0 && observer.next == 10)
    }

    @Test("an observer that asks for more than the ring holds gets all that it holds, and is told what is gone")
    func gone() throws {
        let ring = try TestRing(arena: 1 << 16, records: 16)
        let producer = try ring.producer()
        for number in 1...100 {
            producer.append("\(number)", for: [])
            producer.publish()
        }
        let observer = try ring.observer(since: 5)
        #expect(ring.sequences(observer) == Array(85...100))
        #expect(observer.gone == 80 && observer.missed == 0)
    }

    @Test("the same where the bytes run out before the records do")
    func goneByBytes() throws {
        let ring = try TestRing(arena: 4_096, records: 1_024)
        let producer = try ring.producer()
        for _ in 1...100 {
            producer.append(String(repeating: "x", count: 500), for: [])
            producer.publish()
        }
        let observer = try ring.observer(since: 1)
        let seen = ring.sequences(observer)
        #expect(seen.last == 100 && seen.count >= 7 && seen.count <= 8)
        #expect(observer.gone == 100 - UInt64(seen.count) && observer.missed == 0)
    }

    @Test("an observer that was overrun once goes on with the oldest that there is, and counts the rest as missed")
    func overrun() throws {
        let ring = try TestRing(arena: 1 << 16, records: 16)
        let producer = try ring.producer()
        let observer = try ring.observer(since: 1)
        for number in 1...100 {
            producer.append("\(number)", for: [])
            producer.publish()
        }
        #expect(ring.sequences(observer) == Array(85...100))
        #expect(observer.missed == 84 && observer.gone == 0)
    }

    @Test("an observer that is overrun again and again leaves a larger gap, so that it sees the more at a stretch")
    func chased() throws {
        let ring = try TestRing(arena: 1 << 16, records: 64)
        let producer = try ring.producer()
        let observer = try ring.observer(since: 1)
        var gaps = 0
        var last: UInt64 = 0
        for _ in 0..<1_000 {
            // It reads one while two are published.
            for _ in 0..<2 {
                producer.append("x", for: [])
                producer.publish()
            }
            guard let record = observer.read() else { continue }
            if record.sequence != last + 1 { gaps += 1 }
            last = record.sequence
        }
        #expect(gaps > 0 && gaps < 80)
        #expect(last - observer.missed == 1_000)
    }

    @Test("a record that the producer has begun to overwrite is not returned, though it is not published yet")
    func intent() throws {
        let ring = try TestRing()
        let producer = try ring.producer()
        for number in 1...15 { producer.append("\(number)", for: []) }
        producer.publish()
        let observer = try ring.observer(since: 1)
        for _ in 0..<5 { producer.append("over", for: []) }
        // Records 1 to 4 have lost their descriptors to the five that are being appended.
        #expect(observer.read()?.sequence == 5)
        #expect(observer.missed == 4)
    }

    @Test("what a dead producer had begun to overwrite stays marked when its successor begins anew")
    func intentOfTheDead() throws {
        let ring = try TestRing()
        let dead = try ring.producer()
        for number in 1...15 { dead.append("\(number)", for: []) }
        dead.publish()
        for _ in 0..<5 { dead.append("over", for: []) }
        let observer = try ring.observer(since: 1)
        try ring.producer().append("one only", for: [])
        #expect(observer.read()?.sequence == 5)
    }
}

extension RingObserver {
    /// The next record of all that are published now.
    func read(where wants: (RecordHeader, Span<UInt8>) -> Bool = { _, _ in true }) -> RecordHeader? {
        read(before: head, where: wants)
    }
}

extension TestRing {
    /// All that the observer still gives out.
    func sequences(_ observer: RingObserver) -> [UInt64] {
        var seen: [UInt64] = []
        while let record = observer.read() { seen.append(record.sequence) }
        return seen
    }
}

func text(_ bytes: Span<UInt8>) -> String {
    String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
}
