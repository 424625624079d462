// SPDX-License-Identifier: Apache-2.0
/// `belfry status`: what runs, and how it is doing.
///
/// Invariant: changes nothing.

internal import ArgumentParser
internal import Control

struct StatusVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show generation, roles, services, ring and rates.",
        usage: "belfry status [--watch [<interval>]] [<options>]",
        discussion: """
            Times are local, except in JSON. The keys of --json are in docs/operations.md.

            Examples:
              belfry status
              belfry status --watch 500ms
              belfry status --state backing-off --state paused
              belfry status --service 'mail-*' --sort waiting:desc
              belfry status --json | jq '.services[].waiting'
            """)

    @OptionGroup var control: ControlOption
    @OptionGroup var report: ReportOptions
    @OptionGroup var services: RowOptions<StatusServices>
    @OptionGroup var states: StateOption<StatusServices>
    @OptionGroup var workers: RowOptions<StatusWorkers>

    func run() throws {
        let services = try services.query(states: states.states)
        let workers = try workers.query()
        try report.show(
            StatusReport.self, of: control, .status(.json), isFiltered: services.isFilter
        ) { try workers.apply(to: services.apply(to: $0)) }
    }
}
