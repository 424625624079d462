// SPDX-License-Identifier: Apache-2.0
/// The messages of a shadow run: what is sent, what has to arrive where, and whether it did. Pure.
///
/// Used by ShadowRun. Each message goes to each service; bodies are random, so that nothing else passes for them.
/// Invariant: `verdict` is nil only if every service had every message, byte for byte, and the ledger says the same.

internal import Control

struct Canary {
    static let topic = "canary.shadow"

    /// By the protocol that it is sent with.
    let bodies: [(protocol: String, body: String)]
    /// "SERVICE BODY" of what has not arrived.
    private var missing: Set<String>
    private(set) var stranger: String?

    init(using random: inout some RandomNumberGenerator) {
        bodies = ["TCP", "UDP"].map { ($0, "\($0) \(UInt64.random(in: .min ... .max, using: &random))") }
        missing = Set(bodies.flatMap { sent in ShadowFolder.services.map { "\($0) \(sent.body)" } })
    }

    /// What a service has told: its kind, a blank, the body that reached it.
    mutating func take(_ line: String) {
        let isKnown = bodies.contains { sent in ShadowFolder.services.contains { line == "\($0) \(sent.body)" } }
        if isKnown { missing.remove(line) } else { stranger = line }
    }

    var hasArrived: Bool { missing.isEmpty || stranger != nil }

    /// What has not arrived, in words.
    var lost: String? {
        missing.sorted().first.map { first in
            let words = first.split(separator: " ")
            return "the canary that was sent over \(words[1]) did not reach the \(words[0]) service"
        }
    }

    /// Why the new belfryd must not take over, in the state of now.
    func verdict(_ ledger: LedgerReport?) -> String? {
        if let stranger { return "a service got something else than was sent: \(stranger.prefix(80))" }
        if let lost { return lost }
        guard let ledger else { return "its broker wrote no ledger at its end" }
        let count = UInt64(bodies.count)
        let isRight =
            ledger.intake.balances && ledger.intake.received == count && ledger.intake.routed == count
            && ledger.services.count == ShadowFolder.services.count
            && ledger.services.allSatisfy { $0.balances && $0.matched == count && $0.delivered == count }
        return isRight ? nil : "its ledger does not tell what happened: \(count) sent, \(Self.words(ledger))"
    }

    private static func words(_ ledger: LedgerReport) -> String {
        let services = ledger.services.map { "\($0.name) delivered \($0.delivered) of \($0.matched)" }
        return (["received \(ledger.intake.received)"] + services).joined(separator: ", ")
    }
}
