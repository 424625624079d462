// SPDX-License-Identifier: Apache-2.0
/// The promise of live changes: under a steady stream of numbered notifications the settings change 200 times at random,
/// half of the times while workers and the acceptor are killed, and in the end every service has what it wanted.
///
/// BELFRY_STORM_SEED repeats a storm (each prints its seed), BELFRY_STORM_CHANGES makes it longer.
/// Invariant: what is judged was counted by the senders (what was acked) and by the services (what arrived), and both
/// sides of the ledger are held to it.

import Foundation
import Testing

@Suite("A storm of settings")
struct SettingsStormTests {
    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    @Test("the settings change 200 times under load, and nothing is lost, doubled or out of order")
    func storm() throws {
        let seed = Self.number("BELFRY_STORM_SEED") ?? UInt64.random(in: 0..<1_000_000)
        let changes = Int(Self.number("BELFRY_STORM_CHANGES") ?? 200)
        print("storm: seed \(seed)")
        let storm = try Storm(seed: seed)
        do {
            try storm.blow(changes: changes / 2, rough: false)
            let calm = try storm.broker.status()
            #expect(calm.acceptor.restarts == 0)
            #expect(calm.workers.allSatisfy { $0.restarts == 0 })
            try storm.blow(changes: changes / 2, rough: true)
            #expect(storm.workerKills > 0 && storm.acceptorKills > 0)
            try judge(storm)
            try storm.broker.stop()
        } catch {
            let file = storm.scratch.text("belfry.yaml")
            throw Broken(
                description: "\(error)\nseed \(seed), change \(storm.changes)\n\(file)\n\(storm.broker.program.errors)")
        }
        print(
            "storm: \(storm.sent.reduce(0, +)) sent, \(storm.workerKills) workers and \(storm.acceptorKills) acceptors "
                + "killed, the slowest change took \(storm.slowest)")
    }

    struct Broken: Error, CustomStringConvertible { let description: String }

    private func judge(_ storm: Storm) throws {
        let ledger = try storm.broker.ledger()
        #expect(ledger.intake.published == storm.sent.reduce(0, +))
        #expect(ledger.intake.refused.isEmpty)
        #expect(try storm.broker.status().acceptor.restarts == storm.acceptorKills)
        for service in storm.settings.services {
            let verdict = try service.account.judge(sent: storm.sent, keys: service.keys)
            guard let counted = ledger.services[service.name] else { throw Storm.Missing(service: service.name) }
            #expect(verdict.foreign == 0, "\(service.name)")
            arrivals(service, verdict, storm)
            totals(service, verdict, counted)
        }
    }

    /// What arrived, in which order, how often.
    private func arrivals(_ service: StormService, _ verdict: Account.Verdict, _ storm: Storm) {
        var (calm, rough) = (UInt64(0), UInt64(0))
        for (index, sender) in verdict.senders.enumerated() {
            let stream = ["load", "slow", "noise"][index % 3]
            if stream == service.stream && !service.isGuest {
                #expect(sender.arrived == storm.sent[index], "\(service.name), sender \(index / 3)")
            } else if stream != service.stream && stream != "noise" {
                #expect(sender.arrived == 0, "\(service.name) got \(stream)")
            }
            if service.isOrdered { #expect(sender.disordered == 0, "\(service.name), sender \(index / 3), \(stream)") }
            if index / 3 < Storm.senders { calm += sender.twice } else { rough += sender.twice }
        }
        #expect(calm == 0, "\(service.name) got something twice though nobody was killed")
        #expect(rough <= storm.workerKills * service.mostOpen, "\(service.name)")
    }

    /// The ledger of a service against its own account.
    private func totals(_ service: StormService, _ verdict: Account.Verdict, _ counted: Ledger.Service) {
        let arrived = verdict.senders.map(\.arrived).reduce(0, +)
        #expect(counted.pending == 0 && counted.dead == 0, "\(service.name)")
        if service.onRemove == "drain" {
            #expect(counted.dropped.isEmpty, "\(service.name)")
            #expect(counted.delivered == arrived, "\(service.name)")
        } else {
            // What was in flight when a worker was killed has arrived, but may have been dropped behind that.
            let removed = counted.dropped["removed"] ?? 0
            #expect(counted.dropped.values.reduce(0, +) == removed, "\(service.name)")
            #expect(counted.delivered <= arrived && arrived <= counted.delivered + removed, "\(service.name)")
        }
    }
}
