// SPDX-License-Identifier: Apache-2.0
/// `belfry resume`: hand a paused service what waits for it, and what comes.
///
/// Invariant: a service that is not paused is told so, and that is no failure.

internal import ArgumentParser

struct ResumeVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Hand a paused service what waits for it, and what comes.",
        usage: "belfry resume <name> ... | --all [<options>]",
        discussion: """
            Examples:
              belfry resume archive
              belfry resume --all
            """)

    @OptionGroup var control: ControlOption
    @OptionGroup var services: ServiceNames

    func run() throws { try services.perform(.resume, control) }
}
