// SPDX-License-Identifier: Apache-2.0
/// Numbers made of samples: rates, the kernel's drops, and a service's state out of its shards'.

import Control
import Ring
import Testing

@testable import Supervision

@Suite("Rates")
struct RatesTests {
    @Test("a rate is what came between two samples, by the second")
    func rate() {
        var rates = Rates(at: 0)
        rates.sample(received: 100, delivered: 50, at: 1_000_000_000)
        rates.sample(received: 400, delivered: 60, at: 3_000_000_000)
        #expect(rates.received == 150 && rates.delivered == 5)
    }

    @Test("a second sample at the same moment changes nothing")
    func sameMoment() {
        var rates = Rates(at: 0)
        rates.sample(received: 100, delivered: 0, at: 1_000_000_000)
        rates.sample(received: 900, delivered: 0, at: 1_000_000_000)
        #expect(rates.received == 100)
    }
}

@Suite("Kernel drops")
struct KernelDropsTests {
    @Test("what was dropped before we had the socket is not ours, and the counter's wrap is not seen")
    func wraps() {
        var drops = KernelDrops(first: .max - 4)
        drops.sample(.max)
        drops.sample(5)
        #expect(drops.total == 10)
    }
}

@Suite("Shard summary")
struct ShardSummaryTests {
    private func shard(_ state: ShardStatus.State, until: UInt64 = 0, reason: String = "") -> ShardStatus.Report {
        var report = ShardStatus.Report()
        report.state = state
        report.running = state == .running ? 1 : 0
        report.until = until
        report.reason = reason
        report.retried = 2
        return report
    }

    private func summary(_ shards: [ShardStatus.Report]) -> StatusReport.Service {
        var service = StatusReport.Service()
        ShardSummary(shards).fill(&service)
        return service
    }

    @Test("a shard that backs off is told before those that run")
    func worstFirst() {
        let service = summary([shard(.running), shard(.backingOff, until: 7, reason: "no such file"), shard(.stopped)])
        #expect(service.state == .backingOff && service.until == 7 && service.reason == "no such file")
        #expect(service.instances == 1 && service.retried == 6)
    }

    @Test("a service without shards in use is stopped")
    func none() {
        let service = summary([])
        #expect(service.state == .stopped && service.until == nil && service.reason == nil)
    }
}
