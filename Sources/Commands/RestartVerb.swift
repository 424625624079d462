// SPDX-License-Identifier: Apache-2.0
/// `belfry restart`: have a new belfryd take over from the one that runs, or new processes from those of a service.
///
/// Invariant: exit status 0 means that what is new serves alone; else what was there before serves on.

internal import ArgumentParser
internal import Control

struct RestartVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Restart belfryd, or services, without losing anything.",
        usage: "belfry restart [<service> ... | --all] [<options>]",
        discussion: """
            Without a name: belfryd starts once more, with the settings that are in use, and takes over port, \
            connections and everything that is pending; senders notice nothing. If the new one does not come up, the old \
            one serves on. With names: the next process of each instance of a stream service starts, takes over when it \
            is ready, and the old one answers what it holds and ends. An exec service has a process for each message: \
            there is nothing to restart. Needs the permission control.change, which root and the user that belfryd runs \
            as have.

            Examples:
              belfry restart
              belfry restart archive
              belfry restart --json | jq -c 'select(.verdict)'
            """)

    @OptionGroup var control: ControlOption
    @OptionGroup var progress: ProgressOptions

    @Argument(help: ArgumentHelp("Services to restart, instead of belfryd.", valueName: "service"))
    var services: [String] = []

    @Flag(help: "All stream services, instead of belfryd.")
    var all = false

    func validate() throws {
        if all, !services.isEmpty { throw ValidationError("either names or --all, not both") }
        try ServiceNames.check(services)
    }

    func run() throws {
        guard all || !services.isEmpty else { return try progress.follow(control, .restart(.json), until: .committed) }
        let note = WaitingNote("for the new processes")
        let answer = try control.connect().ask(
            .restartServices(.json, all ? .all : .named(services)), timeout: nil, waiting: note.show)
        note.clear()
        guard let report = ServiceRestart(try ReportFlags.read(answer)) else { throw ReportFlags.notUnderstood }
        try Output.write(progress.json ? answer : report.text(Output.style(progress.color)))
        guard report.failed.isEmpty else {
            throw Failure(
                "new processes did not come up (\(report.failed.joined(separator: ", "))); the old ones serve on")
        }
    }
}
