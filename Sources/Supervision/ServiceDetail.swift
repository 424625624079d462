// SPDX-License-Identifier: Apache-2.0
/// What the report of the services says of one of them, out of its settings, the ledger, the ring's times and the pages'
/// failures. Pure.
///
/// Used by the Supervisor for `services`.
/// Invariant: everything that comes out of the roles' memory is bounded, and made printable before it is told.

internal import Control
internal import LinuxIO
internal import Ring
internal import Settings

enum ServiceDetail {
    static func definition(_ service: Settings.Service) -> ServicesReport.Definition {
        var definition = ServicesReport.Definition()
        definition.topics = service.topics
        definition.command = service.command
        definition.order = word(service.order)
        definition.ackTimeout = service.ackTimeout.nanoseconds
        definition.attempts = UInt64(service.retry.attempts)
        definition.backoff = service.retry.backoff.nanoseconds
        definition.maxBackoff = service.retry.maxBackoff.nanoseconds
        definition.jitter = UInt64(service.retry.jitter)
        definition.timeLimit = service.retry.timeLimit?.nanoseconds
        definition.retainBytes = service.retain.bytes.map { UInt64($0) }
        definition.retainAge = service.retain.age?.nanoseconds
        definition.onRemove = word(service.onRemove)
        definition.directory = service.directory
        definition.user = service.credentials?.user
        definition.limits = service.limits.map { limit in
            ServicesReport.Limit(limit.name, soft: finite(limit.soft), hard: finite(limit.hard))
        }
        switch service.mode {
        case .exec:
            definition.mode = "exec"
            definition.lanes = UInt64(service.lanes)
            definition.concurrency = UInt64(service.concurrency)
        case .stream:
            definition.mode = "stream"
            definition.framing = service.framing == .lines ? "lines" : "frames"
            definition.instances = UInt64(service.instances)
            definition.inFlight = UInt64(service.inFlight)
            definition.idleTimeout = service.idleTimeout?.nanoseconds
        }
        return definition
    }

    static func counts(_ counts: RingLedger.Service) -> ServicesReport.Counts {
        var result = ServicesReport.Counts()
        result.matched = counts.matched
        result.delivered = counts[.delivered]
        result.dead = counts[.dead]
        for outcome in Outcome.allCases {
            guard let reason = outcome.dropReason, counts[outcome] > 0 else { continue }
            result.dropped.append(LedgerReport.Count(reason, counts[outcome]))
        }
        result.inFlight = counts.inFlight
        result.backingOff = counts.backingOff
        result.waiting = counts.waiting
        result.parked = counts.parked
        for shard in counts.shards {
            result.retried &+= shard.retried
            result.launches &+= shard.launches
            result.launchFailures &+= shard.launchFailures
        }
        return result
    }

    static func times(_ histogram: TimeHistogram) -> ServicesReport.Times {
        var times = ServicesReport.Times()
        times.count = histogram.total
        times.p50 = histogram.percentile(50)
        times.p99 = histogram.percentile(99)
        return times
    }

    /// One service's failures out of those of all pages: the same words of several workers as one, the newest first.
    /// - Parameter slots: the service's, with their incarnations.
    static func failures(
        of slots: [(index: Int, incarnation: UInt64)], in all: [FailureEntry]
    ) -> [ServicesReport.Failure] {
        var found: [ServicesReport.Failure] = []
        for entry in all where slots.contains(where: { $0 == (entry.slot, entry.incarnation) }) {
            let words = PrintableText.clean(entry.words)
            if let place = found.firstIndex(where: { $0.words == words }) {
                found[place].time = max(found[place].time, entry.time)
                found[place].count &+= entry.count
            } else {
                found.append(ServicesReport.Failure(time: entry.time, count: entry.count, words: words))
            }
        }
        return found.sorted { ($0.time, $0.words) > ($1.time, $1.words) }
    }

    /// Why nothing goes to a paused service, and what that does to the others.
    /// - Parameters:
    ///   - oldest: when what waits for it longest was received, nanoseconds since 1970. - inRing: the same of what lies in
    ///     the ring. - first: the same of everybody's. - percent: how full the ring is; at 0 nobody is held up.
    static func pauseWords(
        oldest: UInt64?, inRing: UInt64?, first: UInt64?, percent: UInt64, now: UInt64
    ) -> String {
        guard let oldest else { return "paused by an operator" }
        let age = HumanText.age((now - min(now, oldest)) / 1_000_000_000)
        let words = "paused by an operator; what waits for it longest came \(age) ago"
        guard let inRing, let first, inRing <= first, percent > 0 else { return words }
        return words + " and holds the ring back (\(percent)% full)"
    }

    private static func finite(_ limit: UInt64) -> UInt64? { limit == .max ? nil : limit }

    private static func word(_ order: Settings.Service.Order) -> String {
        switch order {
        case .none: "none"
        case .source: "source"
        case .topic: "topic"
        case .all: "all"
        }
    }

    private static func word(_ onRemove: Settings.Service.OnRemove) -> String {
        switch onRemove {
        case .drain: "drain"
        case .dead: "dead"
        case .drop: "drop"
        }
    }
}
