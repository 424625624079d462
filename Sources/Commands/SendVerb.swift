// SPDX-License-Identifier: Apache-2.0
/// `belfry send`: notifications from the command line and from scripts.
///
/// Invariant: exit status 0 means that the broker has accepted everything (with --udp: that everything was sent).

internal import ArgumentParser
internal import BelfryClient
internal import LinuxIO
internal import Wire

struct SendVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send", abstract: "Send notifications.",
        usage: "belfry send [<options>] <body>",
        discussion: """
            Sends by TCP and returns when the broker has accepted everything. If the connection breaks, it connects \
            again and goes on, without losing or doubling anything. With --udp nothing is answered.

            Examples:
              belfry send --topic alerts.disk.full "sda1 at 97 %"
              belfry send --topic backup.done - < report.txt
              journalctl -f | belfry send --topic journal --lines -
              belfry send --to broker.example:2355 --topic alerts.test hello
            """)

    @Option(help: ArgumentHelp("The broker's port.", valueName: "host:port"))
    var to = "127.0.0.1:2355"

    @Option(help: "The topic of all that is sent.")
    var topic = "raw"

    @Option(
        help: ArgumentHelp(
            "Give up when nothing was accepted for so long, and something waits for it; 0 waits for ever.",
            valueName: "seconds"))
    var timeout: UInt32 = 0

    @Flag(help: "Send datagrams: nothing is answered, nothing is sent again.")
    var udp = false

    @Flag(help: "Each line of stdin is a notification, without its newline; empty ones too.")
    var lines = false

    @Argument(help: "The notification, or - for all of stdin.")
    var body: String?

    func validate() throws {
        guard Endpoint(to) != nil else {
            throw ValidationError("--to \"\(to)\" is no HOST:PORT; 127.0.0.1:2355 or [::1]:2355 would be right")
        }
        if let refusal = Topic.check(Array(topic.utf8).span) {
            throw ValidationError("--topic \"\(topic)\" is refused (\(refusal.name)): \(refusal.sentence)")
        }
        if lines, let body, body != "-" { throw ValidationError("--lines reads stdin; BODY would be - or left out") }
        if !lines, body == nil { throw ValidationError("BODY is missing; a text, or - for stdin, would be right") }
    }

    func run() throws {
        guard let endpoint = Endpoint(to) else { return }
        do {
            try send(to: endpoint)
        } catch let error as PublishError {
            throw Failure(error)
        }
    }

    private func send(to endpoint: Endpoint) throws {
        let report = SendReport(lines: lines)
        let outlet = try Outlet(endpoint, udp: udp, timeout: timeout == 0 ? nil : .seconds(Int64(timeout)))
        outlet.waiting = { [unowned outlet] in report.show(accepted: outlet.accepted) }
        try send(through: outlet, report)
        try report.noting { try outlet.flush() }
        try report.end(accepted: outlet.accepted)
    }

    private func send(through outlet: Outlet, _ report: SendReport) throws {
        if let body, body != "-" { return try report.noting { try outlet.send(topic, Array(body.utf8)) } }
        guard lines else {
            let body = try wholeInput()
            return try report.noting { try outlet.send(topic, body) }
        }
        let input = LineInput(0)
        while let line = try input.next(idle: { try report.noting { try outlet.flush() } }) {
            report.begin(bytes: input.consumed)
            try report.noting { try outlet.send(topic, line.bytes) }
            report.progress(accepted: outlet.accepted)
        }
    }

    private func wholeInput() throws -> [UInt8] {
        do throws(SystemCallError) {
            return try File.read(0, limit: Self.longestBody)
        } catch {
            throw Failure("stdin can't be read: \(error.isTooLarge ? "it is longer than 1 GiB" : error.reason)")
        }
    }

    private static let longestBody = 1 << 30
}
