// SPDX-License-Identifier: Apache-2.0
/// What belfryd was asked to be, out of its arguments: supervisor, one of its roles, or a page of text.
///
/// Used by the executable's entry point. Pure.
/// Invariant: what is not understood is told with the usage, and never guessed.

package enum Invocation: Equatable, Sendable {
    case supervise(file: String)
    case role(Role)
    /// Beside the broker: what the supervisor starts for an update, and what that starts.
    case examine
    case shadow(folder: String, arguments: [String])
    case canary(kind: String, socket: String)
    case help
    case version
    case wrong(String)

    package static let usage = """
        usage: belfryd --config FILE

        Takes in notifications on one UDP and TCP port and hands them to the services
        in FILE.

          --config FILE  the settings, as `belfry check FILE` accepts them
          --version      print version and layouts
          --help         print this

        SIGUSR2: belfryd is replaced by another process of itself, which goes on with
        all that there is; senders notice nothing.
        SIGHUP: read FILE again and go over to it; the log tells what has changed, or
        why nothing was.
        SIGTERM or SIGINT: take nothing more, finish what there is within
        shutdown.grace, exit 0; a second one: end at once, services too, exit 0.

        Exit status: 0 ended as asked, 1 failed with the reason on stderr, 2 wrong
        usage. belfry looks after it: see belfry --help.

        """

    /// - Parameter arguments: without the executable's own name.
    package init(_ arguments: [String]) {
        switch arguments.first {
        case nil: self = .wrong("--config FILE is missing")
        case "--help", "-h": self = .help
        case "--version": self = .version
        case "--config": self = Self.supervisor(Array(arguments.dropFirst()))
        case "acceptor" where arguments.count == 1: self = .role(.acceptor)
        case "committer" where arguments.count == 1: self = .role(.committer)
        case "worker": self = Self.worker(Array(arguments.dropFirst()))
        case "examine" where arguments.count == 1: self = .examine
        case "shadow" where arguments.count >= 2:
            self = .shadow(folder: arguments[1], arguments: Array(arguments.dropFirst(2)))
        case "canary" where arguments.count == 3 && ShadowFolder.services.contains(arguments[1]):
            self = .canary(kind: arguments[1], socket: arguments[2])
        case let first? where first.hasPrefix("--config="):
            self = Self.supervisor([String(first.dropFirst("--config=".count))] + arguments.dropFirst())
        case let first?: self = .wrong("\(first): not understood")
        }
    }

    private static func supervisor(_ arguments: [String]) -> Invocation {
        guard let file = arguments.first, !file.isEmpty else { return .wrong("--config needs a file") }
        guard arguments.count == 1 else { return .wrong("\(arguments[1]): not understood") }
        return .supervise(file: file)
    }

    private static func worker(_ arguments: [String]) -> Invocation {
        guard arguments.count == 1, let index = Int(arguments[0]), (0..<2 * Role.half).contains(index) else {
            return .wrong("worker needs an index from 0 to \(2 * Role.half - 1)")
        }
        return .role(.worker(index))
    }
}
