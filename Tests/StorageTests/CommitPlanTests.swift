// SPDX-License-Identifier: Apache-2.0
// What CommitPlan decides, by tables of what it sees; the effects are played.

import Segments
import Testing

@testable import Storage

@Suite("What the committer does next") struct CommitPlanTests {
    private static let second: UInt64 = 1_000_000_000
    private typealias View = CommitPlan.View

    /// One that has written its first checkpoint, at time 0 and for slots of version 1.
    private static func plan(_ mode: Checkpoint.Mode, isSettled: Bool = true, hasParked: Bool = true) -> CommitPlan {
        var plan = CommitPlan(mode, now: 0)
        plan.checkpointed(slots: 1, at: 0, cost: 0, isSettled: isSettled, hasParked: hasParked)
        return plan
    }

    private static func view(
        _ now: UInt64 = 1, head: UInt64 = 1, committed: UInt64 = 1, slots: UInt64 = 1, isTight: Bool = false,
        target: UInt64? = nil, isReady: Bool = false
    ) -> CommitPlan.View {
        CommitPlan.View(
            now: now, head: head, committed: committed, slotsVersion: slots, isTight: isTight, target: target,
            isReady: isReady)
    }

    // MARK: committing

    @Test(
        "records are committed when there are any and a checkpoint covers their slots",
        arguments: [
            (view(), false, false), (view(head: 5), true, false), (view(head: 5, committed: 5), false, false),
            (view(head: 5, slots: 2), false, true), (view(slots: 2), false, false),
        ])
    func commits(view: CommitPlan.View, commits: Bool, wantsCheckpoint: Bool) {
        let plan = Self.plan(.disk)
        #expect(plan.commits(view) == commits)
        #expect(plan.wantsCheckpoint(view) == wantsCheckpoint)
    }

    @Test("nothing is committed before the first checkpoint, which is written at once")
    func first() {
        let plan = CommitPlan(.disk, now: 0)
        #expect(plan.wantsCheckpoint(Self.view()))
        #expect(!plan.commits(Self.view(head: 5)))
    }

    @Test("what the disk refused is tried again at once, then each second; each second when it is full")
    func retries() {
        var plan = Self.plan(.disk)
        plan.failedToCommit(at: 1, isFull: false)
        #expect(plan.commits(Self.view(1, head: 2)))
        plan.failedToCommit(at: 2, isFull: false)
        #expect(!plan.commits(Self.view(3, head: 2)))
        #expect(plan.deadline(Self.view(3, head: 2)) == 2 + Self.second)
        #expect(plan.commits(Self.view(2 + Self.second, head: 2)))
        plan.committed()
        plan.failedToCommit(at: 5, isFull: true)
        #expect(!plan.commits(Self.view(6, head: 2)))
    }

    @Test("memory mode commits nothing")
    func memory() {
        #expect(!Self.plan(.memory).commits(Self.view(head: 5, committed: .max)))
    }

    // MARK: spilling

    @Test("a spill goes by freeze, look, segments and checkpoint")
    func spill() {
        var plan = Self.plan(.memory)
        #expect(plan.spillStep(Self.view(target: 9)) == .freeze(to: 9))
        plan.froze(to: 9, at: 1)
        #expect(plan.spillStep(Self.view(2)) == .none)
        #expect(plan.spillStep(Self.view(2, isReady: true)) == .begin(to: 9))
        plan.began(to: 9)
        #expect(plan.spillStep(Self.view(3)) == .write)
        plan.wrote(to: 9)
        #expect(plan.spillStep(Self.view(4)) == .confirm(to: 9))
        plan.spilled()
        #expect(plan.spillStep(Self.view(5)) == .none && plan.phase == .idle)
    }

    @Test("a shard that does not answer in time ends the freeze, and the next one waits")
    func unready() {
        var plan = Self.plan(.memory)
        plan.froze(to: 9, at: 1)
        let late = 1 + CommitPlan.freezeLimit
        #expect(plan.deadline(Self.view(2)) <= late)
        #expect(plan.spillStep(Self.view(late)) == .thaw)
        plan.thawed(at: late)
        #expect(plan.spillStep(Self.view(late + 1, target: 10)) == .none)
        #expect(plan.spillStep(Self.view(late + CommitPlan.freezeLimit, target: 10)) == .freeze(to: 10))
    }

    @Test("no spill begins while a checkpoint is owed: at the start, and behind one that failed")
    func owed() {
        var plan = CommitPlan(.memory, frozen: 9, now: 0)
        #expect(plan.phase == .frozen(to: 9, until: CommitPlan.freezeLimit))
        #expect(plan.spillStep(Self.view(isReady: true)) == .none)
        plan.checkpointed(slots: 1, at: 1, cost: 0, isSettled: false, hasParked: true)
        #expect(plan.spillStep(Self.view(isReady: true)) == .begin(to: 9))
        plan.began(to: 9)
        plan.wrote(to: 9)
        plan.failedToCheckpoint(at: 2, isFull: true)
        plan.failedToSpill(at: 2, isFull: true)
        #expect(plan.spillStep(Self.view(3 + Self.second, target: 12)) == .none)
        #expect(plan.wantsCheckpoint(Self.view(3 + Self.second)))
        plan.checkpointed(slots: 1, at: 3 + Self.second, cost: 0, isSettled: false, hasParked: true)
        #expect(plan.spillStep(Self.view(3 + Self.second, target: 12)) == .freeze(to: 12))
    }

    @Test("a disk that refuses checkpoints has nobody hold still for it, and the freeze comes as soon as it takes them")
    func refused() {
        var plan = Self.plan(.memory)
        plan.froze(to: 9, at: 1)
        plan.failedToCheckpoint(at: 2, isFull: true)
        #expect(plan.isSpillHeldUp)
        #expect(plan.spillStep(Self.view(3)) == .thaw)
        plan.thawed(at: 3)
        #expect(plan.spillStep(Self.view(4, target: 9)) == .none)
        plan.checkpointed(slots: 1, at: 5, cost: 0, isSettled: false, hasParked: true)
        #expect(plan.spillStep(Self.view(6, target: 9)) == .freeze(to: 9))
        #expect(!plan.isSpillHeldUp)
    }

    @Test("a spill that waits for a checkpoint that the disk refuses sleeps until that is tried again")
    func refusedSleep() {
        var plan = Self.plan(.disk)
        plan.failedToCheckpoint(at: 1, isFull: true)
        let view = Self.view(2, target: 9)
        plan.see(view)
        #expect(plan.isSpillHeldUp)
        #expect(plan.deadline(view) == 1 + Self.second)
        plan.froze(to: 9, at: 1)
        #expect(plan.deadline(Self.view(2, isReady: true)) == 1 + Self.second)
    }

    // MARK: checkpoints

    @Test("while something is open a look comes each second; they become rarer while they find nothing")
    func looks() {
        var plan = Self.plan(.disk, isSettled: false)
        #expect(!plan.wantsCheckpoint(Self.view(Self.second - 1)))
        #expect(plan.wantsCheckpoint(Self.view(Self.second)))
        plan.foundNothing(at: Self.second, isSettled: false, hasParked: false)
        #expect(plan.wantsCheckpoint(Self.view(2 * Self.second)))
        plan.foundNothing(at: 2 * Self.second, isSettled: false, hasParked: false)
        #expect(!plan.wantsCheckpoint(Self.view(3 * Self.second)))
        #expect(plan.wantsCheckpoint(Self.view(4 * Self.second)))
    }

    @Test("behind looks that found nothing, what is published has a checkpoint follow a second later, too")
    func nearer() {
        var plan = Self.plan(.disk, isSettled: false)
        plan.see(Self.view())
        for time in [UInt64(1), 2, 4] { plan.foundNothing(at: time * Self.second, isSettled: false, hasParked: false) }
        #expect(plan.deadline(Self.view(5 * Self.second)) == 8 * Self.second)
        let published = Self.view(5 * Self.second, head: 2, committed: 2)
        plan.see(published)
        #expect(plan.deadline(published) == 6 * Self.second)
    }

    @Test("what is published brings no checkpoint nearer than its cost allows")
    func earliest() {
        var plan = Self.plan(.disk, isSettled: false)
        plan.see(Self.view())
        plan.checkpointed(slots: 1, at: Self.second, cost: Self.second / 5, isSettled: false, hasParked: false)
        let published = Self.view(2 * Self.second, head: 2, committed: 2)
        plan.see(published)
        #expect(plan.deadline(published) == 5 * Self.second)
    }

    @Test("an idle broker writes none and never wakes; what is published has one follow a second later")
    func idle() {
        var plan = Self.plan(.disk)
        plan.see(Self.view())
        #expect(plan.deadline(Self.view()) == .max)
        #expect(!plan.wantsCheckpoint(Self.view(100 * Self.second)))
        plan.see(Self.view(100 * Self.second, head: 2, committed: 2))
        #expect(!plan.wantsCheckpoint(Self.view(100 * Self.second, head: 2, committed: 2)))
        #expect(plan.wantsCheckpoint(Self.view(101 * Self.second, head: 2, committed: 2)))
    }

    @Test("checkpoints that take long come less often")
    func cost() {
        var plan = CommitPlan(.disk, now: 0)
        plan.checkpointed(slots: 1, at: 0, cost: Self.second / 2, isSettled: false, hasParked: false)
        #expect(!plan.wantsCheckpoint(Self.view(9 * Self.second)))
        #expect(plan.wantsCheckpoint(Self.view(10 * Self.second)))
    }

    // MARK: the end

    @Test("asked to store everything it commits, spills all that there is, and ends")
    func storing() {
        var plan = Self.plan(.disk)
        plan.froze(to: 3, at: 1)
        plan.end()
        #expect(plan.spillStep(Self.view(2, head: 7, committed: 5)) == .none)
        #expect(plan.commits(Self.view(2, head: 7, committed: 5)))
        #expect(plan.spillStep(Self.view(2, head: 7, committed: 7)) == .begin(to: 7))
        plan.began(to: 7)
        plan.wrote(to: 7)
        #expect(plan.spillStep(Self.view(3)) == .confirm(to: 7))
        plan.spilled()
        #expect(plan.outcome == .stored)
    }

    @Test("what can't be stored at the end is tried three times")
    func storingFails() {
        var plan = Self.plan(.memory)
        plan.end()
        for _ in 1...CommitPlan.lastTries {
            #expect(plan.outcome == nil)
            plan.failedToSpill(at: 1, isFull: true)
        }
        #expect(plan.outcome == .failed)
    }

    @Test("a ring that was tight a moment ago is looked at as often as one that is")
    func vigil() {
        var plan = Self.plan(.memory, hasParked: false)
        plan.see(Self.view(1, committed: .max))
        #expect(!plan.isVigilant)
        plan.see(Self.view(2, committed: .max, isTight: true))
        let moment = Self.view(1 + CommitPlan.vigil, committed: .max)
        plan.see(moment)
        #expect(plan.isVigilant)
        #expect(plan.deadline(moment) == moment.now + CommitPlan.tightLook)
        plan.see(Self.view(2 + CommitPlan.vigil, committed: .max))
        #expect(!plan.isVigilant)
    }

    @Test("memory mode ends by itself when all has been calm for a while and nothing is parked")
    func resting() {
        var plan = Self.plan(.memory, hasParked: false)
        plan.see(Self.view(1, committed: .max))
        plan.see(Self.view(5, committed: .max, isTight: true))
        plan.see(Self.view(6, committed: .max))
        plan.see(Self.view(5 + CommitPlan.calm, committed: .max))
        #expect(plan.outcome == nil)
        plan.see(Self.view(6 + CommitPlan.calm, committed: .max))
        #expect(plan.outcome == .rested)
        plan.end()
        #expect(plan.outcome == nil)
    }

    @Test(
        "it stays while something is parked, and always in disk mode",
        arguments: [(Checkpoint.Mode.memory, true), (.disk, false)])
    func staying(mode: Checkpoint.Mode, hasParked: Bool) {
        var plan = Self.plan(mode, hasParked: hasParked)
        plan.see(Self.view(1))
        plan.see(Self.view(1 + 2 * CommitPlan.calm))
        #expect(plan.outcome == nil)
    }
}
