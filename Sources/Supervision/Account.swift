// SPDX-License-Identifier: Apache-2.0
/// Fills in the ledger's report from the regions: both sides, as they stand at this moment.
///
/// Used by the Supervisor for `ledger`, and at the very end for the last line of each service.
/// Invariant: it only reads; reasons come in the order of their codes, those that count nothing are left out.

internal import Control
internal import Ring
internal import Wire

enum Account {
    static func report(_ regions: Regions, kernelDropped: UInt64) throws -> LedgerReport {
        var report = LedgerReport()
        report.since = regions.ledgerSince
        report.intake = intake(regions.ledger.intake())
        report.intake.kernelDropped = kernelDropped
        report.services = try ServiceAccount.all(regions).map(service)
        return report
    }

    /// One line for each service, and one for the intake.
    static func lines(_ report: LedgerReport) -> [String] {
        let intake = report.intake
        let first =
            "ledger: received \(intake.received) = published \(intake.published) + duplicate \(intake.duplicate)"
            + " + refused \(sum(intake.refused))\(told(intake.refused)); published = routed \(intake.routed)"
            + " + unrouted \(intake.unrouted); dropped by the kernel \(intake.kernelDropped)"
        return [first]
            + report.services.map { service in
                "ledger of \(service.name): matched \(service.matched) = delivered \(service.delivered)"
                    + " + dead \(service.dead) + dropped \(sum(service.dropped))\(told(service.dropped))"
                    + " + pending \(service.pending)"
            }
    }

    /// What becomes of what is undelivered, once it is stored.
    static func promise(_ report: LedgerReport) -> String {
        let kept = report.services.reduce(0) { $0 &+ $1.pending }
        return kept == 0 ? "nothing is left to be delivered" : "nothing lost: \(kept) kept for the next start"
    }

    private static func intake(_ totals: IntakeTotals) -> LedgerReport.Intake {
        var intake = LedgerReport.Intake()
        intake.received = totals.received
        intake.published = totals.published
        intake.duplicate = totals.duplicate
        intake.replayed = totals.replayed
        intake.routed = totals.routed
        intake.unrouted = totals.unrouted
        for code in 0..<IntakeTotals.reasons where totals.refused(code) > 0 {
            let name = Refusal(rawValue: UInt8(code))?.name ?? "reason-\(code)"
            intake.refused.append(LedgerReport.Count(name, totals.refused(code)))
        }
        return intake
    }

    private static func service(_ account: ServiceAccount) -> LedgerReport.Service {
        let counts = account.counts
        var service = LedgerReport.Service()
        service.name = account.name
        service.matched = counts.matched
        service.delivered = counts[.delivered]
        service.dead = counts[.dead]
        for outcome in Outcome.allCases {
            guard let reason = outcome.dropReason, counts[outcome] > 0 else { continue }
            service.dropped.append(LedgerReport.Count(reason, counts[outcome]))
        }
        service.pending = counts.pending
        service.inFlight = counts.inFlight
        service.parked = counts.parked
        return service
    }

    private static func sum(_ counts: [LedgerReport.Count]) -> UInt64 { counts.reduce(0) { $0 &+ $1.count } }

    private static func told(_ counts: [LedgerReport.Count]) -> String {
        counts.isEmpty ? "" : " (" + counts.map { "\($0.reason) \($0.count)" }.joined(separator: ", ") + ")"
    }
}
