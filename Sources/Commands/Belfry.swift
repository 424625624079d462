// SPDX-License-Identifier: Apache-2.0
/// The command-line tool: its verbs, and how it ends.
///
/// Called by the executable `belfry` with its arguments.
/// Invariant: exit status 0 is done, 1 failed with the reason on stderr, 2 wrong usage.

internal import ArgumentParser
internal import Control
internal import LinuxIO
internal import Settings

package enum BelfryTool {
    /// The exit status.
    package static func run(_ arguments: [String]) -> Int32 {
        // A closed pipe is told by write(), so that `belfry … | head` ends without a word.
        Signal.ignoreBrokenPipes()
        StandardDescriptors.reserve()
        guard !arguments.isEmpty else {
            Output.error(Belfry.helpMessage())
            return 2
        }
        do {
            let arguments = Invocation.ordered(arguments)
            try Invocation.checkVerb(arguments, among: Belfry.verbs, or: Belfry.innerVerbs)
            var command = try Belfry.parseAsRoot(arguments)
            try command.run()
            return 0
        } catch let failure as Failure {
            return fail(failure.reason)
        } catch is ReaderGone {
            return 0
        } catch ControlClientError.refused(let sentence, let lines) {
            try? File.write(2, lines.span)
            return fail(sentence)
        } catch let error where error is SystemCallError || error is ControlClientError {
            return fail("\(error)")
        } catch {
            return end(with: error)
        }
    }

    private static func fail(_ reason: String) -> Int32 {
        Output.error("belfry: \(reason)")
        return 1
    }

    /// Help, version and completion scripts are asked for, the rest is wrong usage.
    private static func end(with error: any Error) -> Int32 {
        let message = Belfry.fullMessage(for: error)
        guard Belfry.exitCode(for: error) == .success else {
            Output.error(message)
            return 2
        }
        do {
            try Output.write(message + "\n")
            return 0
        } catch let failure as Failure {
            return fail(failure.reason)
        } catch {
            return 0
        }
    }
}

/// A verb that could not do what was asked; told on stderr.
struct Failure: Error, Equatable {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

struct Belfry: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "belfry",
        abstract: "Looks after a Belfry: one port, many bells.",
        usage: "belfry <command> [<options>]",
        discussion: """
            Examples:
              belfry status --watch
              belfry tail 'alerts.>'
              belfry send --topic alerts.disk.full "sda1 at 97 %"
              tail -f app.log | belfry send --topic app.log --lines -
              belfry check /etc/belfry/belfry.yaml && belfry reload
              belfry ledger --json
              belfry --generate-completion-script bash > ~/.belfry.bash

            belfry COMMAND --help tells all about one, with examples.
            Exit status: 0 done, 1 failed with the reason on stderr, 2 wrong usage.
            """,
        version: "belfry \(Release.version)",
        subcommands: [SettingsImageVerb.self, KeeperVerb.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Looking on",
                subcommands: [
                    StatusVerb.self, ServicesVerb.self, LedgerVerb.self, TailVerb.self, DeadVerb.self,
                    IncidentsVerb.self,
                ]),
            CommandGroup(name: "Sending", subcommands: [SendVerb.self]),
            CommandGroup(name: "Settings", subcommands: [CheckVerb.self, ReloadVerb.self, WorkersVerb.self]),
            CommandGroup(
                name: "Running",
                subcommands: [
                    PauseVerb.self, ResumeVerb.self, RetryVerb.self, RestartVerb.self, UpdateVerb.self,
                    DrainVerb.self,
                ]),
        ])

    static var _errorPrefix: String { "belfry: " }

    /// The words that may stand first; those that people use.
    static var verbs: [String] { names(shown: true) + ["help"] }
    /// Those that belfryd uses.
    static var innerVerbs: [String] { names(shown: false) }

    private static func names(shown: Bool) -> [String] {
        let configurations = configuration.subcommands.map { $0.configuration }
        return configurations.filter { $0.shouldDisplay == shown }.compactMap { $0.commandName }
    }

    /// Understood before the verb and after it: see Invocation.
    @OptionGroup var control: ControlOption
}
