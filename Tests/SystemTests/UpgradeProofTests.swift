// SPDX-License-Identifier: Apache-2.0
/// The proof of upgrades: restarts and updates in turn, between builds of two versions, under the load of a thousand living
/// connections, datagrams and `logger`; then updates that are sabotaged.
///
/// BELFRY_UPGRADES says how many restarts and how many updates; `make upgrade-proof` has a hundred of each.
/// Invariant: what is judged was counted by the senders and by the services; the longest waits are printed, not judged.

import Foundation
import LinuxIO
import Testing

@Suite("Upgrades under load", .serialized)
struct UpgradeProofTests {
    private static let rounds = ProcessInfo.processInfo.environment["BELFRY_UPGRADES"].flatMap { Int($0) } ?? 3
    /// Of the connections together, and again in datagrams, a second.
    private static let rate = 2_000
    private static let inFlight = 64

    private let scratch: Scratch
    private let account: Account
    private let logged: Recorder
    private let builds: [OtherBuild]
    private let broker: Broker

    init() throws {
        let scratch = try Scratch()
        self.scratch = scratch
        account = try Account("all", recorder: try Account.compile("recorder", in: scratch), in: scratch)
        logged = try Recorder.stream("logged", in: scratch)
        builds = try [("one", "9.9.8"), ("two", "9.9.9")].map {
            try OtherBuild(scratch, $0, version: $1, of: Executables.belfryd)
        }
        let all = [
            "- name: all", "  topics: [live, \"load.>\", \"slow.>\"]",
            "  command: [\(account.recorder), \(account.folder)]", "  mode: stream", "  in-flight: \(Self.inFlight)",
        ].joined(separator: "\n")
        broker = try Broker(
            scratch, services: [all, logged.service("\"syslog.>\"")],
            settings: "update: { probation: 500ms, drain-timeout: 10s }")
    }

    @Test("restarts and updates lose, double, refuse and reset nothing, and no datagram is lost")
    func upgrades() throws {
        let load = try UpgradeLoad(broker, rate: Self.rate)
        for round in 0..<Self.rounds {
            try expectDone("restart \(round)", try broker.belfry(["restart"]))
            let update = try broker.belfry(["update", builds[round % 2].path])
            try expectDone("update \(round)", update)
        }
        #expect(load.isWell)
        let sent = try load.finish()
        let verdict = try judge(sent)
        #expect(sent.resets == 0 && sent.refused == 0)
        #expect(verdict.twice == 0)
        tell("\(Self.rounds) restarts, \(Self.rounds) updates", sent, verdict)
        try broker.stop()
    }

    @Test("updates that are sabotaged lose nothing and take nothing twice, and the next one works")
    func sabotage() throws {
        let load = try UpgradeLoad(broker, rate: Self.rate, logger: "-d")
        let count = max(2, Self.rounds / 10)
        for round in 0..<count {
            try sabotage(round)
            try expectDone(
                "update \(round) behind a sabotaged one", try broker.belfry(["update", builds[round % 2].path]))
        }
        #expect(load.isWell)
        let sent = try load.finish()
        let verdict = try judge(sent)
        // Each connection was owned by a killed acceptor once in a round, at most.
        #expect(sent.resets <= count * UpgradeLoad.connections && sent.refused == 0)
        // What the killed worker had in flight is delivered again.
        #expect(verdict.twice <= UInt64(count * Self.inFlight))
        tell("\(count) sabotaged updates, each followed by one that works", sent, verdict)
        try broker.stop()
    }

    private func expectDone(_ what: String, _ result: Program.Result) throws {
        guard result.succeeded else {
            throw Broken(
                description: "\(what): \(result.output)\(result.errors)\n\(broker.program.errors.suffix(4000))")
        }
        try broker.follow()
    }

    struct Broken: Error, CustomStringConvertible { let description: String }

    /// An update of which the new belfryd is killed: as soon as it is there, or when it serves.
    private func sabotage(_ round: Int) throws {
        let pid = try broker.status().pid
        let known = newcomers.count
        let update = try Program(
            Executables.belfry, ["--control", broker.control, "update", "--json", builds[round % 2].path], in: scratch)
        if round % 2 == 0 {
            _ = try scratch.poll("the new belfryd") { newcomers.count > known ? true : nil } as Bool
        } else {
            _ = try scratch.poll("the new belfryd to serve") { update.output.contains("frozen") ? true : nil } as Bool
        }
        // Known from the log: an answer of its own may come behind its probation, on a slow machine.
        let newcomer = try Generation(pid: try #require(newcomers.last))
        newcomer.signal(Signal.kill)
        try newcomer.wait()
        let result = try update.wait(until: .after(.seconds(60)))
        #expect(result.status == .exited(1), "\(result.output)\n\(broker.program.errors.suffix(4000))")
        #expect(try broker.status().pid == pid)
    }

    /// Pids of those that were started to take over, as the log has them.
    private var newcomers: [CInt] {
        broker.program.errors.matches(of: /a new belfryd \(pid ([0-9]+)\) was started/).compactMap { CInt($0.1) }
    }

    // MARK: judging

    private struct Verdict {
        var arrived: UInt64 = 0
        var twice: UInt64 = 0
        var datagramsLost: Int64 = 0
    }

    private func judge(_ sent: UpgradeLoad.Sent) throws -> Verdict {
        let natives = sent.native.reduce(0, +)
        let datagrams = sent.datagrams.values.reduce(0, +)
        let total = natives + datagrams + UInt64(sent.logged)
        let ledger = try broker.ledger("all delivered", until: .after(.seconds(60))) { ledger in
            ledger.intake.published >= total && ["all", "logged"].allSatisfy { ledger.services[$0]?.pending == 0 }
        }
        // Neither less nor more: nothing was taken twice.
        #expect(ledger.intake.published == total)
        #expect(ledger.intake.kernelDropped == 0 && ledger.intake.refused.isEmpty)
        let highest = sent.datagrams.keys.max() ?? 0
        var counts = (0...highest).map { sent.datagrams[$0] ?? 0 }
        counts.replaceSubrange(sent.native.indices, with: sent.native)
        let judged = try account.judge(sent: counts)
        #expect(judged.foreign == 0)
        #expect(judged.senders.map(\.arrived) == counts)
        let texts = try logged.deliveries().map { $0.text.split(separator: " ").last.flatMap { Int($0) } ?? -1 }
        #expect(Set(texts) == Set(0..<sent.logged))
        var verdict = Verdict()
        verdict.arrived = judged.senders.map(\.arrived).reduce(0, +) + UInt64(Set(texts).count)
        verdict.twice = judged.senders.map(\.twice).reduce(0, +) + UInt64(texts.count - Set(texts).count)
        verdict.datagramsLost =
            Int64(datagrams) - Int64(sent.datagrams.keys.map { judged.senders[$0].arrived }.reduce(0, +))
        return verdict
    }

    private func tell(_ what: String, _ sent: UpgradeLoad.Sent, _ verdict: Verdict) {
        let total = sent.native.reduce(0, +) + sent.datagrams.values.reduce(0, +) + UInt64(sent.logged)
        print(
            """
            upgrades: \(what): sent \(total) (\(UpgradeLoad.connections) connections, datagrams, logger \(sent.logged)); \
            accepted but lost \(total - verdict.arrived), delivered twice \(verdict.twice), refused \(sent.refused), \
            reset \(sent.resets), datagrams lost \(verdict.datagramsLost); wait for an ack: median \
            \(sent.waits.median) µs, p99 \(sent.waits.p99) µs, worst \(sent.waits.worst) µs
            """)
    }
}
