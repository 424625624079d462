// SPDX-License-Identifier: Apache-2.0
/// `belfry pause`: hand a service nothing more until it is resumed.
///
/// Invariant: what waits stays; a service that is paused already is told so, and that is no failure.

internal import ArgumentParser

struct PauseVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Hand a service nothing more until it is resumed.",
        usage: "belfry pause <name> ... | --all [<options>]",
        discussion: """
            Its notifications wait in the ring; what it has in flight may still be answered. It stays paused over a \
            reload and over the death of a worker, but not over the end of belfryd. The ring has a size: once it is \
            full of what waits, senders by TCP wait, and datagrams are refused (`belfry status` shows how full it is).

            Examples:
              belfry pause archive
              belfry pause --all
            """)

    @OptionGroup var control: ControlOption
    @OptionGroup var services: ServiceNames

    func run() throws { try services.perform(.pause, control) }
}
