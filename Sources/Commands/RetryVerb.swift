// SPDX-License-Identifier: Apache-2.0
/// `belfry retry`: try at once what backs off of a service, deliveries and launches.
///
/// Invariant: no attempt is lost or counted twice; where nothing backs off it says so, and that is no failure.

internal import ArgumentParser

struct RetryVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Try at once what backs off of a service.",
        usage: "belfry retry <name> ... | --all [<options>]",
        discussion: """
            For a service that has been mended: failed deliveries and launches are tried now instead of at the end of \
            their back-off. What fails again backs off again.

            Examples:
              belfry retry on-call
              belfry retry --all
            """)

    @OptionGroup var control: ControlOption
    @OptionGroup var services: ServiceNames

    func run() throws { try services.perform(.retry, control) }
}
