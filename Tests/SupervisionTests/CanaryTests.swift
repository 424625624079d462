// SPDX-License-Identifier: Apache-2.0
/// What a shadow run judges by: every message at every service, and a ledger that says the same.

import Control
import Testing

@testable import Supervision

@Suite("A canary")
struct CanaryTests {
    private func canary() -> Canary {
        var random = SystemRandomNumberGenerator()
        return Canary(using: &random)
    }

    private func ledger(_ received: UInt64 = 2, _ delivered: UInt64 = 2) -> LedgerReport {
        var ledger = LedgerReport()
        (ledger.intake.received, ledger.intake.published, ledger.intake.routed) = (received, received, received)
        ledger.services = ShadowFolder.services.map { name in
            var service = LedgerReport.Service()
            service.name = "canary-\(name)"
            (service.matched, service.delivered) = (delivered, delivered)
            return service
        }
        return ledger
    }

    private func arrive(_ canary: inout Canary, but left: Set<String> = []) {
        for service in ShadowFolder.services {
            for sent in canary.bodies where !left.contains("\(service) \(sent.protocol)") {
                canary.take("\(service) \(sent.body)")
            }
        }
    }

    @Test("has arrived when each service had each message, in any order and more than once")
    func whole() {
        var canary = canary()
        #expect(!canary.hasArrived)
        arrive(&canary, but: ["exec UDP"])
        #expect(!canary.hasArrived)
        arrive(&canary)
        #expect(canary.hasArrived)
        #expect(canary.verdict(ledger()) == nil)
    }

    @Test("that is lost is named by protocol and service")
    func lost() {
        var canary = canary()
        arrive(&canary, but: ["lines TCP"])
        #expect(canary.verdict(ledger()) == "the canary that was sent over TCP did not reach the lines service")
    }

    @Test("that was changed on its way is one that was not sent")
    func changed() {
        var canary = canary()
        arrive(&canary)
        canary.take("exec \(canary.bodies[0].body)x")
        #expect(canary.hasArrived)
        #expect(canary.verdict(ledger())?.hasPrefix("a service got something else than was sent: exec TCP") == true)
    }

    @Test("needs a ledger that tells of it")
    func ledgers() {
        var canary = canary()
        arrive(&canary)
        #expect(canary.verdict(nil) == "its broker wrote no ledger at its end")
        #expect(canary.verdict(ledger(3, 2))?.contains("received 3") == true)
        #expect(canary.verdict(ledger(2, 1))?.contains("canary-exec delivered 1 of 1") == true)
        var torn = ledger()
        torn.services[0].delivered = 1
        #expect(canary.verdict(torn) != nil)
    }

    @Test("differs from run to run")
    func random() {
        #expect(canary().bodies[0].body != canary().bodies[0].body)
    }
}
