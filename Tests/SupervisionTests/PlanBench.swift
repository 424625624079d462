// SPDX-License-Identifier: Apache-2.0
/// A supervision plan on the bench: events in, effects out, and a clock that only the test moves.
///
/// Used by the suites about SupervisionPlan.

@testable import Supervision

/// In the plan's nanoseconds.
let second: UInt64 = 1_000_000_000

/// A plan and the clock that it is told.
struct PlanBench {
    var plan: SupervisionPlan
    var now: UInt64 = 1_000 * second

    init(workers: Int = 2, commits: Bool = false, grace: UInt64 = 10 * second) {
        plan = SupervisionPlan(workers: workers, commits: commits, grace: grace, startLimit: 10 * second)
    }

    @discardableResult
    mutating func tell(_ events: SupervisionPlan.Event...) -> [SupervisionPlan.Effect] {
        var effects: [SupervisionPlan.Effect] = []
        for event in events { effects += plan.handle(event, at: now) }
        return effects
    }

    @discardableResult
    mutating func wait(_ time: UInt64) -> [SupervisionPlan.Effect] {
        now += time
        return tell(.tick)
    }

    /// The committer comes up, stores what is left, and ends.
    mutating func store() -> [SupervisionPlan.Effect] {
        tell(.launched(.committer), .ready(.committer), .stored, .died(.committer))
    }

    /// All roles up and announced.
    static func serving(workers: Int = 2, commits: Bool = false, grace: UInt64 = 10 * second) -> PlanBench {
        var bench = PlanBench(workers: workers, commits: commits, grace: grace)
        for case .launch(let role) in bench.tell(.begin) { bench.tell(.launched(role), .ready(role)) }
        return bench
    }
}
