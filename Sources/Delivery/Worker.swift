// SPDX-License-Identifier: Apache-2.0
/// A worker: serves the shards that it is granted, round by round, until it is told to end.
///
/// WorkerRole (or a test) calls `step`. A round looks at the new records once for all shards, lets each runner hand out
/// what it can, raises the floors, and then sleeps until a bell, an event or a deadline.
/// Invariant: it sleeps only after it has announced it and looked again; and while a round's events are handled no
/// process is launched.

package import Control
package import LinuxIO
import Reactor
import Ring
package import Settings

package final class Worker {
    private let context: WorkerContext
    private let ring: RingWorker
    private let bell: EventCounter
    private let acceptorBell: EventCounter
    private let shards: GrantedShards
    private var frontier: Frontier
    private var ending = WorkerEnding()
    private var answered: UInt64 = 0
    /// There were dead letters to be kept in the last round.
    private var wasKeeping = false
    /// Retiring slots of which a shard is resolved, not told yet.
    private var resolved: [Int] = []

    /// - Parameters:
    ///   - index: which of the workers this is.
    ///   - bell: rung when there may be work. - acceptorBell: to be rung when space was awaited.
    package init(
        _ context: WorkerContext, index: Int, settings: Settings, bell: consuming EventCounter,
        acceptorBell: consuming EventCounter
    ) throws(SystemCallError) {
        self.context = context
        ring = context.ring
        shards = GrantedShards(context, index: index, Definitions(settings))
        frontier = Frontier(at: ring.head)
        // What a predecessor had is nobody's any more.
        ring.page.setCounter(WorkerContext.Counter.unkept.rawValue, 0)
        // Edge-triggered: each ring wakes, and the counter need not be read.
        _ = try context.loop.watch(bell.raw, Token(.bell).subject, .readable, edge: true)
        self.bell = bell
        self.acceptorBell = acceptorBell
    }

    /// All processes have ended after `drain` or `stop`; there is nothing more to do.
    package var isFinished: Bool { ending.phase == .finished }
    /// Whether it ended because nothing was left that it could deliver.
    package var isDrained: Bool { ending.isDrained }

    /// Goes over to new settings: nothing is handed out by older ones from here on.
    package func takeOver(_ settings: Settings) { shards.takeOver(Definitions(settings)) }

    /// The next retiring slot of which a shard that it holds has nothing pending any more: once for each lease.
    package func nextResolved() -> Int? { resolved.popLast() }

    /// What happened to services and is to be told now.
    package func incidents() -> [Incident] {
        context.incidents.deadline <= context.loop.now ? context.incidents.due(at: context.loop.now) : []
    }

    /// All that was not told yet.
    package func lastIncidents() -> [Incident] { context.incidents.rest() }

    /// Delivers what is waiting, then ends; at the deadline (monotonic nanoseconds) it ends with what it has. It does not
    /// wait for what can't be handed out before the deadline.
    package func drain(deadline: UInt64) { ending.drain(deadline: deadline) }

    /// Ends without delivering what is waiting: services get SIGTERM and a moment to end.
    package func stop() { ending.stop(.terminated) }

    /// Ends at once, its services with it.
    package func abandon() { ending.stop(.killed) }

    /// One round.
    /// - Parameter limit: monotonic nanoseconds at which it returns though nothing has happened; nil for never.
    /// - Returns: whether there is something to be read on the supervisor's channel.
    /// - Throws: SystemCallError; RegionError if the ring's memory is damaged.
    package func step(until limit: UInt64? = nil) throws -> Bool {
        let now = Clock.monotonic()
        answered = ring.control.question
        ring.page.answer(answered)
        try shards.keepToGrants()
        let head = ring.head
        for runner in shards.all { try ring.check(runner.shard.lease, head: head) }
        lookAhead(to: head)
        for runner in shards.all {
            // Asked for once: each time costs a reference.
            let shard = runner.shard
            shard.obey(now: now)
            shard.keepToSpills()
            shard.giveUp(now: now, head: head)
            shard.keepToLimits(now: now, head: head)
            runner.work(now: now, head: head)
            shard.raiseFloor()
            shard.searchMissing(now: now)
            shard.tellOldest(now: now)
            if shard.becomesResolved() { resolved.append(shard.lease.slotIndex) }
            runner.showStatus(now: now)
        }
        keepLetters()
        if ring.spaceIsAwaited() { acceptorBell.ring() }
        end(now)
        guard !isFinished else { return false }
        try sleep(now: now, head: head, until: limit)
        return handleEvents()
    }

    // MARK: new records

    private func lookAhead(to head: UInt64) {
        frontier.advance(to: head, interest: shards.interest, mask: ring.mask(at:)) { sequence, slots in
            shards.tell(of: sequence, slots: slots)
        }
        for runner in shards.all { runner.shard.queue.follow(to: frontier.position, isBehind: false) }
    }

    // MARK: dead letters

    /// There is a keeper.
    package func adopt(keeper socket: consuming Descriptor) { context.keeper.adopt(socket) }

    /// Whether the supervisor is to be asked for a keeper; true once.
    package func needsKeeper() -> Bool { context.keeper.needsKeeper() }

    private func keepLetters() {
        let before = context.keeper.count
        context.keeper.work { $0.shard.encode($0, number: $1, to: &$2) }
        if before > 0 || wasKeeping {
            context.ring.page.setCounter(WorkerContext.Counter.unkept.rawValue, UInt64(before))
        }
        wasKeeping = before > 0
    }

    // MARK: sleeping

    private func sleep(now: UInt64, head: UInt64, until limit: UInt64?) throws(SystemCallError) {
        var deadline = min(limit ?? .max, ending.deadline, context.incidents.deadline)
        for runner in shards.all {
            let shard = runner.shard
            deadline = min(
                deadline, shard.hasMoreToDrop ? now : runner.deadline(now: now),
                shard.parkingDeadline(now: now), shard.retainingDeadline(now: now))
        }
        ring.page.announceSleep(interest: shards.interest | shards.nearLimits)
        FaultPoint.reach(.sleepAnnounced)
        // Whoever changed one of these before the announcement may not have rung; and the supervisor waits for news.
        let isStill =
            ring.head == head && shards.isUpToDate && ring.control.question == answered && resolved.isEmpty
            && !context.keeper.isUnheard
        try context.loop.wait(blocking: isStill, until: deadline == .max ? nil : deadline)
        ring.page.awake()
    }

    private func handleEvents() -> Bool {
        var hasChannel = false
        let now = context.loop.now
        while let event = context.loop.nextEvent() {
            guard let token = Token(event.subject) else { continue }
            switch token.kind {
            case .bell: break
            case .channel: hasChannel = true
            case .keeper: context.keeper.handle { $0.shard.settleKept($0) }
            case .process, .input, .output:
                shards.runner(at: token.runner)?.handle(token.kind, place: token.place, now: now)
            }
        }
        return hasChannel
    }

    // MARK: the end

    private func end(_ now: UInt64) {
        let isIdle = ending.phase == .draining && shards.areResting(until: ending.deadline)
        let running = shards.all.reduce(0) { $0 + $1.running }
        guard let step = ending.advance(now: now, isIdle: isIdle, running: running) else { return }
        let grace = step == .terminated ? context.graces.last : context.graces.ending
        for runner in shards.all { runner.end(step, now: now, grace: grace) }
    }
}
