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
            one serves on. With names: this version refuses, and says how a service gets a new process. Needs the \
            permission control.change, which root and the user that belfryd runs as have.

            Examples:
              belfry restart
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
        if all || !services.isEmpty {
            let answer = try control.ask(.restartServices(progress.json ? .json : .text, all ? .all : .named(services)))
            return try Output.write(answer)
        }
        try progress.follow(control, .restart(.json), until: .committed)
    }
}
