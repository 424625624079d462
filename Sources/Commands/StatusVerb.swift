// SPDX-License-Identifier: Apache-2.0
/// `belfry status`: what runs, and how it is doing.
///
/// Invariant: changes nothing.

internal import ArgumentParser

struct StatusVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show generation, roles, services, ring and rates.",
        discussion: """
            Examples:
              belfry status
              belfry status --watch 500ms
              belfry status --json | jq '.services[] | select(.state == "backing-off")'
            """)

    @OptionGroup var control: ControlOption
    @OptionGroup var report: ReportOptions

    func run() throws { try report.show(control) { .status($0) } }
}
