// SPDX-License-Identifier: Apache-2.0
/// `belfry workers [N]`: how many workers there are, or how many there shall be from now on.
///
/// Invariant: without N nothing is changed.

internal import ArgumentParser
internal import Control
internal import Settings

struct WorkersVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers", abstract: "Show or change the number of workers.",
        usage: "belfry workers [<n>] [<options>]",
        discussion: """
            Returns when the new workers are ready, and those that are too many have finished what they had begun and \
            have ended. The number holds until the next reload or start, which take that of the file. To change it needs the \
            permission control.change, which root and the user that belfryd runs as have.

            Examples:
              belfry workers
              belfry workers 8
            """)

    @OptionGroup var control: ControlOption
    @OptionGroup var change: ChangeOptions

    @Argument(help: ArgumentHelp("The new number, 1 to 64.", valueName: "n"))
    var count: String?

    func validate() throws {
        guard let count else { return }
        guard let number = Int(count), SettingsLimits.workers.contains(number) else {
            throw ValidationError("\"\(count)\" is no number of workers; 1 to 64 would be right")
        }
    }

    func run() throws {
        if let number = count.flatMap(Int.init) { return try change.change(control, .workers(number, .json)) }
        let status = try ReportFlags.read(control.ask(.status(.json)))
        let present = status["workers"]?.elements.count ?? 0
        try Output.write(change.json ? "{\"workers\":\(present)}\n" : "\(present)\n")
    }
}
