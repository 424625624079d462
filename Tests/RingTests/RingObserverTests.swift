// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Testing

@testable import Ring

/// Observers: what they see, what they miss, and that nothing torn is returned.
@Suite struct RingObserverTests {
    @Test("an observer sees what is published from where it asked to begin")
    func since() throws {
        let ring = try TestRing()
        let producer = try ring.producer()
        for body in ["a", "b", "c"] { producer.append(body, for: []) }
        producer.publish()
        let observer = try ring.observer(since: 2)
        #expect(observer.read()?.header.sequence == 2)
        #expect(observer.read()?.payload.last == UInt8(ascii: "c"))
        #expect(observer.read() == nil)
        #expect(observer.missed == 0)
    }

    @Test("an observer that was overrun says how much it missed and never returns an overwritten record")
    func overrun() throws {
        let ring = try TestRing()
        let producer = try ring.producer()
        let observer = try ring.observer(since: 1)
        for number in 1...100 {
            producer.append("\(number)", for: [])
            producer.publish()
        }
        var seen: [UInt64] = []
        while let record = observer.read() {
            #expect(String(decoding: record.payload[record.header.body], as: UTF8.self) == "\(record.header.sequence)")
            seen.append(record.header.sequence)
        }
        #expect(seen.last == 100)
        #expect(UInt64(seen.count) + observer.missed == 100)
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
        let sequence = try #require(observer.read()?.header.sequence)
        #expect(sequence >= 5)
        #expect(observer.missed == sequence - 1)
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
        #expect(try #require(observer.read()).header.sequence >= 5)
    }
}
