// SPDX-License-Identifier: Apache-2.0
/// Where the running broker is asked: the control socket, named or found.
///
/// Used by the verbs that talk to belfryd.
/// Invariant: a socket that was named is the only one tried; else the first that answers, in the order of `places`. One
/// that is there but denied ends the search: the broker behind it was meant, not the next one's.

internal import ArgumentParser
internal import Control
internal import LinuxIO

struct ControlOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Belfry's control socket.",
            discussion: """
                Without it: $XDG_RUNTIME_DIR/belfry/control.sock, /run/belfry/control.sock, then .run/control.sock \
                here (as `make run` makes it); the first that answers.
                """, valueName: "socket"))
    var control: String?

    /// Connected to the broker.
    func connect() throws -> ControlClient {
        var tried: [String] = []
        for place in Self.places(named: control, runtime: CurrentProcess.environment("XDG_RUNTIME_DIR")) {
            do throws(ControlClientError) {
                return try ControlClient(path: place)
            } catch .unreachable(let path, let reason) {
                if reason.isDenied { throw Self.denied(path) }
                tried.append("  \(path): \(reason.reason)" + (reason.isRefused ? ": its belfryd was killed" : ""))
            } catch {
                throw Failure("\(place): \(error)")
            }
        }
        let remedy =
            control == nil
            ? "start it (make run, or systemctl start belfry), or name its socket with --control SOCKET"
            : "start belfryd, or name the socket that control.socket in its configuration says"
        throw Failure("no running belfryd answers; tried\n" + tried.joined(separator: "\n") + "\n" + remedy)
    }

    private static func denied(_ path: String) -> Failure {
        Failure(
            "\(path): permission denied; ask as root, as the user that belfryd runs as, or as a member of the socket's "
                + "group, or name another socket with --control SOCKET")
    }

    func ask(_ request: ControlRequest) throws -> [UInt8] { try connect().ask(request) }

    static func places(named: String?, runtime: String?) -> [String] {
        if let named { return [named] }
        let own = runtime.flatMap { $0.isEmpty ? nil : [$0 + "/belfry/control.sock"] } ?? []
        return own + ["/run/belfry/control.sock", ".run/control.sock"]
    }
}
