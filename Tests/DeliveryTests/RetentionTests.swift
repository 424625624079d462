// SPDX-License-Identifier: Apache-2.0
/// Limits of what waits for a service, by bytes and by age: what is dropped is the oldest, counted by its reason, wherever
/// it lies and whoever holds the shard.

import LinuxIO
import Ring
import Settings
import Testing

@testable import Delivery

@Suite("Retention")
struct RetentionTests {
    /// Each message takes its body, and the topic and source of the bench.
    private static let overhead = "raw".utf8.count + "127.0.0.1:9".utf8.count

    private static func note(bytes: Int? = nil, age: Duration? = nil) -> Settings.Service {
        .exec("cat >> $OUT/got; echo >> $OUT/got") {
            $0.order = .all
            $0.retain.bytes = bytes
            $0.retain.age = age
        }
    }

    /// A body of so many bytes in all, with a number at its beginning.
    private static func body(_ number: Int, bytes: Int) -> String {
        let head = "\(number) "
        return head + String(repeating: "x", count: bytes - overhead - head.utf8.count)
    }

    private func numbers(_ bench: Bench) -> [Int] {
        bench.lines("got").compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
    }

    private func drop(_ bench: Bench, _ worker: Worker, _ outcome: Outcome, _ count: UInt64) throws -> Bool {
        try bench.run(worker) { try bench.counts()[outcome] >= count }
    }

    // MARK: bytes

    @Test("keeps as many bytes as it may, while nobody takes any; the oldest go, and the others come in their order")
    func bytes() throws {
        let bench = try Bench([Self.note(bytes: 1_000)])
        let worker = try bench.worker()
        bench.supervisor.setPaused(true, slot: 0)
        for number in 1...25 { bench.publish(Self.body(number, bytes: 100)) }
        #expect(try drop(bench, worker, .overflow, 15))
        let counts = try bench.counts()
        #expect(counts[.overflow] == 15 && counts.pending == 10 && counts.floor == 16)
        bench.supervisor.setPaused(false, slot: 0)
        #expect(try bench.run(worker) { try bench.delivered() == 10 })
        #expect(numbers(bench) == Array(16...25))
        try bench.end(worker)
    }

    @Test("frees the ring, which then never fills")
    func space() throws {
        let bench = try Bench([Self.note(bytes: 5_000)], records: 256)
        let worker = try bench.worker()
        bench.supervisor.setPaused(true, slot: 0)
        for number in 1...2_000 {
            #expect(bench.publish(Self.body(number, bytes: 100)) != .full)
            if number % 100 == 0 { #expect(try drop(bench, worker, .overflow, UInt64(number - 50))) }
        }
        let counts = try bench.counts()
        #expect(counts.matched == 2_000 && counts[.overflow] == 1_950 && counts.pending == 50)
        try bench.end(worker)
    }

    @Test("leaves alone what is with a process, which counts, too")
    func inFlight() throws {
        let bench = try Bench([
            .exec("until [ -e $OUT/go ]; do sleep 0.01; done; cat >> $OUT/got; echo >> $OUT/got") {
                $0.order = .all
                $0.retain.bytes = 250
            }
        ])
        let worker = try bench.worker()
        bench.publish(Self.body(1, bytes: 100))
        #expect(try bench.run(worker) { try bench.counts().inFlight == 1 })
        for number in 2...5 { bench.publish(Self.body(number, bytes: 100)) }
        #expect(try drop(bench, worker, .overflow, 3))
        try bench.write("go", "")
        #expect(try bench.run(worker) { try bench.counts().pending == 0 })
        #expect(numbers(bench) == [1, 5])
        try bench.end(worker)
    }

    @Test("drops what backs off as the oldest that it is, and lets those go that were held back by it")
    func backingOff() throws {
        let bench = try Bench([
            .exec("read n rest; [ $n != 1 ] || exit 1; echo $n >> $OUT/got") {
                $0.order = .all
                $0.retain.bytes = 300
                $0.retry.backoff = .seconds(1_000)
                $0.retry.maxBackoff = .seconds(1_000)
            }
        ])
        let worker = try bench.worker()
        for number in 1...3 { bench.publish(Self.body(number, bytes: 100)) }
        #expect(try bench.run(worker) { try bench.counts().backingOff == 1 })
        bench.publish(Self.body(4, bytes: 100))
        #expect(try bench.run(worker) { try bench.delivered() == 3 })
        #expect(numbers(bench) == [2, 3, 4])
        #expect(try bench.counts()[.overflow] == 1)
        try bench.end(worker)
    }

    @Test("holds for what is parked, before and behind a change of the settings and of the holder")
    func parked() throws {
        let bench = try Bench([Self.note()])
        let first = try bench.worker()
        bench.supervisor.setPaused(true, slot: 0)
        for number in 1...10 { bench.publish(Self.body(number, bytes: 100)) }
        #expect(try bench.park(first, below: 8))
        first.takeOver(bench.settings { $0[0].retain.bytes = 800 })
        #expect(try drop(bench, first, .overflow, 2))
        #expect(try bench.counts().pending == 8 && bench.counts().parked == 5)
        try bench.end(first)
        let second = try bench.worker(settings: bench.settings { $0[0].retain.bytes = 250 })
        #expect(try drop(bench, second, .overflow, 8))
        #expect(try bench.counts().pending == 2 && bench.counts().parked == 0)
        bench.supervisor.setPaused(false, slot: 0)
        #expect(try bench.run(second) { try bench.delivered() == 2 })
        #expect(numbers(bench) == [9, 10])
        try bench.end(second)
    }

    @Test(
        "drops just what a queue of the same length would, whatever is published, parked and handed on",
        arguments: 1...6)
    func random(seed: UInt64) throws {
        var random = Jitter(seed: seed)
        func below(_ limit: UInt64) -> Int { Int(random.next() % limit) }
        let limit = 4_000
        let bench = try Bench([Self.note(bytes: limit)])
        bench.supervisor.setPaused(true, slot: 0)
        var worker = try bench.worker()
        var (waiting, dropped, parkedTo): ([Int], UInt64, UInt64) = ([], 0, 1)
        for _ in 1...40 {
            for number in 0..<below(20) {
                let bytes = 60 + below(700)
                bench.publish(Self.body(number, bytes: bytes))
                waiting.append(bytes)
            }
            // As soon as it is seen.
            while waiting.reduce(0, +) > limit {
                waiting.removeFirst()
                dropped += 1
            }
            let expected = UInt64(waiting.count)
            #expect(
                try bench.run(worker) { try bench.counts().pending == expected && bench.counts()[.overflow] == dropped }
            )
            switch below(4) {
            case 0:
                let from = max(parkedTo, try bench.counts().floor)
                guard from < bench.producer.next else { continue }
                parkedTo = from + 1 + UInt64(below(bench.producer.next - from))
                #expect(try bench.park(worker, below: parkedTo))
            case 1:
                try bench.end(worker)
                worker = try bench.worker()
            default: break
            }
        }
        #expect(dropped > 0)
        try bench.end(worker)
    }

    // MARK: age

    private func publish(_ bench: Bench, _ body: String, secondsAgo: UInt64) {
        bench.publish(body) { $0.time = Clock.realtime() - secondsAgo * 1_000_000_000 }
    }

    @Test("keeps nothing that is too old, in the ring or parked, and hands none of it out")
    func age() throws {
        let bench = try Bench([Self.note(age: .seconds(3_600))])
        let worker = try bench.worker()
        bench.supervisor.setPaused(true, slot: 0)
        for number in 1...6 { publish(bench, "\(number)", secondsAgo: 60) }
        #expect(try bench.park(worker, below: 4))
        try bench.end(worker)
        let successor = try bench.worker(settings: bench.settings { $0[0].retain.age = .seconds(30) })
        publish(bench, "7", secondsAgo: 40)
        publish(bench, "8", secondsAgo: 10)
        bench.supervisor.setPaused(false, slot: 0)
        #expect(try bench.run(successor) { try bench.counts().pending == 0 })
        #expect(bench.lines("got") == ["8"])
        #expect(try bench.counts()[.expired] == 7)
        try bench.end(successor)
    }

    @Test("gives up by itself what becomes too old while it waits, or backs off")
    func becomesOld() throws {
        let bench = try Bench([
            .exec("exit 1") {
                $0.retain.age = .seconds(10)
                $0.retry.backoff = .seconds(1_000)
                $0.retry.maxBackoff = .seconds(1_000)
            }
        ])
        let worker = try bench.worker()
        bench.publish("1") { $0.time = Clock.realtime() - 9_000_000_000 }
        #expect(try bench.run(worker) { try bench.counts().backingOff == 1 })
        #expect(try drop(bench, worker, .expired, 1))
        #expect(try bench.counts().pending == 0)
        try bench.end(worker)
    }

    @Test("is not asked of a replay, which nobody waits behind")
    func replay() throws {
        let bench = try Bench([Self.note(age: .seconds(30))])
        let worker = try bench.worker()
        bench.supervisor.setPaused(true, slot: 0)
        var meta = RecordMeta()
        (meta.mask, meta.time) = (1, Clock.realtime() - 60_000_000_000)
        let (text, none) = (Array("again".utf8), [UInt8]())
        _ = bench.producer.append(
            meta, replaying: OriginalID(log: 7, epoch: 1, sequence: 1), topic: text.span, source: text.span,
            decoded: none.span, body: text.span)
        publish(bench, "old", secondsAgo: 60)
        publish(bench, "new", secondsAgo: 5)
        #expect(try drop(bench, worker, .expired, 1))
        bench.supervisor.setPaused(false, slot: 0)
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
        #expect(bench.lines("got") == ["again", "new"])
        try bench.end(worker)
    }

    @Test("shares a limit by bytes out among the shards")
    func share() {
        #expect((0..<3).map { Retention.share(1_000, $0, of: 3) } == [334, 333, 333])
        #expect(Retention.share(1_000, 0, of: 1) == 1_000)
    }
}
