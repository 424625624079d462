// SPDX-License-Identifier: Apache-2.0
/// `belfry update EXECUTABLE`: have a belfryd from another executable take over from the one that runs.
///
/// Invariant: exit status 0 means that the new one serves alone; else the old one serves on. With --dry-run and --history
/// nothing is touched.

internal import ArgumentParser
internal import Control
internal import LinuxIO

struct UpdateVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Go over to another belfryd, without losing anything.",
        usage: """
            belfry update <executable> [--dry-run] [<options>] [-- <argument> ...]
            belfry update --history [<options>]
            """,
        discussion: """
            staged: the executable is examined. shadow: it serves a message of its own, beside the running belfryd. \
            frozen: it takes over port, connections and everything that is pending. probation: it is watched for \
            update.probation. committed: the old belfryd ends. A line tells of each step as it is done. Whatever goes \
            wrong before `committed`: the old belfryd serves on, and the reason is told. Needs the permission \
            control.change, which root and the user that belfryd runs as have.

            Examples:
              belfry update /usr/bin/belfryd
              belfry update --dry-run ./belfryd-0.6
              belfry update /usr/bin/belfryd -- --config /etc/belfry/new.yaml
              belfry update --history
            """)

    @OptionGroup var control: ControlOption
    @OptionGroup var progress: ProgressOptions

    @Argument(help: "The belfryd to go over to.")
    var executable: String?

    @Flag(help: "Examine and try it, but change nothing.")
    var dryRun = false

    @Flag(
        help: ArgumentHelp(
            "Write everything to the disk and read it back.",
            discussion: "For a belfryd with another layout of the ring. Connections are closed in good order."))
    var throughStore = false

    @Flag(help: "List earlier updates and restarts instead, the latest first.")
    var history = false

    @Option(help: ArgumentHelp("With --history: so many at most, up to \(KeeperFilter.mostRows).", valueName: "number"))
    var limit: UInt64 = KeeperFilter.usualRows

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("Arguments of the new belfryd, behind --.", valueName: "argument"))
    var arguments: [String] = []

    func validate() throws {
        if history {
            guard executable == nil, arguments.isEmpty, !dryRun, !throughStore else {
                throw ValidationError("--history updates nothing; it stands without an executable and its options")
            }
            guard (1...KeeperFilter.mostRows).contains(limit) else {
                throw ValidationError("--limit is \(limit); 1 to \(KeeperFilter.mostRows) would be right")
            }
        } else {
            guard let executable, !executable.isEmpty else {
                throw ValidationError("which belfryd? Give the path of an executable, or --history")
            }
            if let word = UpdateOrder(executable, arguments: arguments).unspeakable {
                throw ValidationError(
                    "\"\(PrintableText.clean(word))\" has a control character in it, which no request can carry")
            }
        }
    }

    func run() throws {
        guard let executable else {
            var filter = KeeperFilter()
            filter.limit = limit
            return try Output.write(control.ask(.updates(progress.json ? .json : .text, filter)))
        }
        // belfryd has another folder than we.
        let path = try executable.hasPrefix("/") ? executable : File.linkTarget("/proc/self/cwd") + "/" + executable
        let order = UpdateOrder(path, arguments: arguments, isDryRun: dryRun, isThroughStore: throughStore)
        try progress.follow(control, .update(order, .json), until: dryRun ? .dryRun : .committed)
    }
}
