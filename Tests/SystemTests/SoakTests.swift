// SPDX-License-Identifier: Apache-2.0
/// The promise of the whole: nothing accepted is lost, and the ledger says where it went. Numbered notifications over native
/// TCP, datagrams and syslog go to `exec`, `lines` and `frames` services, while everything that may break is broken. Some
/// are rejected: dead letters, which are delivered again.
///
/// BELFRY_SOAK_SEED repeats a soak (each prints its seed), BELFRY_SOAK_SECONDS makes it longer; `make soak` does.
/// Invariant: what is judged was counted by the senders and by the services (Tests/Tools/recorder.c); both sides of the
/// ledger are held to it, to the message.

import Foundation
import Testing

@Suite("A soak", .serialized)
struct SoakTests {
    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    @Test(
        "under kills, hangs, reloads and restarts nothing accepted is lost, and little comes twice",
        arguments: [Soak.Terms.memory, .disk])
    func soak(_ terms: Soak.Terms) throws {
        let seed = Self.number("BELFRY_SOAK_SEED") ?? UInt64.random(in: 0..<1_000_000)
        let seconds = Self.number("BELFRY_SOAK_SECONDS") ?? 12
        print("soak (\(terms.durability)): seed \(seed), \(seconds) s")
        let soak = try Soak(terms, seed: seed)
        do {
            let sent = try soak.run(for: .seconds(Int64(seconds)))
            let verdict = try SoakVerdict(soak, sent)
            verdict.expectNothingLost()
            verdict.expectDeadLetters()
            verdict.expectLedgerAgrees()
            for line in verdict.lines { print("soak (\(terms.durability)): \(line)") }
            try soak.broker.stop()
        } catch {
            let file = soak.scratch.text("belfry.yaml")
            throw Broken(
                description: "\(error)\nseed \(seed)\n\(file)\n\(soak.earlierWords)\(soak.broker.program.errors)")
        }
        #expect(soak.recoveries.count("kill -9 of the acceptor") > 0)
        #expect(soak.recoveries.count("kill -9 of the worker") > 0)
    }

    struct Broken: Error, CustomStringConvertible { let description: String }
}
