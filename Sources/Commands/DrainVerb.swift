// SPDX-License-Identifier: Apache-2.0
/// `belfry drain`: end the broker in good order, as SIGTERM does.
///
/// Invariant: returns when the broker has taken the order, not when it has ended.

internal import ArgumentParser

struct DrainVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Take nothing more, finish what there is, and end belfryd.",
        discussion: """
            As SIGTERM: bounded by shutdown.grace of the configuration. Only root and the user that belfryd runs as may.

            Example:
              belfry drain
            """)

    @OptionGroup var control: ControlOption

    func run() throws { try Output.write(control.ask(.drain)) }
}
