// SPDX-License-Identifier: Apache-2.0
/// What the running supervisor does while another one takes over: every step, and every failure at it.

import Testing

@testable import Supervision

@Suite("Hand-over plan")
struct HandOverPlanTests {
    private static let limits = HandOverPlan.Limits(
        patience: 10 * second, probation: 5 * second, drain: 30 * second)

    /// Up to each stage, by the events that lead there.
    private static let ways: [(name: String, events: [HandOverPlan.Event])] = [
        ("preparing", []), ("settling", [.prepared]), ("replacing", [.prepared, .settled]),
        ("probation", [.prepared, .settled, .serving]),
    ]

    private static func plan(
        _ events: [HandOverPlan.Event], _ limits: HandOverPlan.Limits = limits
    ) -> HandOverPlan {
        var plan = HandOverPlan(limits, at: 0)
        for event in events { _ = plan.handle(event, at: second) }
        return plan
    }

    @Test("a hand-over that works: given once it is prepared and we are well, committed behind the probation")
    func works() {
        var plan = HandOverPlan(Self.limits, at: 0)
        #expect(plan.handle(.prepared, at: second).isEmpty)
        #expect(!plan.hasGiven)
        #expect(plan.handle(.settled, at: second) == [.give])
        #expect(plan.hasGiven)
        #expect(plan.handle(.serving, at: 2 * second).isEmpty)
        #expect(plan.stage == .probation(until: 7 * second))
        #expect(plan.handle(.tick, at: 7 * second - 1).isEmpty)
        #expect(plan.handle(.tick, at: 7 * second) == [.commit])
        #expect(plan.isCommitted && plan.hasGiven)
        #expect(plan.handle(.childless, at: 8 * second) == [.leave])
    }

    @Test("without a probation it is committed as soon as all of its roles work")
    func restart() {
        var limits = Self.limits
        limits.probation = 0
        var plan = Self.plan([.prepared, .settled], limits)
        #expect(plan.handle(.serving, at: second) == [.commit])
    }

    @Test(
        "whatever fails before the commit: it is killed, and we act again when all of it is dead",
        arguments: ways.indices,
        [
            HandOverPlan.Event.failed("why"), .ended, .abandon("belfryd was asked to end"), .tick,
        ])
    func fails(way: Int, event: HandOverPlan.Event) {
        var plan = Self.plan(Self.ways[way].events)
        // Behind the probation's end a tick is the commit.
        if event == .tick, Self.ways[way].name == "probation" { return }
        #expect(plan.handle(event, at: 100 * second) == [.kill], "\(Self.ways[way].name)")
        // What it started may live a little longer than it.
        #expect(plan.handle(.buried, at: 100 * second).isEmpty || event == .ended)
        if event != .ended {
            #expect(plan.handle(.ended, at: 100 * second).isEmpty)
            guard case .takeBack(let reason)? = plan.handle(.buried, at: 101 * second).first else {
                Issue.record("not taken back")
                return
            }
            #expect(!reason.isEmpty)
        }
        #expect(plan.stage == .over)
        #expect(!plan.hasGiven)
    }

    @Test("until its remains are buried we don't act, however it failed")
    func waits() {
        var plan = Self.plan([.prepared, .settled, .serving])
        _ = plan.handle(.failed("why"), at: 2 * second)
        for event in [HandOverPlan.Event.buried, .tick, .serving, .prepared, .settled, .failed("again")] {
            #expect(plan.handle(event, at: 90 * second).isEmpty)
            #expect(plan.hasGiven)
        }
        _ = plan.handle(.ended, at: 91 * second)
        #expect(plan.hasGiven)
        #expect(plan.handle(.buried, at: 92 * second) == [.takeBack("why")])
    }

    @Test("behind the commit nothing takes anything back, and workers that take too long are ended once")
    func committed() {
        var plan = Self.plan([.prepared, .settled, .serving])
        #expect(plan.handle(.tick, at: 6 * second) == [.commit])
        for event in [HandOverPlan.Event.failed("why"), .ended, .abandon("asked to end"), .buried, .serving] {
            #expect(plan.handle(event, at: 7 * second).isEmpty)
        }
        #expect(plan.deadline == 36 * second)
        #expect(plan.handle(.tick, at: 36 * second) == [.endChildren])
        #expect(plan.deadline == nil)
        #expect(plan.handle(.tick, at: 99 * second).isEmpty)
        #expect(plan.handle(.childless, at: 99 * second) == [.leave])
    }

    @Test("with no limit on the drain nothing ends our workers")
    func endless() {
        var limits = Self.limits
        limits.drain = .max
        var plan = Self.plan([.prepared, .settled, .serving], limits)
        _ = plan.handle(.tick, at: 6 * second)
        #expect(plan.deadline == nil)
    }

    @Test("random events never let two act, and a commit is final")
    func random() {
        let events: [HandOverPlan.Event] = [
            .prepared, .settled, .serving, .failed("x"), .ended, .buried, .childless, .abandon("y"), .tick,
        ]
        for seed in 0..<2_000 as Range<UInt64> {
            var random = Xorshift(seed)
            var plan = HandOverPlan(Self.limits, at: 0)
            var now: UInt64 = 0
            var (given, committed, taken) = (0, 0, 0)
            for _ in 0..<40 {
                now += random.next(4 * second)
                for effect in plan.handle(events[Int(random.next(UInt64(events.count)))], at: now) {
                    switch effect {
                    case .give: given += 1
                    case .commit: committed += 1
                    case .takeBack: taken += 1
                    case .kill, .endChildren, .leave: break
                    }
                }
                #expect(plan.hasGiven == (given == 1 && taken == 0), "seed \(seed)")
            }
            #expect(given <= 1 && committed <= given && taken + committed <= 1, "seed \(seed)")
        }
    }
}
