// SPDX-License-Identifier: Apache-2.0
/// The supervisor's decisions, event by event: start, death, back-off, watchdog.
///
/// Times are plain numbers of nanoseconds; no process is involved.

import Testing

@testable import Supervision

@Suite("Supervision plan")
struct SupervisionPlanTests {
    @Test("everything is launched at once, the acceptor first")
    func begins() {
        var bench = PlanBench()
        #expect(bench.tell(.begin) == [.launch(.acceptor), .launch(.worker(0)), .launch(.worker(1))])
    }

    @Test("it is open for business when the last role has become ready, and not before")
    func announces() {
        var bench = PlanBench()
        bench.tell(.begin, .launched(.acceptor), .launched(.worker(0)), .launched(.worker(1)))
        #expect(bench.tell(.ready(.worker(0)), .ready(.acceptor)).isEmpty)
        #expect(bench.plan.stage == .starting)
        #expect(bench.tell(.ready(.worker(1))) == [.announce])
        #expect(bench.plan.stage == .serving)
    }

    @Test("a worker that had been ready is started again at once, but only when what it left is dead")
    func restartsWorker() {
        var bench = PlanBench.serving()
        #expect(bench.tell(.died(.worker(1))) == [.wakeEveryone, .clearOrphans(.worker(1))])
        #expect(bench.plan[.worker(1)].mayTouch)
        #expect(bench.tell(.cleared(.worker(1))) == [.launch(.worker(1))])
    }

    @Test("an acceptor that had been ready is started again at once, behind a new epoch")
    func restartsAcceptor() {
        var bench = PlanBench.serving()
        #expect(bench.tell(.died(.acceptor)) == [.wakeEveryone, .beginEpoch, .launch(.acceptor)])
    }

    @Test("a role that dies before it was ready waits, each time twice as long, up to ten seconds")
    func backsOff() {
        var bench = PlanBench()
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
        var bench = PlanBench()
        bench.tell(.begin, .launched(.acceptor), .died(.acceptor))
        bench.wait(second)
        bench.tell(.launched(.acceptor), .died(.acceptor))
        bench.wait(second)
        bench.tell(.launched(.acceptor), .ready(.acceptor))
        #expect(bench.plan[.acceptor].failures == 0)
    }

    @Test("a worker that backs off gives its shards away, and takes part again when it is ready")
    func sharesWithoutTheBroken() {
        var bench = PlanBench.serving()
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
        var bench = PlanBench()
        bench.tell(.begin)
        #expect(bench.tell(.launchFailed(.worker(0))) == [.share])
        #expect(bench.wait(second) == [.launch(.worker(0))])
    }

    @Test("a role that does not become ready in time is killed, once per limit")
    func killsTheUnready() {
        var bench = PlanBench()
        bench.tell(.begin, .launched(.acceptor))
        #expect(bench.wait(10 * second - 1).isEmpty)
        #expect(bench.wait(1) == [.kill(.acceptor)])
        #expect(bench.wait(second).isEmpty)
    }

    @Test("a stuck role is killed, and its successor started when it is dead")
    func killsTheStuck() {
        var bench = PlanBench.serving()
        #expect(bench.tell(.stuck(.worker(0))) == [.kill(.worker(0))])
        bench.tell(.died(.worker(0)))
        #expect(bench.tell(.stuck(.worker(0))).isEmpty)
        #expect(bench.tell(.cleared(.worker(0))) == [.launch(.worker(0))])
    }

    @Test("there is nothing to wait for when all is well")
    func sleeps() {
        #expect(PlanBench.serving().plan.nextDeadline == nil)
    }

    @Test("its next deadline is the earliest of back-offs and starts")
    func nextDeadline() {
        var bench = PlanBench()
        bench.tell(.begin, .launched(.acceptor))
        #expect(bench.plan.nextDeadline == bench.now + 10 * second)
        bench.tell(.launched(.worker(0)), .died(.worker(0)), .cleared(.worker(0)))
        #expect(bench.plan.nextDeadline == bench.now + second / 10)
    }
}
