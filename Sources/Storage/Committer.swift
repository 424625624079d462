// SPDX-License-Identifier: Apache-2.0
/// The committer: the only one that writes segments and checkpoints, round by round, until it is told to end or, in memory
/// mode, has nothing left to do.
///
/// CommitterRole (or a test) calls `step`. A round shows CommitPlan what there is, does what it says, and sleeps until a
/// bell, a message or a deadline. docs/segments.md, "Writing", has the order of the steps and what a death leaves behind.
/// Invariant: it sleeps only after it has announced it and looked again, and `committed` and `spilled` rise only behind
/// the sync of what they speak of.

package import Control
package import LinuxIO
package import Reactor
package import Ring
package import Segments

package final class Committer {
    let reader: RingReader
    let page: CommitterPage
    let workers: WorkerBells
    let acceptorBell: EventCounter
    package let loop: EventLoop
    let now: () -> UInt64
    private let bell: EventCounter
    var plan: CommitPlan
    var log: CommitLog?
    let spiller: Spiller
    let taker: CheckpointTaker
    let checkpoints: CheckpointFiles
    var troubles: DiskTroubles
    /// The last checkpoint that it has written.
    var last: Checkpoint?
    /// Nothing below it is wanted from the ring: `spilled`, or where this committer found all floors.
    private var base: UInt64
    /// Committed since all sleepers were woken, so that idle shards raise their floors.
    var unheard = (records: UInt64(0), bytes: 0)
    private var laggards = Laggards()
    /// Of datagrams, at the last look at a tight ring.
    private var batchesSeen: UInt64 = 0
    private var answered: UInt64 = 0
    private var isStopped = false

    package init(_ parts: consuming CommitterParts) throws {
        reader = parts.reader
        base = max(parts.page.spilled, parts.reader.tail())
        let id = reader.control.logID
        log =
            parts.mode == .disk
            ? try CommitLog(parts.folder, logID: id, end: parts.page.committed, fileSize: parts.fileSize) : nil
        spiller = try Spiller(parts.folder, logID: id, end: base, fileSize: parts.fileSize)
        taker = CheckpointTaker(reader, parts.mode, account: parts.account, settings: parts.settings)
        checkpoints = CheckpointFiles(parts.folder)
        troubles = DiskTroubles(parts.logger)
        let freeze = parts.page.freeze
        let isFrozen = freeze.holds && freeze.target > parts.page.spilled
        plan = CommitPlan(parts.mode, frozen: isFrozen ? freeze.target : nil, now: parts.clock())
        loop = try EventLoop()
        workers = parts.workers
        now = parts.clock
        page = parts.page
        bell = parts.bell
        acceptorBell = parts.acceptorBell
        // Edge-triggered: each ring wakes, and the counter need not be read.
        _ = try loop.watch(bell.raw, CommitterToken.bell, .readable, edge: true)
        page.arrive()
    }

    /// There is nothing more to do.
    package var isFinished: Bool { isStopped || plan.outcome != nil }
    /// It ended for want of work: if it is told to store everything meanwhile, it goes on.
    package var hasRested: Bool { !isStopped && plan.outcome == .rested }
    /// All that is undelivered is on the disk, as it was told.
    package var hasStored: Bool { !isStopped && plan.outcome == .stored }
    /// What it was asked for did not fail.
    package var hasWorked: Bool { plan.outcome != .failed }

    /// For the supervisor.
    package func nextMessage() -> RoleMessage? { troubles.nextMessage() }

    /// Nobody serves any more: stores all that is undelivered, and ends.
    package func storeEverything() {
        spiller.abandon()
        // What is not stored now is lost, or has to be read from the log.
        spiller.settleForLess()
        plan.end()
    }

    /// Ends as it is.
    package func stop() { isStopped = true }

    /// - Parameter image: in use from now on.
    package func takeOver(settings image: [UInt8]) {
        taker.settings = image
        workers.settle()
        plan.stir(at: now())
    }

    package func takeOver(_ account: SupervisorAccount) {
        taker.account = account
        plan.stir(at: now())
    }

    package func set(page: consuming ProcessPage, ofWorker index: Int) { workers.set(page: page, at: index) }
    package func set(bell: consuming EventCounter, ofWorker index: Int) { workers.set(bell: bell, at: index) }

    /// Waits for the supervisor's last word when it has rested: it may be about to ask for everything to be stored.
    /// - Returns: whether there is something to be read on the supervisor's channel.
    package func linger(until limit: UInt64) throws(SystemCallError) -> Bool {
        while Clock.monotonic() < limit {
            try loop.wait(until: limit)
            if handleEvents() { return true }
        }
        return false
    }

    // MARK: a round

    /// One round.
    /// - Parameter limit: monotonic nanoseconds at which it returns though nothing has happened; nil for never.
    /// - Returns: whether there is something to be read on the supervisor's channel.
    package func step(until limit: UInt64? = nil) throws(SystemCallError) -> Bool {
        answer()
        let view = look()
        plan.see(view)
        if plan.phase == .idle, !view.isTight, !plan.isEnding { troubles.lapse(.parked) }
        if plan.wantsCheckpoint(view) { lookForChanges() }
        if plan.commits(view) { commit(to: view.head) }
        spill(plan.spillStep(view))
        if plan.outcome == .rested { rest() }
        guard !isFinished else {
            close()
            return false
        }
        try sleep(until: limit)
        return handleEvents()
    }

    /// Leaves the ring to itself, unless it got tight before anybody could know that.
    private func rest() {
        page.leave()
        guard look().isTight else { return }
        page.arrive()
        plan.stay()
    }

    private func answer() {
        answered = reader.control.question
        page.page.answer(answered)
    }

    var spilled: UInt64 { max(page.spilled, base) }

    private func look() -> CommitPlan.View {
        var view = CommitPlan.View(now: now())
        // In this order: whatever lies below the head was routed by these slots, or by earlier ones.
        view.head = reader.head
        view.slotsVersion = reader.control.slotsVersion
        view.committed = page.committed
        // The acceptor's word may be old: it looks only when it publishes.
        view.isTight = reader.isTight && reader.holds(quarters: 2)
        switch plan.phase {
        case .idle:
            if view.isTight, let reach = reach(view) { view.target = target(min(view.head, view.committed, reach)) }
        case .frozen(let target, _): view.isReady = reader.isReady(for: target)
        case .writing, .stored: break
        }
        return view
    }

    /// Up to where the ring is to be spilled at most; nil: not at all. Datagrams don't wait until a laggard is known.
    private func reach(_ view: CommitPlan.View) -> UInt64? {
        if let stands = reader.stands() { laggards.see(stands, head: view.head, spilled: spilled, at: view.now) }
        let batches = reader.datagramBatches
        defer { batchesSeen = batches }
        if batches != batchesSeen, reader.holds(quarters: 3) { return .max }
        return laggards.reach(at: view.now)
    }

    /// Where a spill has to go to. Higher than any before it: an answer to an earlier question is none to this.
    private func target(_ end: UInt64) -> UInt64? {
        let target = max(reader.spillTarget(before: end), page.freeze.target + 1)
        return target > reader.tail() && target > spilled && target <= end ? target : nil
    }

    // MARK: sleeping

    private func sleep(until limit: UInt64?) throws(SystemCallError) {
        page.page.announceSleep(interest: plan.isVigilant ? 0 : .max)
        if case .frozen = plan.phase { page.page.announceWaiting() }
        // Whoever changed something before the announcement may not have rung.
        let view = look()
        let isStill = !plan.isBusy(view) && reader.control.question == answered
        let deadline = min(limit ?? .max, plan.deadline(view))
        try loop.wait(blocking: isStill, until: deadline == .max ? nil : deadline)
        page.page.awake()
        page.page.stopWaiting()
    }

    private func handleEvents() -> Bool {
        var hasChannel = false
        while let event = loop.nextEvent() {
            if event.subject == CommitterToken.channel { hasChannel = true }
        }
        return hasChannel
    }

    private func close() {
        guard plan.outcome != nil else { return }
        log?.close()
        spiller.close()
    }
}

/// What an event of the loop is about.
package enum CommitterToken {
    static let bell = Subject(kind: 1)
    package static let channel = Subject(kind: 2)
}
