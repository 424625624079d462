// SPDX-License-Identifier: Apache-2.0
/// The supervisor's plan in made-up worlds: roles that start, die, hang and drain in an order that a seed repeats.
///
/// Used with PlanBench. A failure names its seed.

import Testing

@testable import Supervision

@Suite("Supervision plan: any life")
struct SupervisionPlanLivesTests {
    @Test("whatever happens in whatever order, a role never has two processes, and an end at once always ends")
    func randomLives() {
        for seed in 0..<200 as Range<UInt64> {
            var random = Xorshift(seed)
            var bench = PlanBench(workers: 2, commits: seed % 2 == 0, grace: random.next(20) * second)
            var world = World()
            world.perform(bench.tell(.begin), &bench, &random, seed)
            for _ in 0..<200 {
                bench.now += random.next(3) * second / 2
                world.perform(bench.tell(world.event(&random)), &bench, &random, seed)
                world.perform(bench.tell(.tick), &bench, &random, seed)
            }
            world.perform(bench.tell(.drainAsked), &bench, &random, seed)
            for _ in 0..<3 { world.perform(bench.tell(.endAsked), &bench, &random, seed) }
            for role in Role.all(workers: 2) where world.alive.contains(role) {
                world.alive.remove(role)
                world.perform(bench.tell(.died(role)), &bench, &random, seed)
            }
            for role in world.dying { world.perform(bench.tell(.cleared(role)), &bench, &random, seed) }
            #expect(bench.plan.stage == .over, "seed \(seed)")
        }
    }

    @Test(
        "a committer that is asked for while one starts, works or leaves is started when that has rested",
        arguments: 0..<3)
    func askedAgain(step: Int) {
        var bench = PlanBench.serving(workers: 1)
        let steps: [SupervisionPlan.Event] = [.launched(.committer), .ready(.committer), .drained(.committer)]
        bench.tell(.wanted(.committer))
        for (place, event) in steps.enumerated() {
            bench.tell(event)
            if place == step { #expect(bench.tell(.wanted(.committer)).isEmpty) }
        }
        #expect(bench.tell(.died(.committer)) == [.wakeEveryone, .launch(.committer)])
        bench.tell(.launched(.committer), .ready(.committer), .drained(.committer))
        #expect(bench.tell(.died(.committer)) == [.wakeEveryone])
    }
}

/// Processes as a table: performs what the plan asks for, and makes things up.
private struct World {
    var alive: Set<Role> = []
    var dying: Set<Role> = []

    mutating func perform(
        _ effects: [SupervisionPlan.Effect], _ bench: inout PlanBench, _ random: inout Xorshift, _ seed: UInt64
    ) {
        for effect in effects {
            switch effect {
            case .launch(let role):
                #expect(!alive.contains(role) && !dying.contains(role), "seed \(seed): a second \(role)")
                if random.next(8) == 0 {
                    perform(bench.tell(.launchFailed(role)), &bench, &random, seed)
                } else {
                    alive.insert(role)
                    perform(bench.tell(.launched(role)), &bench, &random, seed)
                }
            case .clearOrphans(let role): dying.insert(role)
            default: break
            }
        }
    }

    /// One thing that could happen now.
    mutating func event(_ random: inout Xorshift) -> SupervisionPlan.Event {
        let role = Role(place: Int(random.next(4)), base: 0)
        switch random.next(7) {
        case 0 where dying.contains(role):
            dying.remove(role)
            return .cleared(role)
        case 1 where alive.contains(role):
            alive.remove(role)
            return .died(role)
        case 2, 3: return alive.contains(role) ? .ready(role) : .tick
        case 4: return .stuck(role)
        case 5 where random.next(40) == 0: return .drainAsked
        case 6 where role == .committer: return .wanted(role)
        default: return alive.contains(role) ? .drained(role) : .tick
        }
    }
}

/// Random numbers that a seed repeats.
struct Xorshift {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next(_ bound: UInt64) -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return (state >> 11) % bound
    }
}
