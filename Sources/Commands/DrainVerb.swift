// SPDX-License-Identifier: Apache-2.0
/// `belfry drain`: end the broker in good order, as SIGTERM does.
///
/// Invariant: returns when the broker has taken the order; with --wait, when its process has ended.

internal import ArgumentParser
internal import LinuxIO

struct DrainVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Take nothing more, finish what there is, and end belfryd.",
        discussion: """
            As SIGTERM: bounded by shutdown.grace of the configuration. What is undelivered then, and what waits for a \
            paused service, is kept in the state folder for the next start. Needs the permission control.change, which \
            root and the user that belfryd runs as have.

            Examples:
              belfry drain
              belfry drain --wait && mv state /backup
            """)

    @OptionGroup var control: ControlOption

    @Flag(help: "Return only when belfryd has ended.")
    var wait = false

    func run() throws {
        let client = try control.connect()
        // Before it is asked: afterwards the number may be another process's.
        let process = wait ? client.server.flatMap { try? ProcessDescriptor(pid: $0) } : nil
        try Output.write(client.ask(.drain))
        guard wait else { return }
        try client.waitForEnd()
        guard let process else { return }
        let end = try Poller(capacity: 1)
        try end.add(process.raw, token: 0, events: .readable)
        _ = try end.wait(timeoutNanoseconds: nil)
    }
}
