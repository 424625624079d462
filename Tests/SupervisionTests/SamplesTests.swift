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
    @Test("a socket's drops of before are not ours, those of an earlier start are; the counter's wrap is not seen")
    func wraps() {
        var drops = KernelDrops(first: .max - 4, before: 7)
        let begins = [drops.sample(.max, at: 1), drops.sample(5, at: 2)]
        #expect(begins == [true, false] && drops.total == 17)
    }

    private static let second: UInt64 = 1_000_000_000

    @Test("are warned of as long as they grow, and a minute longer")
    func warning() throws {
        var drops = KernelDrops(first: 0, before: 0)
        _ = drops.sample(0, at: Self.second)
        #expect(drops.warning(at: Self.second, wanted: 8 << 20, granted: nil) == nil)
        _ = drops.sample(3, at: 2 * Self.second)
        _ = drops.sample(5, at: 12 * Self.second)
        #expect(
            drops.warning(at: 22 * Self.second, wanted: 8 << 20, granted: nil)
                == "the kernel dropped at least 5 datagrams in the last 20s, as they came faster than they were read; "
                + "raise port.receive-buffer (8 MiB), and net.core.rmem_max with it")
        #expect(drops.warning(at: 72 * Self.second, wanted: 8 << 20, granted: nil) == nil)
        let begins = drops.sample(6, at: 73 * Self.second)
        #expect(begins)
    }

    @Test("name net.core.rmem_max alone where the kernel gives less than was asked for")
    func smallBuffer() throws {
        var drops = KernelDrops(first: 0, before: 0)
        _ = drops.sample(1, at: 1)
        #expect(
            drops.warning(at: 1, wanted: 8 << 20, granted: 212_992)
                == "the kernel dropped at least 1 datagrams just now, as they came faster than they were read; raise "
                + "net.core.rmem_max: the kernel gives 208 KiB of the 8 MiB of port.receive-buffer")
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
