// SPDX-License-Identifier: Apache-2.0
/// One shard that this worker holds: its lease, its queue, and what both modes of service do with a delivery alike.
///
/// ExecRunner and StreamRunner hand out through it and tell it how each delivery ended.
/// Invariant: an entry of the in-flight table is written before the delivery that it tells of, and freed only behind
/// its record's outcome.

import Control
import LinuxIO
import Ring
import Settings

extension ShardLease: ShardRecords {}

final class Shard {
    enum Stage {
        case serving
        /// Nothing is handed out any more; what is in flight may still come to its end.
        case finishing
        /// The processes are being ended; what is in flight is left to a successor.
        case ending
    }

    private(set) var service: Settings.Service
    /// Of the service; asked for in each round, for which all of that would be copied.
    private(set) var standing: Settings.Service.Placement.State
    let context: WorkerContext
    let lease: ShardLease
    let queue: ShardQueue
    let parked: ParkedCursor?
    let outside: OutsideRecords
    /// What is with a process, as of its hand-out; what a predecessor handed out is not in it.
    let flight: Flight
    var backoff: LaunchBackoff
    var troubles: Troubles
    private(set) var retry: RetryPolicy
    private var shown: Shown?
    /// An operator wants nothing more handed out.
    private(set) var isPaused = false
    /// An older slot of the service has still something to deliver.
    private var isHeldBack = false
    private var retryApplied: UInt64
    private var pace = FailurePace()
    private(set) var stage = Stage.serving
    /// It is, or is about to be, another's.
    private(set) var isClosed = false
    /// The most that may be in flight.
    private(set) var window: Int
    /// Nanoseconds, as everything here.
    private(set) var ackTimeout: UInt64
    private(set) var idleTimeout: UInt64?
    // The state of Shard+Parking: until when the segments are left alone, whether something parked may be missing, and
    // when to look for it.
    var diskPausedUntil: UInt64 = 0
    var owesSearch = false
    var nextSearch: UInt64 = 0
    // The state of Shard+Retaining.
    var retention: Retention?
    var hasMoreToShed = false
    /// For what is counted beside what is delivered.
    var countingLog: (any ParkedLog)?
    // The state of Shard+Retiring.
    var hasMoreToDrop = false
    var isResolved = false
    var retiringAt = UInt64.max
    var slotsSeen: UInt64 = 0

    init(service: Settings.Service, lease: ShardLease, context: WorkerContext) {
        self.service = service
        standing = service.placement?.state ?? .active
        self.lease = lease
        self.context = context
        retry = RetryPolicy(service.retry)
        backoff = LaunchBackoff(service.retry)
        retryApplied = lease.retryApplied
        window = Self.window(of: service, shard: lease.shard, capacity: lease.table.capacity)
        ackTimeout = service.ackTimeout.nanoseconds
        flight = Flight(capacity: lease.table.capacity, timeout: ackTimeout)
        idleTimeout = service.idleTimeout?.nanoseconds
        troubles = Troubles(answersIn: service.usesFrames ? "frames" : "lines")
        let parked = context.parking.map { ParkedCursor($0.open(), lease) }
        self.parked = parked
        outside = OutsideRecords(capacity: lease.table.capacity)
        queue = ShardQueue(
            capacity: lease.table.capacity, isOrdered: lease.slot.order != .none,
            stride: lease.slot.order == .none ? lease.slot.shards : 1, floor: lease.floor,
            taken: Self.unfinished(lease.table), from: FoundRecords(lease: lease, parked: parked))
        if lease.hasParked { queue.park(below: lease.floor, hasParked: true) }
        // A predecessor may have died before it could tell.
        owesSearch = lease.shard == 0
        learnOutside()
        beginRetaining()
    }

    /// By sequence, so that each is entered behind the others, without a search.
    private static func unfinished(_ table: InFlightTable) -> [ShardQueue.Unfinished] {
        (0..<table.capacity).compactMap { index in
            guard let entry = table[index] else { return nil }
            let isCutOff = entry.state != .backingOff
            return ShardQueue.Unfinished(
                index: index, sequence: entry.sequence, failures: isCutOff ? max(entry.attempt, 1) - 1 : entry.attempt,
                due: isCutOff ? nil : entry.notBefore, wasHandedOut: entry.state != .taken)
        }.sorted { $0.sequence < $1.sequence }
    }

    /// How many deliveries of a shard may be under way at once.
    private static func window(of service: Settings.Service, shard: Int, capacity: Int) -> Int {
        let wanted: Int
        switch (service.mode, service.order) {
        case (.stream, _): wanted = service.inFlight
        case (.exec, .none):
            // Shared out among the lanes, so that together they keep to it.
            let (each, rest) = service.concurrency.quotientAndRemainder(dividingBy: max(service.shards, 1))
            wanted = each + (shard < rest ? 1 : 0)
        case (.exec, _): wanted = 1
        }
        return max(1, min(wanted, capacity))
    }

    /// Goes over to another definition of its service; what concerns the processes is the runner's affair.
    func define(_ service: Settings.Service) {
        let hasOtherLimits = service.retain != self.service.retain
        self.service = service
        standing = service.placement?.state ?? .active
        if hasOtherLimits { beginRetaining() }
        retry = RetryPolicy(service.retry)
        backoff.change(service.retry)
        window = Self.window(of: service, shard: lease.shard, capacity: lease.table.capacity)
        ackTimeout = service.ackTimeout.nanoseconds
        flight.timeout = ackTimeout
        idleTimeout = service.idleTimeout?.nanoseconds
    }

    /// Nothing is pending up to the head that was last looked at.
    var isIdle: Bool { queue.isEmpty && !queue.isBehind }

    // MARK: its end

    /// Whether anything may be handed out.
    var isServing: Bool { stage == .serving && !isPaused && !isHeldBack && !isGivenUp }
    var isEnding: Bool { stage == .ending }
    /// Nothing of it is handed out any more, for good.
    var isGivenUp: Bool { standing == .dropping || standing == .burying }

    func finish() { if stage == .serving { stage = .finishing } }
    func end() { stage = .ending }

    // MARK: launches

    /// - Parameter took: nanoseconds, from the decision until the program ran.
    func launched(took: UInt64) {
        FaultPoint.reach(.serviceLaunched)
        context.count(.launches, 1)
        lease.status.countLaunch()
        lease.times.count(.launch, took)
    }

    func launchFailed(_ failure: Failure, now: UInt64) {
        context.count(.launchFailures, 1)
        lease.status.countLaunchFailure()
        launchLater(now)
        troubles.set(failure)
    }

    /// The next launch waits, longer each time until something is answered.
    func launchLater(_ now: UInt64) { backoff.fail(at: now, &context.jitter) }

    // MARK: what an operator asks for

    /// Looks, once a round, whether it is to pause, or to try again at once what backs off.
    func obey(now: UInt64) {
        isPaused = context.ring.control.isPaused(slot: lease.slotIndex)
        isHeldBack = context.ring.control.isHeldBack(slot: lease.slotIndex)
        let asked = context.ring.control.retryAsked(slot: lease.slotIndex)
        guard asked != retryApplied else { return }
        backoff.succeed()
        for index in queue.hurry(now: now) {
            lease.table.backOff(index, attempt: queue.failures(at: index), notBefore: 0)
        }
        // Last: if we die before, a successor does it.
        lease.retryApplied = asked
        retryApplied = asked
    }

    /// The last request to have the next process take over, and the last that was answered.
    var restartAsked: UInt64 { context.ring.control.restartAsked(slot: lease.slotIndex) }
    var restartAnswered: UInt64 { lease.restart.asked }
    func answerRestart(_ asked: UInt64, _ outcome: ShardRestart.Outcome) {
        lease.restart = ShardRestart(asked: asked, outcome: outcome)
    }

    /// The process that was to take over has not come up; the one that serves goes on.
    func replacementFailed(_ failure: Failure) {
        context.count(.launchFailures, 1)
        lease.status.countLaunchFailure()
        troubles.note(failure)
    }

    /// Whether nothing of it is under way, or will be before the deadline.
    /// - Parameter running: its processes.
    func isResting(until deadline: UInt64, running: Int) -> Bool {
        if isIdle { return true }
        guard queue.inFlight == 0 else { return false }
        return isPaused || queue.isQuiet(until: deadline)
            || running == 0 && backoff.blocks(at: deadline) && !queue.hasBuried
    }

    // MARK: what others see

    /// Raises the floor as far as the queue allows.
    func raiseFloor() { lease.raiseFloor(to: queue.floor) }

    /// Leaves it to a successor.
    func close() {
        isClosed = true
        context.keeper.forget(self)
        raiseFloor()
        tellFailures(context.loop.now)
        lease.status.set(state: .stopped, running: 0, until: 0, reason: "")
    }

    private struct Shown: Equatable {
        let state: ShardStatus.State
        let running: Int
        let until: UInt64
        let version: Int
    }

    /// Says how the service stands, if that has changed.
    /// - Parameter isStarting: whether its process runs but has not answered yet.
    func show(running: Int, isStarting: Bool, now: UInt64) {
        tellFailures(now)
        let (state, until) = state(running: running, isStarting: isStarting, now: now)
        let new = Shown(state: state, running: running, until: until, version: troubles.version)
        guard new != shown else { return }
        shown = new
        let words = troubles.words
        lease.status.set(
            state: state, running: running, until: until == 0 ? 0 : Clock.realtime() &+ (until &- min(now, until)),
            reason: words)
    }

    /// To the page for `belfry services`, and now and then to the log.
    private func tellFailures(_ now: UInt64) {
        guard troubles.hasNews else { return }
        let time = Clock.realtime()
        var (last, count) = ("", UInt64(0))
        troubles.takeNews { failure, times in
            last = "\(failure)"
            count &+= times
            context.failures.note(
                slot: lease.slotIndex, incarnation: lease.slot.incarnation, last, times: times, at: time)
            guard let kind = failure.incident else { return }
            context.incidents.note(Incident(time: time, kind, service.name, failure.words, count: times))
        }
        guard let rest = pace.note(count, at: now) else { return }
        context.log.warning("service \(service.name): \(PrintableText.clean(last))\(rest)")
    }

    private func state(running: Int, isStarting: Bool, now: UInt64) -> (ShardStatus.State, until: UInt64) {
        if backoff.blocks(at: now) { return (running > 0 ? .running : .backingOff, backoff.until) }
        if running > 0 { return (isStarting ? .starting : .running, 0) }
        if queue.inFlight == 0, let due = queue.nextDue, due > now { return (.backingOff, due) }
        return (.stopped, 0)
    }
}
