// SPDX-License-Identifier: Apache-2.0
/// `belfry dead`: the dead letters, and what becomes of them.
///
/// Invariant: what changes something names letters, a service or `--all`.

internal import ArgumentParser
internal import Control
internal import Wire

struct DeadVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead", abstract: "List, show, replay and drop dead letters.",
        usage: "belfry dead list|show|replay|drop [<id> ...] [<options>]",
        discussion: """
            A dead letter is a notification that a service has given up: its attempts or its time are used up, or the \
            service answered that it never wants it (exit 65, fail ID dead).

            Examples:
              belfry dead list --service on-call
              belfry dead show 17
              belfry dead replay --service on-call
              belfry dead drop 17 18
              belfry dead list --json | jq '.letters[].reason'
            """,
        subcommands: [List.self, Show.self, Replay.self, Drop.self])

    struct Filter: ParsableArguments {
        @Option(help: ArgumentHelp("Only those of this service.", valueName: "name"))
        var service: String?

        @Option(help: ArgumentHelp("Only those whose topic fits.", valueName: "pattern"))
        var topic: String?

        var filter: KeeperFilter {
            var filter = KeeperFilter()
            filter.service = service
            filter.topic = topic
            return filter
        }

        func validate() throws {
            guard let topic else { return }
            do throws(TopicPatternError) {
                _ = try TopicPattern(topic)
            } catch {
                throw ValidationError("--topic \"\(topic)\": \(error)")
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List dead letters, the latest failures first.", usage: "belfry dead list [<options>]")
        @OptionGroup var control: ControlOption
        @OptionGroup var report: ReportFlags
        @OptionGroup var filter: Filter

        @Option(help: ArgumentHelp("So many at most, up to \(KeeperFilter.mostRows).", valueName: "number"))
        var limit: UInt64 = KeeperFilter.usualRows

        func validate() throws {
            guard (1...KeeperFilter.mostRows).contains(limit) else {
                throw ValidationError("--limit is \(limit); 1 to \(KeeperFilter.mostRows) would be right")
            }
        }

        func run() throws {
            var wanted = filter.filter
            wanted.limit = limit
            try report.show(
                DeadReport.self, of: control, .dead(.list, .json, wanted), every: nil,
                isFiltered: filter.service != nil || filter.topic != nil
            ) { $0 }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show dead letters with what they say.", usage: "belfry dead show <id> ... [<options>]")
        @OptionGroup var control: ControlOption
        @OptionGroup var report: ReportFlags

        @Argument(help: "Numbers of dead letters, or ids of notifications.")
        var ids: [String]

        func run() throws {
            var wanted = KeeperFilter()
            wanted.ids = ids
            try report.show(
                DeadReport.self, of: control, .dead(.show, .json, wanted), every: nil, isFiltered: false
            ) { $0 }
        }
    }

    struct Replay: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Deliver dead letters again, each to its service alone.",
            usage: "belfry dead replay [<id> ...] [<options>]")
        @OptionGroup var control: ControlOption
        @OptionGroup var choice: Choice

        func run() throws { try choice.change(.replay, control) }
    }

    struct Drop: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give dead letters up for good.", usage: "belfry dead drop [<id> ...] [<options>]")
        @OptionGroup var control: ControlOption
        @OptionGroup var choice: Choice

        func run() throws { try choice.change(.drop, control) }
    }

    /// Which letters are to be replayed or dropped.
    struct Choice: ParsableArguments {
        @OptionGroup var filter: Filter

        @Argument(help: "Numbers of dead letters, or ids of notifications.")
        var ids: [String] = []

        @Flag(help: "All of them.")
        var all = false

        @Flag(help: "Print JSON, one object on one line, for machines.")
        var json = false

        func validate() throws {
            if all, !ids.isEmpty { throw ValidationError("either numbers and ids or --all, not both") }
            if ids.isEmpty, !all, filter.filter.isEmpty {
                throw ValidationError("which dead letters? Give their numbers, --service, --topic, or --all")
            }
        }

        func change(_ action: DeadAction, _ control: ControlOption) throws {
            var wanted = filter.filter
            wanted.ids = ids
            wanted.isEverything = all
            // A replay is answered when all is in the ring, which may be full.
            let answer = try control.connect().ask(.dead(action, .json, wanted), timeout: nil)
            guard let change = DeadChange(try ReportFlags.read(answer)) else { throw ReportFlags.notUnderstood }
            try Output.write(json ? answer : change.text(Output.style(.auto)))
            if change.refused > 0, change.count == 0 { throw Failure("nothing was replayed") }
        }
    }
}
