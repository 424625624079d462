// SPDX-License-Identifier: Apache-2.0
/// Sockets that are handed over: by systemd-socket-activate, and by a real systemd with the units that are shipped.
/// The second kind runs in Scripts/systemd-sandbox and is skipped, with its reason, where that can't run.
/// Invariant of each test: what was sent before belfryd existed is itself handled.

import Foundation
import LinuxIO
import Testing

@Suite("Activated by sockets", .serialized)
struct SystemdTests {
    let scratch: Scratch
    let recorder: Recorder

    init() throws {
        scratch = try Scratch()
        recorder = try Recorder.stream("recorder", in: scratch)
    }

    /// A port that was free a moment ago: the tools for activation take no 0.
    private func freePort() throws -> UInt16 {
        let socket = try Sockets.tcp(SocketAddress(numeric: "127.0.0.1", port: 0)!)
        return try SocketFacts.name(of: socket.raw)?.port ?? 0
    }

    @Test("systemd-socket-activate hands over TCP and UDP together, by name", arguments: ["tcp", "udp"])
    func socketActivate(_ first: String) throws {
        let port = try freePort()
        let file = try Broker.configure(scratch, [recorder.service()], "number: \(port)")
        let inner = [
            "--datagram", "-l", "127.0.0.1:\(port)", "--fdname=tcp:udp", Executables.belfryd, "--config", file,
        ]
        let program = try Program(
            "systemd-socket-activate", ["-l", "127.0.0.1:\(port)", "systemd-socket-activate"] + inner, in: scratch)
        // Each of the two tools waits for traffic on its own socket before it starts the next program.
        _ =
            try scratch.wait("the listener", alongside: program) { program.errors.contains("Listening") ? true : nil }
            as Bool
        let connection = try Client.tcp(port)
        try connection.send("by tcp\n")
        _ =
            try scratch.wait("the second listener", alongside: program) {
                program.errors.components(separatedBy: "Listening").count > 2 ? true : nil
            } as Bool
        try Client.udp(port).send("by udp")
        #expect(Set(try recorder.wait(for: 2).map(\.text)) == ["by tcp", "by udp"])
        let again = first == "tcp" ? try Client.tcp(port) : try Client.udp(port)
        try again.send("again\n")
        try recorder.wait(for: 3)
        program.signal(Signal.terminate)
        #expect(try program.wait().status == .exited(0))
    }

    @Test("the units are clean under systemd-analyze verify")
    func verify() throws {
        let units = try units()
        let result = try scratch.run("systemd-analyze", ["verify"] + units.map { "\(Self.folder)/\($0)" })
        let complaints = result.errors.split(separator: "\n").filter { !$0.contains("is not executable") }
        #expect(complaints.isEmpty, "\(result.errors)")
    }

    /// Boots a systemd of its own, with the units installed and the sockets up, and lends a shell inside.
    private func withSystemd(_ body: (_ folder: String, (String) throws -> Program.Result) throws -> Void) throws {
        let folder = scratch.file("sandbox")
        let sandbox = "\(Executables.repository)/Scripts/systemd-sandbox"
        let started = try scratch.run(sandbox, ["start", folder])
        if started.status == .exited(77) { try Test.cancel("\(started.errors)") }
        #expect(started.succeeded, "\(started.errors)")
        defer { _ = try? scratch.run(sandbox, ["stop", folder]) }
        func inside(_ script: String) throws -> Program.Result {
            try scratch.run(sandbox, ["exec", folder, "sh", "-euc", script], until: .after(.seconds(60)))
        }
        try install(in: folder)
        let before = try inside("sh \(folder)/install.sh && systemctl is-active belfry.service || true")
        #expect(before.output.contains("inactive"), "\(before)")
        try body(folder, inside)
    }

    @Test("with a real systemd, what comes first starts the service and is itself handled", arguments: ["udp", "tcp"])
    func realSystemd(_ transport: String) throws {
        try withSystemd { folder, inside in
            let send = transport == "udp" ? "nc -u -q0 127.0.0.1 2355" : "nc -N 127.0.0.1 2355"
            let sent = try inside("echo hello | \(send)")
            #expect(sent.succeeded, "\(sent.errors)")
            // The service inside has no inotify of ours: it says by a file in the shared folder what it got.
            let handled = try inside(
                "timeout 30 sh -c 'until [ -s \(folder)/got ]; do sleep 0.1; done'; cat \(folder)/got")
            let journal = try inside("journalctl --sync; journalctl --no-pager -u belfry.service | tail -30; true")
            #expect(handled.output.contains("hello"), "\(handled)\n\(journal.output)")
            #expect(try inside("systemctl is-active belfry.service").output == "active\n")
            let stopped = try inside("systemctl stop belfry.service; systemctl show -p Result belfry.service")
            #expect(stopped.output.contains("Result=success"), "\(stopped)\n\(journal.output)")
        }
    }

    @Test("with a real systemd, systemctl reload goes over to the edited file, and fails with the faults of a bad one")
    func reload() throws {
        try withSystemd { folder, inside in
            #expect(try inside("systemctl start belfry.service").succeeded)
            let file = "/etc/belfry/belfry.yaml"
            let reloaded = try inside(
                "sed -i 's/mode: exec/mode: exec, ack-timeout: 7s/; s/mode: exec, /mode: exec\\n    /' \(file)"
                    + " && systemctl reload belfry.service && systemctl is-active belfry.service")
            let journal = try inside("journalctl --sync; journalctl --no-pager -u belfry.service | tail -30; true")
            #expect(reloaded.output == "active\n", "\(reloaded)\n\(journal.output)")
            #expect(journal.output.contains("services.note.ack-timeout: 30s -> 7s"), "\(journal.output)")
            let bad = try inside("echo 'workers: 7' >>\(file); ! systemctl reload belfry.service")
            #expect(bad.succeeded, "\(bad)")
            #expect(try inside("systemctl is-active belfry.service").output == "active\n")
            #expect(try inside("systemctl show -p SubState belfry.service").output == "SubState=running\n")
        }
    }

    @Test("with a real systemd, a restart makes the new belfryd the main process of the unit, which stays up")
    func restart() throws {
        try withSystemd { folder, inside in
            let main = "systemctl show -p MainPID --value belfry.service"
            let started = try inside("systemctl start belfry.service; \(main); echo first | nc -N 127.0.0.1 2355")
            let restarted = try inside("belfry restart >&2; \(main); echo second | nc -N 127.0.0.1 2355")
            let got = try inside(
                "timeout 30 sh -c 'until grep -q second \(folder)/got; do sleep 0.1; done'; cat \(folder)/got")
            let journal = try inside("journalctl --sync; journalctl --no-pager -u belfry.service | tail -30; true")
            #expect(restarted.succeeded && restarted.output != started.output, "\(restarted)\n\(journal.output)")
            #expect(got.output.contains("first") && got.output.contains("second"), "\(journal.output)")
            #expect(try inside("systemctl is-active belfry.service").output == "active\n")
            // What is the main process now is what systemd tells to end.
            let stopped = try inside("systemctl stop belfry.service; systemctl show -p Result belfry.service")
            #expect(stopped.output.contains("Result=success"), "\(stopped)\n\(journal.output)")
        }
    }

    private static let folder = "\(Executables.repository)/deploy/systemd"

    private func units() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: Self.folder).filter {
            $0.hasSuffix(".socket") || $0.hasSuffix(".service")
        }.sorted()
    }

    /// Puts units, executables and a configuration where the sandbox can take them from, and how into a script.
    private func install(in folder: String) throws {
        let files = FileManager.default
        for unit in try units() { try files.copyItem(atPath: "\(Self.folder)/\(unit)", toPath: "\(folder)/\(unit)") }
        let service = try String(contentsOfFile: "\(folder)/belfry.service", encoding: .utf8)
        let words = service.split(separator: "\n").first { $0.hasPrefix("ExecStart=") }?.dropFirst(10).split(
            separator: " ")
        let executable = String(words?.first ?? "/usr/bin/belfryd")
        let file = String(words?.last ?? "/etc/belfry/belfry.yaml")
        for name in ["belfryd", "belfry"] {
            try files.copyItem(atPath: "\(Executables.folder)/\(name)", toPath: "\(folder)/\(name)")
        }
        try scratch.write(
            "sandbox/belfry.yaml",
            """
            services:
              - name: note
                topics: [">"]
                command: [/bin/sh, -c, "cat >>\(folder)/got"]
                mode: exec

            """)
        try scratch.write(
            "sandbox/install.sh",
            """
            set -eu
            mkdir -p "$(dirname \(executable))" "$(dirname \(file))"
            cp \(folder)/belfryd \(folder)/belfry "$(dirname \(executable))/"
            cp \(folder)/belfry.yaml \(file)
            cp \(folder)/*.socket \(folder)/*.service /etc/systemd/system/
            systemctl daemon-reload
            systemctl start \(try units().filter { $0.hasSuffix(".socket") }.joined(separator: " "))

            """)
    }
}
