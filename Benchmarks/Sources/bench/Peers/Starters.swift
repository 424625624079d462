// SPDX-License-Identifier: Apache-2.0
/// Those who start a process for each message or connection: webhook, tcpserver, xinetd, systemd-socket-activate.
///
/// Used by rows 5 and 8.
/// Invariant: all of them start the very program that Belfry starts; limits that would refuse connections are out of the way.

enum Starter: String, Sendable {
    case webhook, tcpserver, xinetd
    case socketActivate = "systemd-socket-activate"

    var settings: String {
        switch self {
        case .webhook:
            "a hook that answers when its command has ended; the body as an argument, as it can't write to stdin"
        case .tcpserver: "`-H -R -l 0 -c 64`: no look-ups, 64 connections at a time"
        case .xinetd: "no limits on instances, sources or connections a second, no log"
        case .socketActivate: "`--accept --inetd`"
        }
    }

    func setUp(_ stage: Stage, _ load: Load, _ boards: [Board]) throws -> Setup {
        let port = try stage.port()
        let (publish, once) = (try stage.tools.publish, try stage.tools.once)
        let kind = self == .webhook ? ["http", "--topic", "/hooks/bench"] : ["tcp"]
        let options = ["--to", "127.0.0.1:\(port)"] + load.options(boards)
        var setup = Setup(publisher: [publish] + kind + options)
        let arguments = try arguments(stage, port: port, [once, boards[0].path])
        setup.servers = [Server(name: arguments.name, arguments: arguments.vector, sign: sign(port))]
        setup.waitsForReady = false
        return setup
    }

    /// A connection to see whether somebody accepts would start a program for nothing.
    private func sign(_ port: Int) -> Server.Sign { self == .webhook ? .port(port) : .listening(port) }

    private func arguments(_ stage: Stage, port: Int, _ command: [String]) throws -> (name: String, vector: [String]) {
        switch self {
        case .webhook:
            let hooks = try stage.file("hooks.json", hooks(command))
            let place = ["-ip", "127.0.0.1", "-port", "\(port)", "-hooks", hooks]
            return ("webhook", [try stage.tools.peer("webhook")] + place)
        case .tcpserver:
            let options = ["-H", "-R", "-l", "0", "-c", "64", "127.0.0.1", "\(port)"]
            return ("tcpserver", [try stage.tools.peer("tcpserver")] + options + command)
        case .xinetd:
            let file = try stage.file("xinetd.conf", services(port: port, command))
            let options = [
                "-dontfork", "-stayalive", "-f", file, "-pidfile", stage.path("pid"), "-filelog", "/dev/null",
            ]
            return ("xinetd", [try stage.tools.peer("xinetd")] + options)
        case .socketActivate:
            let options = ["--accept", "--inetd", "-l", "127.0.0.1:\(port)"]
            return ("socket-activate", [try stage.tools.peer("systemd-socket-activate")] + options + command)
        }
    }

    private func hooks(_ command: [String]) -> String {
        """
        [{ "id": "bench", "execute-command": "\(command[0])", "include-command-output-in-response": true,
           "pass-arguments-to-command": [
             { "source": "string", "name": "\(command[1])" }, { "source": "payload", "name": "m" } ] }]

        """
    }

    private func services(port: Int, _ command: [String]) -> String {
        """
        defaults
        {
            instances = UNLIMITED
            per_source = UNLIMITED
            cps = 1000000 1
        }
        service bench
        {
            type = UNLISTED
            socket_type = stream
            protocol = tcp
            wait = no
            user = root
            bind = 127.0.0.1
            port = \(port)
            server = \(command[0])
            server_args = \(command[1])
        }

        """
    }
}
