// SPDX-License-Identifier: Apache-2.0
/// A real belfryd with a configuration, a state folder, a control socket and a port of its own.
/// Used by every system test. The port's number comes from the kernel, so any number of them run side by side.
/// Invariant: when `init` returns, belfryd takes notifications; after `stop` or the end of this value nothing of it is
/// left: no process, no control socket, no lock.

import Foundation
import LinuxIO
import Testing

final class Broker {
    let scratch: Scratch
    let program: Program
    let port: UInt16
    let control: String
    /// Those that have taken over since, the latest last.
    private(set) var generations: [Generation] = []

    /// `services` are the list items of the configuration, each beginning with "- "; `settings` are further top-level
    /// lines; `portOptions` and `controlOptions` stand inside `port: {…}` and `control: {…}`, each with a comma in front. `sockets` are handed over, as systemd
    /// does; `executable` is another belfryd than the one under test; `meanwhile` is called
    /// while it starts.
    init(
        _ scratch: Scratch, services: [String], portOptions: String = "", controlOptions: String = "",
        settings: String = "",
        environment: [String] = [], limits: [(resource: CInt, soft: UInt64, hard: UInt64)] = [],
        sockets: HandedOver? = nil, executable: String = Executables.belfryd, meanwhile: () throws -> Void = {}
    ) throws {
        let file = try Broker.configure(scratch, services, "number: 0\(portOptions)", settings, controlOptions)
        self.scratch = scratch
        control = scratch.file("control")
        let program = try Program(
            executable, ["--config", file], in: scratch, environment: environment, limits: limits,
            sockets: sockets?.named ?? [])
        self.program = program
        try meanwhile()
        // Not by the name alone: a broker that was killed has left its own.
        let isUp: Bool = try scratch.poll("the control socket") {
            (try? Sockets.unixConnect(scratch.file("control"))) != nil ? true : program.hasEnded ? false : nil
        }
        guard isUp else { throw DidNotStart(errors: program.errors) }
        let status = try Status(asking: scratch, at: scratch.file("control"))
        port = status.port
    }

    struct DidNotStart: Error, CustomStringConvertible {
        let errors: String
        var description: String { "belfryd did not start: \(errors)" }
    }

    /// Writes the configuration file and gives its path.
    static func configure(
        _ scratch: Scratch, _ services: [String], _ port: String, _ settings: String = "", _ control: String = ""
    ) throws -> String {
        let items = services.map { "  " + $0.replacingOccurrences(of: "\n", with: "\n  ") }
        return try scratch.write(
            "belfry.yaml",
            """
            port: { address: 127.0.0.1, \(port) }
            state: { directory: \(scratch.file("state")) }
            control: { socket: \(scratch.file("control"))\(control) }
            \(settings)
            services: \(items.isEmpty ? "[]" : "")
            \(items.joined(separator: "\n"))

            """)
    }

    func belfry(_ arguments: [String], input: String = "") throws -> Program.Result {
        try scratch.run(Executables.belfry, ["--control", control] + arguments, input: input)
    }

    /// The supervisor that serves.
    var supervisor: CInt { generations.last?.pid ?? program.pid }

    /// Goes on with whoever answers now.
    func follow() throws {
        let pid = try status().pid
        if pid != supervisor { generations.append(try Generation(pid: pid)) }
    }

    /// Kills the supervisor that serves, which is not committed yet.
    func killSuccessor() throws {
        let successor = generations.removeLast()
        successor.signal(Signal.kill)
        try successor.wait()
    }

    func status() throws -> Status { try Status(asking: scratch, at: control) }
    func ledger() throws -> Ledger { try Ledger(asking: scratch, at: control) }

    /// The ledger once it is as wanted; the last one is shown when it never is.
    func ledger(_ what: String, until deadline: Deadline = .after(), _ holds: (Ledger) -> Bool) throws -> Ledger {
        var last: Ledger?
        do {
            return try scratch.poll(what, until: deadline) {
                last = try ledger()
                return last.flatMap { holds($0) ? $0 : nil }
            }
        } catch is TimedOut {
            throw TimedOut("\(what); the ledger: \(last.map(String.init(describing:)) ?? "none")\n\(program.errors)")
        }
    }

    /// A service's line of the status once it is as wanted.
    func service(
        _ name: String, _ what: String, until deadline: Deadline = .after(), _ holds: (Status.Service) -> Bool
    ) throws -> Status.Service {
        var last: Status.Service?
        do {
            return try scratch.poll(what, until: deadline) {
                last = try status()[service: name]
                return last.flatMap { holds($0) ? $0 : nil }
            }
        } catch is TimedOut {
            throw TimedOut("\(what); last seen: \(last.map(String.init(describing:)) ?? "none")\n\(program.errors)")
        }
    }

    /// Ends belfryd as an operator would, and holds it to what it promises for its end.
    func stop(until deadline: Deadline = .after()) throws {
        if generations.isEmpty { program.signal(Signal.terminate) } else { try stopAll(until: deadline) }
        let result = try program.wait(until: deadline)
        #expect(result.status == .exited(0), "\(result.errors)")
        #expect(!scratch.exists("control"), "the control socket is left behind")
        try expectNothingLeft()
    }

    /// No process of this broker, and none of its services, is alive. Clients may be: they end behind it.
    func expectNothingLeft() throws {
        let left = LeftOver.processes(of: scratch).filter { !$0.contains("/belfry --control ") }
        #expect(left.isEmpty, "left behind: \(left)")
    }

    deinit {
        // A test that failed half-way leaves its services to this: the signal makes belfryd end them too.
        for generation in generations { generation.signal(Signal.terminate) }
        guard !program.hasEnded || !generations.isEmpty else { return }
        for generation in generations { generation.signal(Signal.terminate) }
        for generation in generations { _ = try? generation.wait(until: .after(.seconds(15))) }
        program.signal(Signal.terminate)
        program.signal(Signal.terminate)
        _ = try? program.wait(until: .after(.seconds(15)))
        LeftOver.kill(of: scratch)
    }
}
