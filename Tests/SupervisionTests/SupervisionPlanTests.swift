// SPDX-License-Identifier: Apache-2.0
/// The supervisor's decisions, event by event: start, death, back-off, watchdog, drain, end at once.
///
/// Times are plain numbers of nanoseconds; no process is involved.

import Testing

@testable import Supervision

private let second: UInt64 = 1_000_000_000

/// A plan and the clock that it is told.
private struct Bench {
    var plan: SupervisionPlan
    var now: UInt64 = 1_000 * second

    init(workers: Int = 2, grace: UInt64 = 10 * second) {
        plan = SupervisionPlan(workers: workers, grace: grace, startLimit: 10 * second)
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

    /// All roles up and announced.
    static func serving(workers: Int = 2, grace: UInt64 = 10 * second) -> Bench {
        var bench = Bench(workers: workers, grace: grace)
        bench.tell(.begin)
        for place in 0...workers { bench.tell(.launched(Role(place: place)), .ready(Role(place: place))) }
        return bench
    }
}

@Suite("Supervision plan")
struct SupervisionPlanTests {
    @Test("everything is launched at once, the acceptor first")
    func begins() {
        var bench = Bench()
        #expect(bench.tell(.begin) == [.launch(.acceptor), .launch(.worker(0)), .launch(.worker(1))])
    }

    @Test("it is open for business when the last role has become ready, and not before")
    func announces() {
        var bench = Bench()
        bench.tell(.begin, .launched(.acceptor), .launched(.worker(0)), .launched(.worker(1)))
        #expect(bench.tell(.ready(.worker(0)), .ready(.acceptor)).isEmpty)
        #expect(bench.plan.stage == .starting)
        #expect(bench.tell(.ready(.worker(1))) == [.announce])
        #expect(bench.plan.stage == .serving)
    }

    @Test("a worker that had been ready is started again at once, but only when what it left is dead")
    func restartsWorker() {
        var bench = Bench.serving()
        #expect(bench.tell(.died(.worker(1))) == [.wakeEveryone, .clearOrphans(.worker(1))])
        #expect(bench.plan[.worker(1)].mayTouch)
        #expect(bench.tell(.cleared(.worker(1))) == [.launch(.worker(1))])
    }

    @Test("an acceptor that had been ready is started again at once, behind a new epoch")
    func restartsAcceptor() {
        var bench = Bench.serving()
        #expect(bench.tell(.died(.acceptor)) == [.wakeEveryone, .beginEpoch, .launch(.acceptor)])
    }

    @Test("a role that dies before it was ready waits, each time twice as long, up to ten seconds")
    func backsOff() {
        var bench = Bench()
        bench.tell(.begin, .launched(.acceptor))
        var pauses: [UInt64] = []
        for _ in 0..<10 {
            bench.tell(.died(.acceptor))
            guard case .backingOff(let until) = bench.plan[.acceptor].phase else { break }
            pauses.append(until - bench.now)
            #expect(bench.wait(until - bench.now - 1).isEmpty)
            #expect(bench.wait(1) == [.beginEpoch, .launch(.acceptor)])
            bench.tell(.launched(.acceptor))
        }
        #expect(pauses.map { $0 / 100_000_000 } == [1, 2, 4, 8, 16, 32, 64, 100, 100, 100])
    }

    @Test("being ready once makes the next back-off short again")
    func forgetsFailures() {
        var bench = Bench()
        bench.tell(.begin, .launched(.acceptor), .died(.acceptor))
        bench.wait(second)
        bench.tell(.launched(.acceptor), .died(.acceptor))
        bench.wait(second)
        bench.tell(.launched(.acceptor), .ready(.acceptor))
        #expect(bench.plan[.acceptor].failures == 0)
    }

    @Test("a worker that backs off gives its shards away, and takes part again when it is ready")
    func sharesWithoutTheBroken() {
        var bench = Bench.serving()
        bench.tell(.died(.worker(0)), .cleared(.worker(0)), .launched(.worker(0)), .died(.worker(0)))
        #expect(bench.tell(.cleared(.worker(0))) == [.share])
        #expect(!bench.plan[.worker(0)].isUsable)
        #expect(bench.wait(second) == [.launch(.worker(0))])
        bench.tell(.launched(.worker(0)))
        #expect(!bench.plan[.worker(0)].isUsable)
        #expect(bench.tell(.ready(.worker(0))) == [.share])
    }

    @Test("a launch that failed backs off as a death before ready does")
    func launchFails() {
        var bench = Bench()
        bench.tell(.begin)
        #expect(bench.tell(.launchFailed(.worker(0))) == [.share])
        #expect(bench.wait(second) == [.launch(.worker(0))])
    }

    @Test("a role that does not become ready in time is killed, once per limit")
    func killsTheUnready() {
        var bench = Bench()
        bench.tell(.begin, .launched(.acceptor))
        #expect(bench.wait(10 * second - 1).isEmpty)
        #expect(bench.wait(1) == [.kill(.acceptor)])
        #expect(bench.wait(second).isEmpty)
    }

    @Test("a stuck role is killed, and its successor started when it is dead")
    func killsTheStuck() {
        var bench = Bench.serving()
        #expect(bench.tell(.stuck(.worker(0))) == [.kill(.worker(0))])
        bench.tell(.died(.worker(0)))
        #expect(bench.tell(.stuck(.worker(0))).isEmpty)
        #expect(bench.tell(.cleared(.worker(0))) == [.launch(.worker(0))])
    }

    @Test("there is nothing to wait for when all is well")
    func sleeps() {
        #expect(Bench.serving().plan.nextDeadline == nil)
    }

    @Test("its next deadline is the earliest of back-offs and starts")
    func nextDeadline() {
        var bench = Bench()
        bench.tell(.begin, .launched(.acceptor))
        #expect(bench.plan.nextDeadline == bench.now + 10 * second)
        bench.tell(.launched(.worker(0)), .died(.worker(0)), .cleared(.worker(0)))
        #expect(bench.plan.nextDeadline == bench.now + second / 10)
    }
}

@Suite("Supervision plan: the end")
struct SupervisionPlanEndTests {
    @Test("a drain goes through the acceptor first, then the workers, then ends")
    func drains() {
        var bench = Bench.serving()
        let end = bench.now + 10 * second
        #expect(bench.tell(.drainAsked) == [.sendDrain(.acceptor, deadline: end - 5 * second)])
        #expect(
            bench.tell(.drained(.acceptor))
                == [.closePort, .sendDrain(.worker(0), deadline: end), .sendDrain(.worker(1), deadline: end)])
        #expect(bench.tell(.died(.acceptor)) == [.wakeEveryone])
        bench.tell(.drained(.worker(0)), .drained(.worker(1)), .died(.worker(0)), .died(.worker(1)))
        #expect(bench.tell(.cleared(.worker(0))).isEmpty)
        #expect(bench.tell(.cleared(.worker(1))) == [.finish])
        #expect(bench.plan.stage == .over)
    }

    @Test("a drain that is asked for again changes nothing")
    func drainsOnce() {
        var bench = Bench.serving()
        bench.tell(.drainAsked)
        #expect(bench.tell(.drainAsked).isEmpty)
    }

    @Test("an acceptor killed in the middle of its drain is started again to publish what it had read")
    func acceptorDiesDraining() {
        var bench = Bench.serving()
        let until = bench.now + 5 * second
        bench.tell(.drainAsked)
        #expect(bench.tell(.died(.acceptor)) == [.wakeEveryone, .beginEpoch, .launch(.acceptor)])
        #expect(bench.tell(.launched(.acceptor), .ready(.acceptor)) == [.sendDrain(.acceptor, deadline: until)])
    }

    @Test("a worker killed in the middle of its drain is started again to finish")
    func workerDiesDraining() {
        var bench = Bench.serving()
        let end = bench.now + 10 * second
        bench.tell(.drainAsked, .drained(.acceptor), .died(.worker(0)))
        #expect(bench.tell(.cleared(.worker(0))) == [.launch(.worker(0))])
        #expect(bench.tell(.launched(.worker(0)), .ready(.worker(0))) == [.sendDrain(.worker(0), deadline: end)])
    }

    @Test("an acceptor that uses up its half of the grace is given up, and the workers get the rest")
    func acceptorTakesTooLong() {
        var bench = Bench.serving()
        let end = bench.now + 10 * second
        bench.tell(.drainAsked)
        #expect(bench.plan.nextDeadline == bench.now + 5 * second)
        #expect(
            bench.wait(5 * second) == [
                .kill(.acceptor), .closePort, .sendDrain(.worker(0), deadline: end),
                .sendDrain(.worker(1), deadline: end),
            ])
        #expect(bench.tell(.died(.acceptor)) == [.wakeEveryone])
    }

    @Test("an acceptor that backs off when its time is over is not waited for")
    func acceptorIsBroken() {
        var bench = Bench.serving(workers: 1)
        bench.tell(.died(.acceptor), .launched(.acceptor), .died(.acceptor))
        bench.tell(.drainAsked)
        bench.tell(.launchFailed(.acceptor))
        bench.now += 4 * second
        bench.tell(.launchFailed(.acceptor))
        bench.now += second
        let effects = bench.tell(.tick)
        #expect(effects.contains(.closePort))
        #expect(effects.contains { if case .sendDrain(.worker(0), _) = $0 { true } else { false } })
    }

    @Test("what has not finished within the grace is told to stop, then killed")
    func graceIsOver() {
        var bench = Bench.serving(workers: 1)
        bench.tell(.drainAsked, .drained(.acceptor), .died(.acceptor))
        #expect(bench.wait(10 * second) == [.sendStop(.worker(0))])
        #expect(bench.wait(SupervisionPlan.stopLimit - 1).isEmpty)
        #expect(bench.wait(1) == [.kill(.worker(0)), .closePort])
        #expect(bench.plan.nextDeadline == nil)
        bench.tell(.died(.worker(0)))
        #expect(bench.tell(.cleared(.worker(0))) == [.finish])
    }

    @Test("nothing is started again once the grace is over")
    func diesAfterGrace() {
        var bench = Bench.serving(workers: 1)
        bench.tell(.drainAsked, .drained(.acceptor), .died(.acceptor))
        bench.wait(10 * second)
        bench.tell(.died(.worker(0)))
        #expect(bench.tell(.cleared(.worker(0))) == [.finish])
    }

    @Test("a second request kills everything at once and still clears orphans before it ends")
    func endsAtOnce() {
        var bench = Bench.serving(workers: 1)
        bench.tell(.drainAsked)
        #expect(bench.tell(.endAsked) == [.kill(.acceptor), .kill(.worker(0)), .closePort])
        bench.tell(.died(.acceptor))
        #expect(bench.tell(.died(.worker(0))) == [.wakeEveryone, .clearOrphans(.worker(0))])
        #expect(bench.tell(.cleared(.worker(0))) == [.finish])
    }

    @Test("an end at once does not wait for roles that back off")
    func endsWithoutTheBroken() {
        var bench = Bench(workers: 1)
        bench.tell(.begin, .launchFailed(.acceptor), .launchFailed(.worker(0)))
        bench.tell(.drainAsked)
        #expect(bench.tell(.endAsked) == [.closePort, .finish])
    }

    @Test("a drain asked for before all roles are ready reaches each when it is")
    func drainsWhileStarting() {
        var bench = Bench(workers: 1)
        bench.tell(.begin, .launched(.acceptor), .launched(.worker(0)))
        #expect(bench.tell(.drainAsked).isEmpty)
        #expect(bench.tell(.ready(.worker(0))).isEmpty)
        #expect(bench.tell(.ready(.acceptor)) == [.sendDrain(.acceptor, deadline: bench.now + 5 * second)])
    }

    @Test("without a grace everybody is told to stop right away, and killed if that does not help")
    func noGrace() {
        var bench = Bench.serving(workers: 1, grace: 0)
        bench.tell(.drainAsked)
        #expect(bench.tell(.tick) == [.sendStop(.acceptor), .sendStop(.worker(0))])
        #expect(bench.plan.nextDeadline == bench.now + SupervisionPlan.stopLimit)
        bench.wait(SupervisionPlan.stopLimit)
        bench.tell(.died(.acceptor), .died(.worker(0)))
        #expect(bench.tell(.cleared(.worker(0))) == [.finish])
    }

    @Test("whatever happens in whatever order, a role never has two processes, and an end at once always ends")
    func randomLives() {
        for seed in 0..<200 as Range<UInt64> {
            var random = Xorshift(seed)
            var bench = Bench(workers: 2, grace: random.next(20) * second)
            var world = World()
            world.perform(bench.tell(.begin), &bench, &random, seed)
            for _ in 0..<200 {
                bench.now += random.next(3) * second / 2
                world.perform(bench.tell(world.event(&random)), &bench, &random, seed)
                world.perform(bench.tell(.tick), &bench, &random, seed)
            }
            world.perform(bench.tell(.drainAsked), &bench, &random, seed)
            world.perform(bench.tell(.endAsked), &bench, &random, seed)
            for place in 0..<3 where world.alive.contains(Role(place: place)) {
                world.alive.remove(Role(place: place))
                world.perform(bench.tell(.died(Role(place: place))), &bench, &random, seed)
            }
            for role in world.dying { world.perform(bench.tell(.cleared(role)), &bench, &random, seed) }
            #expect(bench.plan.stage == .over, "seed \(seed)")
        }
    }
}

/// Processes as a table: performs what the plan asks for, and makes things up.
private struct World {
    var alive: Set<Role> = []
    var dying: Set<Role> = []

    mutating func perform(
        _ effects: [SupervisionPlan.Effect], _ bench: inout Bench, _ random: inout Xorshift, _ seed: UInt64
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
        let role = Role(place: Int(random.next(3)))
        switch random.next(6) {
        case 0 where dying.contains(role):
            dying.remove(role)
            return .cleared(role)
        case 1 where alive.contains(role):
            alive.remove(role)
            return .died(role)
        case 2, 3: return alive.contains(role) ? .ready(role) : .tick
        case 4: return .stuck(role)
        case 5 where random.next(40) == 0: return .drainAsked
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
