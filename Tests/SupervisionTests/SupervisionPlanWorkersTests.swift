// SPDX-License-Identifier: Apache-2.0
/// The supervisor's plan when the number of workers changes while it serves.

import Testing

@testable import Supervision

@Suite("Supervision plan: more and fewer workers")
struct SupervisionPlanWorkersTests {
    @Test("more are started at once, and may be given shards from then on")
    func more() {
        var bench = PlanBench.serving(workers: 1)
        #expect(bench.tell(.workers(3)) == [.launch(.worker(1)), .launch(.worker(2)), .share])
        #expect(bench.plan[.worker(2)].isUsable)
    }

    @Test("one too many gives up its shards, and is not started again once it has ended")
    func fewer() {
        var bench = PlanBench.serving(workers: 2)
        #expect(bench.tell(.workers(1)) == [.share])
        #expect(!bench.plan[.worker(1)].isUsable && bench.plan[.worker(1)].mayTouch)
        #expect(bench.tell(.died(.worker(1))) == [.wakeEveryone, .clearOrphans(.worker(1))])
        #expect(bench.tell(.cleared(.worker(1))) == [])
        #expect(bench.plan[.worker(1)].phase == .gone)
        bench.plan.forgetSurplus()
        #expect(bench.plan.lives.count == Role.all(workers: 1).count)
    }

    @Test("one too many that has no process is gone at once, and does not come back")
    func fewerBackingOff() {
        var bench = PlanBench.serving(workers: 2)
        bench.tell(.died(.worker(1)), .cleared(.worker(1)), .launchFailed(.worker(1)))
        bench.tell(.workers(1))
        #expect(bench.plan[.worker(1)].phase == .gone)
        #expect(bench.wait(60 * second) == [])
    }

    @Test("one too many that can't be started is not tried again")
    func launchFails() {
        var bench = PlanBench.serving(workers: 1)
        bench.tell(.workers(2), .launched(.worker(1)), .workers(1), .died(.worker(1)), .cleared(.worker(1)))
        #expect(bench.plan[.worker(1)].phase == .gone)
    }

    @Test("a drain takes those that are too many with it")
    func drain() {
        var bench = PlanBench.serving(workers: 2)
        bench.tell(.workers(1), .drainAsked, .drained(.acceptor), .died(.acceptor))
        bench.tell(.drained(.worker(0)), .died(.worker(0)), .cleared(.worker(0)))
        bench.tell(.died(.worker(1)))
        #expect(bench.tell(.cleared(.worker(1))) == [.launch(.committer)])
    }

    @Test("nothing is started while everything ends")
    func ending() {
        var bench = PlanBench.serving(workers: 1)
        bench.tell(.drainAsked)
        #expect(bench.tell(.workers(3)) == [])
    }
}
