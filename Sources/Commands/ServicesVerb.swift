// SPDX-License-Identifier: Apache-2.0
/// `belfry services`: each service in detail, with its last failures in words.
///
/// Invariant: changes nothing.

internal import ArgumentParser
internal import Control

struct ServicesVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "services", abstract: "Show each service in detail, with its last failures.",
        usage: "belfry services [<name> ...] [<options>]",
        discussion: """
            For each service: how it stands, how it is configured, what waits for it and since when, how long launches \
            and answers take (half of them take no longer than p50, 99 of 100 no longer than p99), and its last failures \
            in words. With --watch, a last argument such as 500ms or 2s is the time in between.

            Examples:
              belfry services
              belfry services on-call 'mail-*'
              belfry services archive --watch 2s
              belfry services --state backing-off --sort waiting:desc
              belfry services --json | jq '.services[] | {name, p99: ."run-time".p99}'
            """)

    @OptionGroup var control: ControlOption

    @Argument(help: "Only these services; * is any text, ? any character.")
    var names: [String] = []

    @OptionGroup var report: ReportFlags
    @OptionGroup var rows: RowOptions<DetailedServices>
    @OptionGroup var states: StateOption<DetailedServices>

    func run() throws {
        var (names, interval) = (names, UInt64?.none)
        if report.watch, let last = names.last.flatMap({ Interval.parse($0) }) {
            interval = last
            names.removeLast()
        }
        var query = try rows.query(states: states.states)
        query.patterns += names.map(NamePattern.init)
        try report.show(
            ServicesReport.self, of: control, .services(.json, .all), every: interval, isFiltered: query.isFilter
        ) { try query.apply(to: $0) }
    }
}
