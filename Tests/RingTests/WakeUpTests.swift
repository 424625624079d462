// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Testing

@testable import Ring

/// The handshakes of sleeping workers and of a producer that waits for space.
@Suite struct WakeUpTests {
    /// A producer with one worker's page, as the acceptor holds them.
    private struct Pair: ~Copyable {
        let ring: TestRing
        let producer: RingProducer
        let page: ProcessPage
        let pages: WorkerPages

        init() throws {
            let ring = try TestRing(arena: 1 << 20, records: 1_024)
            let file = try MemoryFile(named: "page", size: ProcessPage.size)
            let page = try ProcessPage(MemoryFile.map(file.descriptor.raw, writable: true))
            var pages = WorkerPages()
            pages.set(try ProcessPage(MemoryFile.map(file.descriptor.raw, writable: false)), at: 0)
            self.producer = try ring.producer()
            self.ring = ring
            self.page = page
            self.pages = pages
        }

        func woken(for slots: [Int]) -> [Int] {
            producer.append("x", for: slots)
            producer.publish()
            var rung: [Int] = []
            producer.forEachSleeper(pages) { rung.append($0) }
            return rung
        }
    }

    @Test("a worker that is awake is not woken")
    func awake() throws {
        let pair = try Pair()
        #expect(pair.woken(for: [0]) == [])
    }

    @Test("a sleeping worker is woken for the slots it is interested in, and no others")
    func interest() throws {
        let pair = try Pair()
        pair.page.announceSleep(interest: 0b10)
        #expect(pair.woken(for: [0]) == [])
        #expect(pair.woken(for: [0, 1]) == [0])
        pair.page.awake()
        #expect(pair.woken(for: [1]) == [])
    }

    @Test("what was published on the way to something else wakes its workers too")
    func publishedByTheWay() throws {
        let pair = try Pair()
        pair.page.announceSleep(interest: 0b10)
        pair.producer.append("x", for: [1])
        _ = pair.producer.hold(SenderID(high: 1, low: 1))
        #expect(pair.woken(for: [0]) == [0])
        #expect(pair.woken(for: [0]) == [])
    }

    @Test("a sixteenth of the ring further on every sleeper is woken, so that it raises its floors")
    func nudge() throws {
        let pair = try Pair()
        pair.page.announceSleep(interest: 0)
        for _ in 1..<64 { #expect(pair.woken(for: [0]) == []) }
        #expect(pair.woken(for: [0]) == [0])
        #expect(pair.woken(for: [0]) == [])
    }

    @Test("a worker sees that the acceptor waits for space")
    func space() throws {
        let ring = try TestRing()
        let worker = try ring.worker()
        let page = try ring.page()
        #expect(!worker.spaceIsAwaited())
        page.announceWaiting()
        #expect(worker.spaceIsAwaited())
        page.stopWaiting()
        #expect(!worker.spaceIsAwaited())
    }
}
