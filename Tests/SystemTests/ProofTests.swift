// SPDX-License-Identifier: Apache-2.0
/// The promises under load and under kill -9, with real processes: several senders, one acceptor, four workers, services
/// that keep an account of their own (Tests/Tools/recorder.c), judged against the ledger.
/// Invariant of each test: every accepted notification arrived, in its order; what arrived twice is no more than what was
/// in flight when a worker was killed; and both sides of the ledger agree with the independent count.

import LinuxIO
import Testing

@Suite("Proofs", .serialized)
struct ProofTests {
    private static let senders = 4
    private static let inFlight = 512

    /// What a run is to be: how much is sent, what is done to the broker meanwhile, how it is ordered.
    struct Run: Sendable {
        var perSender: Int
        var order: String
        var instances = 1
        var settings = ""
    }

    struct Outcome {
        let ledger: Ledger
        var arrived: [UInt64] = []
        var twice: UInt64 = 0
        var disordered: UInt64 = 0
        var foreign: UInt64 = 0
        var disturbances = 0
    }

    @Test("a million notifications arrive, each sender's in its order")
    func million() throws {
        let run = Run(perSender: 250_000, order: "source", instances: 4)
        let outcome = try perform(run)
        expectAll(run, outcome, twice: 0)
        #expect(outcome.ledger.intake.duplicate == 0)
    }

    @Test("the same under one order for all, at a fifth of the load")
    func orderAll() throws {
        let run = Run(perSender: 50_000, order: "all")
        expectAll(run, try perform(run), twice: 0)
    }

    @Test("with a worker killed every 50 ms everything arrives, and twice at most what was in flight")
    func workersKilled() throws {
        let run = Run(perSender: 250_000, order: "source", instances: 4)
        let outcome = try perform(run) { broker, round in
            Roles.signal(Signal.kill, "worker", of: broker, round: round)
        }
        // A worker that is killed may have held all four instances.
        expectAll(run, outcome, twice: UInt64(outcome.disturbances * run.instances * Self.inFlight))
        #expect(outcome.disturbances > 5, "too fast to be disturbed: \(outcome.disturbances)")
    }

    @Test("with the acceptor killed every 50 ms everything arrives, and nothing twice")
    func acceptorKilled() throws {
        let run = Run(perSender: 250_000, order: "source", instances: 4)
        let outcome = try perform(run) { broker, _ in Roles.signal(Signal.kill, "acceptor", of: broker) }
        expectAll(run, outcome, twice: 0)
        #expect(outcome.disturbances > 5, "too fast to be disturbed: \(outcome.disturbances)")
    }

    @Test("a worker that is stopped past its time-out is replaced, and may wake up after that")
    func workerStopped() throws {
        let run = Run(
            perSender: 250_000, order: "source", instances: 4, settings: "workers: { count: 4, stuck-after: 1s }")
        var stopped: [CInt] = []
        let outcome = try perform(run) { broker, round in
            guard round < 4 else { return false }
            let workers = Roles.pids("worker", of: broker)
            guard workers.count == 4, let pid = workers.first, let process = try? ProcessDescriptor(pid: pid) else {
                return false
            }
            process.send(Signal.stop)
            stopped.append(pid)
            _ =
                try broker.scratch.poll("a worker in its place") {
                    let now = Roles.pids("worker", of: broker)
                    return now.count == 4 && !now.contains(pid) ? true : nil
                } as Bool
            // It has been killed before its leases went on: there is nobody left to continue.
            let wasThere = process.send(Signal.resume)
            #expect(!wasThere)
            return true
        }
        expectAll(run, outcome, twice: UInt64(outcome.disturbances * run.instances * Self.inFlight))
        #expect(!stopped.isEmpty)
    }

    private func expectAll(_ run: Run, _ outcome: Outcome, twice: UInt64) {
        let total = UInt64(run.perSender * Self.senders)
        #expect(outcome.arrived == Array(repeating: UInt64(run.perSender), count: Self.senders))
        #expect(outcome.disordered == 0)
        #expect(outcome.foreign == 0)
        #expect(outcome.twice <= twice)
        #expect(outcome.ledger.intake.published == total)
        #expect(outcome.ledger.intake.routed == total)
        let service = outcome.ledger.services["recorder"]
        #expect(service?.matched == total)
        #expect(service?.delivered == total)
        #expect(service?.pending == 0)
    }

    /// Sends, disturbs every 50 ms until all is sent and delivered, and asks the judge.
    private func perform(_ run: Run, disturb: ((Broker, Int) throws -> Bool)? = nil) throws -> Outcome {
        let scratch = try Scratch()
        let recorder = scratch.file("recorder")
        let source = "\(Executables.repository)/Tests/Tools/recorder.c"
        let compiled = try scratch.run("gcc", ["-O2", "-o", recorder, source])
        #expect(compiled.succeeded, "\(compiled.errors)")
        // Beside the watched folder's files: the account would wake every wait for a line of a log.
        let account = scratch.file("account")
        try Directory.make(account)
        let service = [
            "- name: recorder", "  topics: [\"load.>\"]", "  command: [\(recorder), \(account)]", "  mode: stream",
            "  order: \(run.order)", "  instances: \(run.instances)", "  in-flight: \(Self.inFlight)",
        ]
        let settings = run.settings.isEmpty ? "workers: { count: 4 }" : run.settings
        let broker = try Broker(scratch, services: [service.joined(separator: "\n")], settings: settings)
        let disturbances = try drive(run, broker, disturb)
        let ledger = try broker.ledger()
        try broker.stop(until: .after(.seconds(60)))
        var outcome = try judge(run, scratch, recorder, account, ledger)
        outcome.disturbances = disturbances
        return outcome
    }

    private func drive(_ run: Run, _ broker: Broker, _ disturb: ((Broker, Int) throws -> Bool)?) throws -> Int {
        let deadline = Deadline.after(.seconds(180))
        let programs = try (0..<Self.senders).map { sender in
            let lines = (0..<run.perSender).lazy.map { "\(sender) \($0)\n" }.joined()
            let to = ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "load.\(sender)", "--lines", "-"]
            return try Program(Executables.belfry, to, in: broker.scratch, input: Array(String(lines).utf8))
        }
        var disturbances = 0
        if let disturb {
            var round = 0
            while !programs.allSatisfy(\.hasEnded), !deadline.passed {
                // The pace of the killing; the end of a sender cuts it short.
                _ = try Deadline.after(.milliseconds(50)).wait(on: programs.first { !$0.hasEnded }?.raw)
                if try disturb(broker, round) { disturbances += 1 }
                round += 1
            }
        }
        for program in programs {
            let result = try program.wait(until: deadline)
            #expect(result.succeeded, "\(result.errors)")
        }
        let total = UInt64(run.perSender * Self.senders)
        _ = try broker.ledger("all delivered", until: deadline) { $0.services["recorder"]?.delivered == total }
        return disturbances
    }

    private func judge(
        _ run: Run, _ scratch: Scratch, _ recorder: String, _ account: String, _ ledger: Ledger
    ) throws -> Outcome {
        let counts = Array(repeating: "\(run.perSender)", count: Self.senders)
        let verdict = try scratch.run(recorder, ["-j", account] + counts)
        #expect(verdict.succeeded, "\(verdict)")
        var outcome = Outcome(ledger: ledger)
        for line in verdict.output.split(separator: "\n") {
            let words = line.split(separator: " ")
            let values = zip(words, words.dropFirst()).reduce(into: [Substring: UInt64]()) { $0[$1.0] = UInt64($1.1) }
            if let arrived = values["arrived"] { outcome.arrived.append(arrived) }
            outcome.twice += values["twice"] ?? 0
            outcome.disordered += values["disordered"] ?? 0
            outcome.foreign += values["foreign"] ?? 0
        }
        return outcome
    }
}
