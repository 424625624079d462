// SPDX-License-Identifier: Apache-2.0
/// `belfry ledger`: what came in, and what became of it.
///
/// Invariant: changes nothing.

internal import ArgumentParser
internal import Control

struct LedgerVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "Show what came in, and what became of it for each service.",
        usage: "belfry ledger [--watch [<interval>]] [<options>]",
        discussion: """
            Both sides balance at every moment: received = published + duplicate + refused, \
            published = routed + unrouted, and for each service matched = delivered + dead + dropped + pending.

            Examples:
              belfry ledger
              belfry ledger --watch
              belfry ledger --service archive --service 'mail-*'
              belfry ledger --sort pending:desc
              belfry ledger --json | jq .intake.refused
            """)

    @OptionGroup var control: ControlOption
    @OptionGroup var report: ReportOptions
    @OptionGroup var services: RowOptions<LedgerServices>

    func run() throws {
        let services = try services.query()
        try report.show(LedgerReport.self, of: control, .ledger(.json), isFiltered: services.isFilter) {
            try services.apply(to: $0)
        }
    }
}
