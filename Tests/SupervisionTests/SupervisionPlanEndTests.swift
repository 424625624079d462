// SPDX-License-Identifier: Apache-2.0
/// How the supervisor decides that it ends: drain, the grace that is over, a second request, deaths on the way.
///
/// Times are plain numbers of nanoseconds; no process is involved.

import Testing

@testable import Supervision

@Suite("Supervision plan: the end")
struct SupervisionPlanEndTests {
    @Test("a drain goes through the acceptor first, then the workers, then stores what is left, then ends")
    func drains() {
        var bench = PlanBench.serving()
        let end = bench.now + 10 * second
        #expect(bench.tell(.drainAsked) == [.sendDrain(.acceptor, deadline: end - 5 * second)])
        #expect(
            bench.tell(.drained(.acceptor))
                == [.closePort, .sendDrain(.worker(0), deadline: end), .sendDrain(.worker(1), deadline: end)])
        #expect(bench.tell(.died(.acceptor)) == [.wakeEveryone])
        bench.tell(.drained(.worker(0)), .drained(.worker(1)), .died(.worker(0)), .died(.worker(1)))
        #expect(bench.tell(.cleared(.worker(0))).isEmpty)
        #expect(bench.tell(.cleared(.worker(1))) == [.launch(.committer)])
        #expect(bench.store().last == .finish)
        #expect(bench.plan.stage == .over && bench.plan.hasStored)
    }

    @Test("a drain that is asked for again changes nothing")
    func drainsOnce() {
        var bench = PlanBench.serving()
        bench.tell(.drainAsked)
        #expect(bench.tell(.drainAsked).isEmpty)
    }

    @Test("an acceptor killed in the middle of its drain is started again to publish what it had read")
    func acceptorDiesDraining() {
        var bench = PlanBench.serving()
        let until = bench.now + 5 * second
        bench.tell(.drainAsked)
        #expect(bench.tell(.died(.acceptor)) == [.wakeEveryone, .beginEpoch, .launch(.acceptor)])
        #expect(bench.tell(.launched(.acceptor), .ready(.acceptor)) == [.sendDrain(.acceptor, deadline: until)])
    }

    @Test("a worker killed in the middle of its drain is started again to finish")
    func workerDiesDraining() {
        var bench = PlanBench.serving()
        let end = bench.now + 10 * second
        bench.tell(.drainAsked, .drained(.acceptor), .died(.worker(0)))
        #expect(bench.tell(.cleared(.worker(0))) == [.launch(.worker(0))])
        #expect(bench.tell(.launched(.worker(0)), .ready(.worker(0))) == [.sendDrain(.worker(0), deadline: end)])
    }

    @Test("an acceptor that uses up its half of the grace is given up, and the workers get the rest")
    func acceptorTakesTooLong() {
        var bench = PlanBench.serving()
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
        var bench = PlanBench.serving(workers: 1)
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
        var bench = PlanBench.serving(workers: 1)
        bench.tell(.drainAsked, .drained(.acceptor), .died(.acceptor))
        #expect(bench.wait(10 * second) == [.sendStop(.worker(0))])
        #expect(bench.wait(SupervisionPlan.stopLimit - 1).isEmpty)
        #expect(bench.wait(1) == [.kill(.worker(0)), .closePort])
        #expect(bench.plan.nextDeadline == nil)
        bench.tell(.died(.worker(0)))
        #expect(bench.tell(.cleared(.worker(0))) == [.launch(.committer)])
    }

    @Test("nothing is started again once the grace is over")
    func diesAfterGrace() {
        var bench = PlanBench.serving(workers: 1)
        bench.tell(.drainAsked, .drained(.acceptor), .died(.acceptor))
        bench.wait(10 * second)
        bench.tell(.died(.worker(0)))
        #expect(bench.tell(.cleared(.worker(0))) == [.launch(.committer)])
    }

    @Test("a second request kills everything at once and still clears orphans before it ends")
    func endsAtOnce() {
        var bench = PlanBench.serving(workers: 1)
        bench.tell(.drainAsked)
        #expect(bench.tell(.endAsked) == [.kill(.acceptor), .kill(.worker(0)), .closePort])
        bench.tell(.died(.acceptor))
        #expect(bench.tell(.died(.worker(0))) == [.wakeEveryone, .clearOrphans(.worker(0))])
        #expect(bench.tell(.cleared(.worker(0))) == [.launch(.committer)])
    }

    @Test("an end at once does not wait for roles that back off")
    func endsWithoutTheBroken() {
        var bench = PlanBench(workers: 1)
        bench.tell(.begin, .launchFailed(.acceptor), .launchFailed(.worker(0)))
        bench.tell(.drainAsked)
        #expect(bench.tell(.endAsked) == [.closePort, .launch(.committer)])
    }

    @Test("a drain asked for before all roles are ready reaches each when it is")
    func drainsWhileStarting() {
        var bench = PlanBench(workers: 1)
        bench.tell(.begin, .launched(.acceptor), .launched(.worker(0)))
        #expect(bench.tell(.drainAsked).isEmpty)
        #expect(bench.tell(.ready(.worker(0))).isEmpty)
        #expect(bench.tell(.ready(.acceptor)) == [.sendDrain(.acceptor, deadline: bench.now + 5 * second)])
    }

    @Test("a committer that rested as it was told to store counts as having stored only when it says that it has")
    func restsAsItIsToldToStore() {
        for stores in [false, true] {
            var bench = PlanBench.serving(workers: 1)
            bench.tell(.wanted(.committer), .launched(.committer), .ready(.committer))
            bench.tell(.drainAsked, .drained(.acceptor), .died(.acceptor), .drained(.worker(0)), .died(.worker(0)))
            #expect(bench.tell(.cleared(.worker(0))) == [.sendSpill])
            bench.tell(.drained(.committer))
            if stores { bench.tell(.stored) }
            #expect(bench.tell(.died(.committer)).contains(.finish) == stores)
            #expect(bench.plan.hasStored == stores)
        }
    }

    @Test("a committer that says that it has stored before it was told to has not")
    func storesUnasked() {
        var bench = PlanBench.serving(workers: 1, commits: true)
        bench.tell(.stored)
        #expect(!bench.plan.hasStored && bench.plan[.committer].phase == .ready)
    }

    @Test("without a grace everybody is told to stop right away, and killed if that does not help")
    func noGrace() {
        var bench = PlanBench.serving(workers: 1, grace: 0)
        bench.tell(.drainAsked)
        #expect(bench.tell(.tick) == [.sendStop(.acceptor), .sendStop(.worker(0))])
        #expect(bench.plan.nextDeadline == bench.now + SupervisionPlan.stopLimit)
        bench.wait(SupervisionPlan.stopLimit)
        bench.tell(.died(.acceptor), .died(.worker(0)))
        #expect(bench.tell(.cleared(.worker(0))) == [.launch(.committer)])
    }
}
