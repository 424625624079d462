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
        /// Senders come in waves of four, until there were so many notifications and so many disturbances.
        var total: Int
        var disturbances = 0
        var order: String
        var framing = "lines"
        var instances = 1
        var settings = ""
        /// By UDP, as much at a time as the socket's buffer holds.
        var datagrams = false
    }

    struct Outcome {
        let ledger: Ledger
        var senders = 0
        var arrived: [UInt64] = []
        var twice: UInt64 = 0
        var disordered: UInt64 = 0
        var foreign: UInt64 = 0
        var disturbances = 0
    }

    @Test("a million notifications arrive, each sender's in its order")
    func million() throws {
        let run = Run(perSender: 250_000, total: 1_000_000, order: "source", instances: 4)
        let outcome = try perform(run)
        expectAll(run, outcome, twice: 0)
        #expect(outcome.ledger.intake.duplicate == 0)
    }

    @Test("the same under one order for all, at a fifth of the load", arguments: ["lines", "frames"])
    func orderAll(_ framing: String) throws {
        let run = Run(perSender: 50_000, total: 200_000, order: "all", framing: framing)
        expectAll(run, try perform(run), twice: 0)
    }

    @Test(
        "with a worker killed every 50 ms everything arrives, and twice at most what was in flight",
        arguments: ["lines", "frames"])
    func workersKilled(_ framing: String) throws {
        let run = Run(
            perSender: 25_000, total: 500_000, disturbances: 20, order: "source", framing: framing, instances: 4)
        let outcome = try perform(run) { broker, round in
            Roles.signal(Signal.kill, "worker", of: broker, round: round)
        }
        // A worker that is killed may have held all four instances.
        expectAll(run, outcome, twice: UInt64(outcome.disturbances * run.instances * Self.inFlight))
    }

    @Test("with the acceptor killed every 50 ms everything arrives, and nothing twice")
    func acceptorKilled() throws {
        let run = Run(perSender: 25_000, total: 1_000_000, disturbances: 20, order: "source", instances: 4)
        let outcome = try perform(run) { broker, _ in Roles.signal(Signal.kill, "acceptor", of: broker) }
        expectAll(run, outcome, twice: 0)
    }

    @Test("with the acceptor killed every 50 ms no datagram is lost that the kernel has taken, and none comes twice")
    func datagrams() throws {
        let run = Run(
            perSender: 500, total: 40_000, disturbances: 20, order: "source", instances: 4, datagrams: true)
        let outcome = try perform(run) { broker, _ in Roles.signal(Signal.kill, "acceptor", of: broker) }
        expectAll(run, outcome, twice: 0)
        #expect(outcome.ledger.intake.kernelDropped == 0)
    }

    @Test("a worker that is stopped past its time-out is replaced, and may wake up after that")
    func workerStopped() throws {
        let run = Run(
            perSender: 25_000, total: 400_000, disturbances: 3, order: "source", instances: 4,
            settings: "workers: { count: 4, stuck-after: 1s }")
        var stopped: [CInt] = []
        let outcome = try perform(run) { broker, _ in
            guard stopped.count < 3 else { return false }
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
    }

    private func expectAll(_ run: Run, _ outcome: Outcome, twice: UInt64) {
        let total = UInt64(run.perSender * outcome.senders)
        #expect(total >= UInt64(run.total))
        #expect(outcome.disturbances >= run.disturbances)
        #expect(outcome.arrived == Array(repeating: UInt64(run.perSender), count: outcome.senders))
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
        let account = try Account("account", recorder: Account.compile("recorder", in: scratch), in: scratch)
        let service = [
            "- name: recorder", "  topics: [\"load.>\"]", "  command: [\(account.recorder), \(account.folder)]",
            "  mode: stream", "  framing: \(run.framing)",
            "  order: \(run.order)", "  instances: \(run.instances)", "  in-flight: \(Self.inFlight)",
        ]
        let settings = run.settings.isEmpty ? "workers: { count: 4 }" : run.settings
        let broker = try Broker(scratch, services: [service.joined(separator: "\n")], settings: settings)
        let (senders, disturbances) = try drive(run, broker, disturb)
        let ledger = try broker.ledger()
        try broker.stop(until: .after(.seconds(60)))
        var outcome = Outcome(ledger: ledger, senders: senders, disturbances: disturbances)
        let verdict = try account.judge(sent: Array(repeating: UInt64(run.perSender), count: senders))
        outcome.foreign = verdict.foreign
        outcome.arrived = verdict.senders.map(\.arrived)
        outcome.twice = verdict.senders.map(\.twice).reduce(0, +)
        outcome.disordered = verdict.senders.map(\.disordered).reduce(0, +)
        return outcome
    }

    private func drive(
        _ run: Run, _ broker: Broker, _ disturb: ((Broker, Int) throws -> Bool)?
    ) throws -> (senders: Int, disturbances: Int) {
        let deadline = Deadline.after(.seconds(180))
        var (senders, disturbances, round) = (0, 0, 0)
        // The pace of the killing.
        var tick = Deadline.after(.milliseconds(50))
        repeat {
            let wave = try (senders..<senders + Self.senders).map { try send($0, run, to: broker) }
            senders += Self.senders
            while let disturb, let running = wave.first(where: { !$0.hasEnded }), !deadline.passed {
                if try tick.wait(on: running.raw) { continue }
                if try disturb(broker, round) { disturbances += 1 }
                round += 1
                tick = Deadline.after(.milliseconds(50))
            }
            for program in wave {
                let result = try program.wait(until: deadline)
                #expect(result.succeeded, "\(result.errors)")
            }
            if run.datagrams {
                let sent = UInt64(senders * run.perSender)
                _ = try broker.ledger("all taken", until: deadline) { $0.intake.published == sent }
            }
        } while (senders * run.perSender < run.total || disturbances < run.disturbances) && !deadline.passed
        let total = UInt64(senders * run.perSender)
        _ = try broker.ledger("all delivered", until: deadline) { $0.services["recorder"]?.delivered == total }
        return (senders, disturbances)
    }

    private func send(_ sender: Int, _ run: Run, to broker: Broker) throws -> Program {
        let lines = (0..<run.perSender).map { "\(sender) \($0)\n" }.joined()
        let to = ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "load.\(sender)", "--lines", "-"]
        let words = run.datagrams ? to + ["--udp"] : to
        return try Program(Executables.belfry, words, in: broker.scratch, input: Array(lines.utf8))
    }
}
