// SPDX-License-Identifier: Apache-2.0
/// `belfry incidents`: what happened to which process.
///
/// Invariant: it changes nothing.

internal import ArgumentParser
internal import Control
internal import LinuxIO

struct IncidentsVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "incidents", abstract: "List what happened to which process.",
        usage: "belfry incidents [<options>]",
        discussion: """
            Deaths of Belfry's own processes, exits, time-outs and failed launches of services, damage and full disks, \
            the latest first. The same within a minute is told once, with its number.

            Examples:
              belfry incidents --since 1h
              belfry incidents --process on-call
              belfry incidents --kind launch-failure --json
            """)

    private static let kinds = Incident.Kind.allCases.map(\.word).joined(separator: ", ")

    @OptionGroup var control: ControlOption
    @OptionGroup var report: ReportFlags

    @Option(help: ArgumentHelp("Only of this kind: \(kinds).", valueName: "kind"))
    var kind: String?

    @Option(help: ArgumentHelp("Only of this role (\"worker 1\") or service.", valueName: "name"))
    var process: String?

    @Option(help: ArgumentHelp("Only those of the last 30s, 10m, 1h, 7d, …", valueName: "interval"))
    var since: String?

    @Option(help: ArgumentHelp("So many at most, up to \(KeeperFilter.mostRows).", valueName: "number"))
    var limit: UInt64 = KeeperFilter.usualRows

    func validate() throws {
        if let kind, Incident.Kind(word: kind) == nil {
            throw ValidationError("--kind \"\(kind)\": there is no such kind; one of \(Self.kinds) would be right")
        }
        if let since, Self.interval(since) == nil {
            throw ValidationError("--since \"\(since)\" is no interval; 30s, 10m, 1h or 7d would be right")
        }
        guard (1...KeeperFilter.mostRows).contains(limit) else {
            throw ValidationError("--limit is \(limit); 1 to \(KeeperFilter.mostRows) would be right")
        }
    }

    private static func interval(_ text: String) -> UInt64? { Interval.parse(text, days: 3_650) }

    func run() throws {
        var filter = KeeperFilter()
        filter.kind = kind.flatMap(Incident.Kind.init(word:))
        filter.process = process
        filter.since = since.flatMap(Self.interval).map { Clock.realtime() - min($0, Clock.realtime()) }
        filter.limit = limit
        let isFiltered = kind != nil || process != nil || since != nil
        try report.show(
            IncidentsReport.self, of: control, .incidents(.json, filter), every: nil, isFiltered: isFiltered
        ) { $0 }
    }
}
