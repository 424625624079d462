// SPDX-License-Identifier: Apache-2.0
/// What a stranger is told who asks for help, who mistypes, or whose broker is not found.
/// Invariant of each test: verbs are those that `belfry --help` lists, so that a new one is held to the same habits.

import LinuxIO
import Testing

@Suite("Help and errors")
struct HelpTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func verbs() throws -> [String] {
        let help = try scratch.run(Executables.belfry, ["--help"])
        #expect(help.succeeded && help.errors.isEmpty, "\(help)")
        let lists = help.output.split(separator: "SUBCOMMANDS:").dropFirst()
        return lists.flatMap { $0.split(separator: "\n") }
            .compactMap { $0.firstMatch(of: #/^ {2}([a-z]+) /#).map { String($0.1) } }
    }

    @Test("each command has help with examples that fits 80 columns")
    func help() throws {
        let verbs = try verbs()
        #expect(Set(verbs).isSuperset(of: ["status", "ledger", "send", "check", "drain"]), "\(verbs)")
        for verb in verbs {
            let help = try scratch.run(Executables.belfry, [verb, "--help"])
            #expect(help.succeeded && help.errors.isEmpty, "\(verb): \(help)")
            #expect(help.output.contains(#/Examples?:\n +(\S+ .*\| )?belfry /#), "\(help.output)")
            #expect(help.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(help.output)")
            #expect(try scratch.run(Executables.belfry, ["help", verb]).output == help.output)
        }
        for program in [Executables.belfry, Executables.belfryd] {
            let all = try scratch.run(program, ["--help"])
            #expect(all.succeeded && all.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(all)")
        }
    }

    @Test("wrong usage ends with 2, says what would be right, and fits 80 columns")
    func wrongUsage() throws {
        for verb in try verbs() {
            let result = try scratch.run(Executables.belfry, [verb, "--nonsense"])
            #expect(result.status == .exited(2) && result.output.isEmpty, "\(result)")
            #expect(result.errors.hasPrefix("belfry: ") && result.errors.contains("belfry \(verb) --help"), "\(result)")
            let usage = result.errors.split(separator: "\n").filter { $0.hasPrefix("Usage: ") }
            #expect(usage.count == 1 && usage[0].count <= 80, "\(result.errors)")
        }
    }

    @Test("a command that does not exist is told with the one meant", arguments: [["stats"], ["help", "stats"]])
    func unknownVerb(_ arguments: [String]) throws {
        let result = try scratch.run(Executables.belfry, arguments)
        #expect(result.status == .exited(2) && result.errors.contains("status would be right"), "\(result)")
    }

    @Test("shells get a completion script that they can read", arguments: ["bash", "zsh", "fish"])
    func completion(_ shell: String) throws {
        let script = try scratch.run(Executables.belfry, ["--generate-completion-script", shell])
        #expect(script.succeeded && script.output.contains("ledger") && script.errors.isEmpty)
        guard shell == "bash" else { return }
        let file = try scratch.write("completion.bash", script.output)
        #expect(try scratch.run("bash", ["-n", file]).succeeded)
    }

    @Test("the user's socket is found before the system's, and one that was left behind is passed over")
    func finding() throws {
        let runtime = scratch.file("run")
        try LinuxIO.Directory.make("\(runtime)/belfry")
        let file = try scratch.write(
            "own.yaml",
            "port: { number: 0 }\nstate: { directory: state }\ncontrol: { socket: run/belfry/control.sock }\n")
        let program = try Program(Executables.belfryd, ["--config", file], in: scratch)
        let environment = ["XDG_RUNTIME_DIR=\(runtime)"]
        let found = try scratch.poll("an answer") { () -> Program.Result? in
            let result = try scratch.run(Executables.belfry, ["status"], environment: environment)
            return result.succeeded || program.hasEnded ? result : nil
        }
        #expect(found.output.contains("pid \(program.pid) "), "\(found)")
        program.signal(Signal.kill)
        try program.wait()
        // From a folder without a socket of its own.
        let line = "cd \(scratch.path) && exec \(Executables.belfry) status"
        let stale = try scratch.run("sh", ["-c", line], environment: environment)
        #expect(stale.status == .exited(1), "\(stale)")
        #expect(stale.errors.contains("\(runtime)/belfry/control.sock: connection refused"), "\(stale)")
        #expect(stale.errors.contains("--control SOCKET"), "\(stale)")
    }

    @Test("a socket that is there but not for this user is told as that, and no other is tried")
    func denied() throws {
        try LinuxIO.Directory.make(scratch.file("belfry"))
        let path = scratch.file("belfry/control.sock")
        let listener = try Sockets.unixListen(path, mode: 0)
        let line = "XDG_RUNTIME_DIR=\(scratch.path) exec \(Executables.belfry) status"
        // Root may do everything, so it asks as nobody.
        let nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups", "sh", "-c", line]
        let result =
            try CurrentProcess.user == 0 ? scratch.run("setpriv", nobody) : scratch.run("sh", ["-c", line])
        #expect(result.status == .exited(1), "\(result)")
        #expect(result.errors.hasPrefix("belfry: \(path): permission denied; ask as root"), "\(result)")
        _ = listener.raw
    }
}
