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

@Suite("Refused connections")
struct RefusedConnectionsTests {
    private static let second: UInt64 = 1_000_000_000

    @Test("are warned of by reason, with what would help, as long as there are any and a minute longer")
    func warning() {
        var refused = RefusedConnections(.limit, first: 7)
        let before = refused.sample(7, at: Self.second)
        #expect(!before && refused.warning(at: Self.second, limit: 100, descriptors: 64) == nil)
        let first = refused.sample(8, at: 2 * Self.second)
        #expect(
            refused.warning(at: 2 * Self.second, limit: 100, descriptors: 64)
                == "1 connection was refused just now, as there were port.max-connections (100) already; raise it, "
                + "then belfry reload")
        let more = refused.sample(12, at: 12 * Self.second)
        #expect(
            refused.warning(at: 22 * Self.second, limit: 100, descriptors: 64)?.hasPrefix(
                "5 connections were refused in the last 20s, as") == true)
        #expect(refused.warning(at: 72 * Self.second, limit: 100, descriptors: 64) == nil)
        let again = refused.sample(13, at: 73 * Self.second)
        #expect(first && !more && again)
    }

    @Test("for want of descriptors name how many there may be")
    func descriptors() {
        var refused = RefusedConnections(.descriptors, first: 0)
        _ = refused.sample(2, at: 1)
        #expect(
            refused.warning(at: 1, limit: 100, descriptors: 64)
                == "2 connections were refused just now, as there was no descriptor left for them (a process of belfryd "
                + "may have 64); raise LimitNOFILE= of its unit, or ulimit -n, and start it again")
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
