// SPDX-License-Identifier: Apache-2.0
/// The histogram of durations: how wrong a percentile can be, what its ends do, and how counts are kept from
/// overflowing in a shard's block.

import Testing

@testable import Ring

@Suite("A histogram of durations")
struct TimeHistogramTests {
    private func histogram(_ durations: [UInt64]) -> TimeHistogram {
        var histogram = TimeHistogram()
        for duration in durations { histogram.counts[TimeHistogram.bucket(of: duration)] += 1 }
        return histogram
    }

    @Test("puts every duration into the bucket whose bounds hold it")
    func bounds() {
        for power in 13..<37 {
            let first = UInt64(1) << UInt64(power)
            let durations: [UInt64] = [first, first + 1, first + first / 2 - 1, first + first / 2, 2 * first - 1]
            for duration in durations {
                let bucket = TimeHistogram.bucket(of: duration)
                #expect(TimeHistogram.lowerBound(of: bucket) <= duration)
                #expect(duration < TimeHistogram.lowerBound(of: bucket + 1))
            }
        }
    }

    @Test("gives a percentile that is wrong by less than half", arguments: [UInt64(1), 50, 90, 99, 100])
    func errorBound(percent: UInt64) throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            // Spread evenly over the powers of two, some of them many times.
            let durations = (0..<Int.random(in: 1...300, using: &random)).map { _ in
                UInt64(8_192 * Double.random(in: 0..<23.6, using: &random).exponentOfTwo)
            }
            let sorted = durations.sorted()
            let rank = max(1, (sorted.count * Int(percent) + 99) / 100)
            let exact = Double(sorted[rank - 1])
            let told = Double(try #require(histogram(durations).percentile(percent)))
            #expect(told < exact * 1.5 && exact < told * 1.5, "\(told) for \(exact)")
        }
    }

    @Test("tells nothing of nothing")
    func empty() { #expect(TimeHistogram().percentile(50) == nil) }

    @Test("holds what is shorter than the first bucket, and says of the longest only that it is at least so long")
    func ends() throws {
        #expect(try (8_192..<12_288).contains(#require(histogram([0, 1, 5]).percentile(99))))
        #expect(histogram([.max]).percentile(50) == TimeHistogram.longest)
        #expect(histogram([1, 2, .max]).percentile(50).map { $0 < 12_288 } == true)
    }

    @Test("adds up with another one")
    func adds() {
        var sum = histogram([20_000, 20_000])
        sum.add(histogram([20_000, 1_000_000]))
        #expect(sum == histogram([20_000, 20_000, 20_000, 1_000_000]))
    }
}

extension Double {
    /// Two to the power of this, straight between whole powers: exact enough to spread values.
    fileprivate var exponentOfTwo: Double {
        Double(UInt64(1) << UInt64(self)) * (1 + truncatingRemainder(dividingBy: 1))
    }
}

@Suite("A shard's launch and run times")
struct ShardTimesTests {
    @Test("are counted each for itself, and outlast the holder")
    func kinds() throws {
        let ring = try TestRing()
        ring.install(0)
        let first = try ring.worker().lease(slot: 0, shard: 0)
        first.times.count(.launch, 2_000_000)
        for _ in 0..<3 { first.times.count(.run, 50_000) }
        let second = try ring.worker().lease(slot: 0, shard: 0)
        #expect(second.times.read(.launch).total == 1 && second.times.read(.run).total == 3)
    }

    @Test("begin anew with another service in the slot")
    func anew() throws {
        let ring = try TestRing()
        ring.install(0)
        try ring.worker().lease(slot: 0, shard: 0).times.count(.run, 50_000)
        ring.install(0, incarnation: 2)
        #expect(try ring.worker().lease(slot: 0, shard: 0).times.read(.run).total == 0)
    }

    @Test("are halved together before a count gets too large")
    func halved() throws {
        let ring = try TestRing()
        ring.install(0)
        let lease = try ring.worker().lease(slot: 0, shard: 0)
        for _ in 0..<1_000 { lease.times.count(.run, 1_000_000) }
        lease.times.count(.launch, 50_000)
        for _ in 0..<Int(ShardTimes.limit) { lease.times.count(.run, 50_000) }
        let counts = lease.times.read(.run).counts
        #expect(counts[TimeHistogram.bucket(of: 50_000)] == UInt64(ShardTimes.limit / 2))
        #expect(counts[TimeHistogram.bucket(of: 1_000_000)] == 500)
        #expect(lease.times.read(.launch).total == 1)
    }

    @Test("leave the words around them alone")
    func neighbours() throws {
        let ring = try TestRing()
        ring.install(0, shards: 2)
        let worker = try ring.worker()
        let (first, second) = (try worker.lease(slot: 0, shard: 0), try worker.lease(slot: 0, shard: 1))
        first.status.set(state: .running, running: 1, until: 0, reason: String(repeating: "x", count: 300))
        first.retryApplied = 7
        first.restart = ShardRestart(asked: .max >> 2, outcome: .failed)
        first.times.count(.launch, 0)
        first.times.count(.run, .max)
        #expect(first.restart == ShardRestart(asked: .max >> 2, outcome: .failed))
        #expect(first.retryApplied == 7 && first.status.read().reason.count == 248)
        #expect(second.floor == 1 && second.times.read(.run).total == 0)
    }
}
