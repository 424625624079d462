// SPDX-License-Identifier: Apache-2.0
/// Giving way through the store: the new executable, else our own, else the end; never two at a time.

import Testing

@testable import Supervision

@Suite("The plan of a passage through the store")
struct PassagePlanTests {
    @Test("commits to the new executable when that serves")
    func commits() {
        var plan = PassagePlan(patience: 10, at: 100)
        #expect(plan.deadline == 110)
        #expect(plan.handle(.tick, at: 109) == [])
        #expect(plan.handle(.serving, at: 109) == [.commit(failure: nil)])
        #expect(plan.deadline == nil)
        for event: PassagePlan.Event in [.serving, .failed("x"), .ended, .buried, .tick] {
            #expect(plan.handle(event, at: 200) == [])
        }
    }

    @Test(
        "starts its own executable when the new one is dead and buried, for whatever reason it did not come up",
        arguments: [
            (PassagePlan.Event.failed("can't"), "the new belfryd can't"),
            (.ended, "the new belfryd ended at its start; the log has its words"),
            (.tick, "the new belfryd was not ready in time"),
        ])
    func own(event: PassagePlan.Event, reason: String) {
        var plan = PassagePlan(patience: 10, at: 0)
        #expect(plan.handle(event, at: 10) == [.kill])
        #expect(plan.handle(.ended, at: 11) == [])
        #expect(plan.handle(.serving, at: 11) == [])
        #expect(plan.handle(.buried, at: 12) == [.startOwn])
        #expect(plan.deadline == 22)
        #expect(plan.handle(.serving, at: 13) == [.commit(failure: reason)])
    }

    @Test("gives up when neither comes up, and says why of both")
    func neither() {
        var plan = PassagePlan(patience: 10, at: 0)
        _ = plan.handle(.failed("can't"), at: 1)
        _ = plan.handle(.buried, at: 2)
        #expect(
            plan.handle(.failed("neither"), at: 3)
                == [.kill, .giveUp("the new belfryd can't; nor did this one come up again: it neither")])
        #expect(plan.handle(.ended, at: 4) == [])
    }
}
