// SPDX-License-Identifier: Apache-2.0
/// What a supervisor does that takes over from another one: every step, every failure at it, and the other one's death.

import Testing

@testable import Supervision

@Suite("Take-over plan")
struct TakeOverPlanTests {
    private static let steps: [(event: TakeOverPlan.Event, effects: [TakeOverPlan.Effect])] = [
        (.yours, [.adopt]), (.acceptorPrepared, [.handOverAcceptor]), (.serversReady, [.replaceCommitter]),
        (.allReady, [.saySo]), (.commit, [.settle]),
    ]

    private static func plan(steps count: Int) -> TakeOverPlan {
        var plan = TakeOverPlan()
        for step in steps.prefix(count) { _ = plan.handle(step.event) }
        return plan
    }

    @Test("a take-over that works: acceptor, workers, committer, commit")
    func works() {
        var plan = TakeOverPlan()
        #expect(!plan.acts)
        for step in Self.steps {
            #expect(plan.handle(step.event) == step.effects)
            #expect(plan.acts)
        }
        #expect(plan.isCommitted)
    }

    @Test("shards stay where they are until acceptor and workers are ready")
    func sharesLate() {
        #expect(!Self.plan(steps: 2).mayShare)
        #expect(Self.plan(steps: 3).mayShare && Self.plan(steps: 3).mayStore)
    }

    @Test("before the commit the death of one of ours is our failure, whatever the step", arguments: 0..<5)
    func deathOfOurs(count: Int) {
        var plan = Self.plan(steps: count)
        #expect(plan.handle(.died(.worker(64))) == [.fail("its worker 0 died")])
        #expect(!plan.acts && !plan.isCommitted)
        for step in Self.steps { #expect(plan.handle(step.event).isEmpty) }
    }

    @Test("behind the commit it is a death like any other")
    func deathBehindCommit() {
        var plan = Self.plan(steps: 5)
        #expect(plan.handle(.died(.acceptor)).isEmpty)
        #expect(plan.handle(.formerDied(.worker(0))).isEmpty)
        #expect(plan.handle(.predecessorDied).isEmpty)
        #expect(plan.acts && plan.isCommitted)
    }

    @Test("a former role that dies before ours can do its work is a failure, later it is none")
    func deathOfTheirs() {
        var early = Self.plan(steps: 2)
        #expect(early.handle(.formerDied(.acceptor)) == [.fail("the acceptor of the running belfryd died meanwhile")])
        var late = Self.plan(steps: 3)
        #expect(late.handle(.formerDied(.worker(1))).isEmpty)
        #expect(late.acts)
    }

    @Test("the predecessor dies before it gave anything: we wait for the end of its roles, then begin")
    func alone() {
        var plan = TakeOverPlan()
        #expect(plan.handle(.predecessorDied) == [.watchFence])
        #expect(!plan.acts)
        #expect(plan.handle(.yours).isEmpty)
        #expect(plan.handle(.fenceFree) == [.beginAlone, .settle])
        #expect(plan.acts && plan.isCommitted)
    }

    @Test("it dies while we take over: we go on, without a former acceptor to take over from", arguments: 1..<5)
    func predecessorDies(count: Int) {
        var plan = Self.plan(steps: count)
        let effects = plan.handle(.predecessorDied)
        #expect(effects.contains(.replaceAcceptor) == (count < 3))
        #expect(effects.contains(.settle))
        #expect(plan.acts && plan.isCommitted)
        // Its roles die with it.
        #expect(plan.handle(.formerDied(.acceptor)).isEmpty)
        #expect(plan.handle(.died(.acceptor)).isEmpty)
    }
}
