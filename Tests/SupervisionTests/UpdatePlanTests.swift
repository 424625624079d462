// SPDX-License-Identifier: Apache-2.0
/// An update's steps: each told when it is done, one verdict at the end, and nothing touched before its time.

import Control
import Testing

@testable import Supervision

@Suite("The plan of an update")
struct UpdatePlanTests {
    private func told(_ step: String, _ time: UInt64, _ detail: String? = nil) -> UpdatePlan.Effect {
        .tell(UpdateStep(step, took: time, detail))
    }

    @Test("goes through all its steps, and tells how long each took")
    func whole() {
        var plan = UpdatePlan(isDryRun: false, at: 100)
        #expect(plan.handle(.staged, at: 110) == [told("staged", 10), .tryOut])
        #expect(plan.handle(.shadowed, at: 140) == [told("shadow", 30), .goOver])
        #expect(plan.handle(.serving(connections: 2), at: 145) == [told("frozen", 5, "2 connections kept")])
        #expect(
            plan.handle(.committed, at: 195) == [
                told("probation", 50), told("committed", 95), .end(.committed, reason: nil),
            ])
        #expect(plan.stage == .over)
        #expect(plan.steps.map(\.step) == ["staged", "shadow", "frozen", "probation", "committed"])
    }

    @Test("of a restart begins where the successor takes over, and has nothing to watch")
    func restart() {
        var plan = UpdatePlan(restartAt: 100)
        #expect(plan.handle(.staged, at: 101) == [])
        #expect(plan.handle(.serving(connections: 1), at: 103) == [told("frozen", 3, "1 connection kept")])
        #expect(plan.handle(.committed, at: 104) == [told("committed", 4), .end(.committed, reason: nil)])
    }

    @Test("through the store has no probation, and keeps no connection")
    func throughStore() {
        var plan = UpdatePlan(isDryRun: false, isThroughStore: true, at: 0)
        _ = plan.handle(.staged, at: 1)
        _ = plan.handle(.shadowed, at: 2)
        #expect(
            plan.handle(.serving(connections: 0), at: 5)
                == [told("frozen", 3, "through the store, connections closed")])
        #expect(plan.handle(.committed, at: 6) == [told("committed", 6), .end(.committed, reason: nil)])
    }

    @Test("ends behind the trial if that is all that is wanted")
    func dryRun() {
        var plan = UpdatePlan(isDryRun: true, at: 0)
        _ = plan.handle(.staged, at: 1)
        #expect(plan.handle(.shadowed, at: 3) == [told("shadow", 2), .end(.dryRun, reason: nil)])
        #expect(plan.handle(.serving(connections: 1), at: 4) == [])
    }

    @Test("is refused before it goes over, and has failed behind that; either way once")
    func failures() {
        let events: [UpdatePlan.Event] = [.staged, .shadowed, .serving(connections: 1)]
        for count in 0...events.count {
            var plan = UpdatePlan(isDryRun: false, at: 0)
            for event in events.prefix(count) { _ = plan.handle(event, at: 1) }
            let word: UpdateVerdict.Word = count < 2 ? .refused : .failed
            let cause: UpdatePlan.Event = count < 2 ? .refused("no") : .failed("no")
            #expect(plan.handle(cause, at: 2) == [.end(word, reason: "no")], "behind \(count) steps")
            for event in events + [.committed, .failed("again"), .refused("again")] {
                #expect(plan.handle(event, at: 3) == [])
            }
        }
    }

    @Test("is refused, not failed, if everything has to end before anything was begun")
    func abandoned() {
        var plan = UpdatePlan(isDryRun: false, at: 0)
        #expect(plan.handle(.failed("belfryd is ending"), at: 1) == [.end(.refused, reason: "belfryd is ending")])
    }

    @Test("takes nothing out of its turn")
    func order() {
        var plan = UpdatePlan(isDryRun: false, at: 0)
        #expect(plan.handle(.shadowed, at: 1) == [])
        #expect(plan.handle(.committed, at: 1) == [])
        #expect(plan.handle(.staged, at: 2) != [])
        #expect(plan.handle(.committed, at: 3) == [])
        #expect(plan.handle(.staged, at: 3) == [])
    }
}
