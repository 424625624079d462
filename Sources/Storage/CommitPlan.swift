// SPDX-License-Identifier: Apache-2.0
/// What the committer does next: commit, freeze, spill, checkpoint, rest, or end. Pure.
///
/// Committer shows it what it sees (`View`), does what it says, and tells it what came of it.
/// Invariant: a spill begins only when no checkpoint is owed, `spilled` rises only behind a checkpoint that says so
/// (docs/segments.md, "Writing"), and a freeze is always followed by a spill or taken back: at once if the disk refuses the
/// checkpoint that has to be there first.

import Segments

struct CommitPlan: Equatable {
    /// What of ring and page it decides by, at one moment.
    struct View: Equatable {
        var now: UInt64 = 0
        var head: UInt64 = 1
        /// `.max` in memory mode.
        var committed: UInt64 = 1
        var slotsVersion: UInt64 = 0
        /// More than half of the ring is held.
        var isTight = false
        /// Where a spill would have to go to; nil if the ring is not tight, or nothing can be won.
        var target: UInt64?
        /// Every shard holds still for the freeze.
        var isReady = false
    }

    enum Phase: Equatable {
        case idle
        case frozen(to: UInt64, until: UInt64)
        case writing(to: UInt64)
        /// In the segments, and no checkpoint says so yet.
        case stored(to: UInt64)
    }

    enum SpillStep: Equatable {
        case none
        case freeze(to: UInt64)
        /// Nobody waits any longer for a shard that does not answer, or holds still for a disk that refuses checkpoints.
        case thaw
        case begin(to: UInt64)
        case write
        case confirm(to: UInt64)
    }

    enum Outcome: Equatable {
        /// There is nothing to do for it any more.
        case rested
        /// All that is undelivered is stored, as was asked.
        case stored
        case failed
    }

    /// How long shards may take to hold still, and how long they are left alone when one did not.
    static let freezeLimit: UInt64 = 30_000_000_000
    /// How long everything must have been calm before the committer of memory mode ends.
    static let calm: UInt64 = 10_000_000_000
    /// How often memory mode looks at the ring: its acceptor need not ring for each record.
    static let look: UInt64 = 50_000_000
    /// How often a tight ring is looked at: who stands still doesn't ring.
    static let tightLook: UInt64 = 10_000_000
    /// How long it is looked at as often when it no longer is: a small one gets tight hundreds of times a second.
    static let vigil: UInt64 = 200_000_000
    /// How often the last spill is tried.
    static let lastTries = 3

    let mode: Checkpoint.Mode
    private(set) var phase = Phase.idle
    private(set) var isEnding = false
    private(set) var outcome: Outcome?
    private(set) var checkpoints = CheckpointClock()
    private(set) var log = Retry()
    private(set) var parked = Retry()
    private var calmSince: UInt64?
    private var vigilEnd: UInt64 = 0
    /// It looks often enough by itself, and needs no bell to tell that the ring is tight.
    private(set) var isVigilant = false
    private var hasParked = true
    private var seen: View?

    /// - Parameter frozen: up to where a predecessor has asked the shards to hold still, and nothing came of it yet.
    init(_ mode: Checkpoint.Mode, frozen: UInt64? = nil, now: UInt64) {
        self.mode = mode
        if let frozen { phase = .frozen(to: frozen, until: now + Self.freezeLimit) }
    }

    // MARK: what is to be done

    /// To be told first in each round.
    mutating func see(_ view: View) {
        if let seen, seen.head != view.head || seen.slotsVersion != view.slotsVersion { checkpoints.stir(at: view.now) }
        seen = view
        if view.isTight { vigilEnd = view.now + Self.vigil }
        isVigilant = view.now < vigilEnd
        let isCalm = mode == .memory && phase == .idle && !view.isTight && !hasParked && !isEnding
        calmSince = isCalm ? calmSince ?? view.now : nil
        if let calmSince, view.now >= calmSince + Self.calm { outcome = .rested }
    }

    func wantsCheckpoint(_ view: View) -> Bool {
        checkpoints.isDue(at: view.now, isUrgent: hasUncommitted(view) && checkpoints.slots != view.slotsVersion)
    }

    func commits(_ view: View) -> Bool {
        hasUncommitted(view) && checkpoints.slots == view.slotsVersion && view.now >= log.notBefore
    }

    func spillStep(_ view: View) -> SpillStep {
        switch phase {
        case .idle:
            guard !checkpoints.isOwed, view.now >= parked.notBefore else { return .none }
            if isEnding { return outcome != nil || hasUncommitted(view) ? .none : .begin(to: view.head) }
            return view.target.map { .freeze(to: $0) } ?? .none
        case .frozen(let target, let until):
            if view.isReady, !checkpoints.isOwed, view.now >= parked.notBefore { return .begin(to: target) }
            return view.now >= until || checkpoints.isRefused ? .thaw : .none
        case .writing: return .write
        case .stored(let target): return view.now >= checkpoints.retry.notBefore ? .confirm(to: target) : .none
        }
    }

    /// Whether a round would do anything now.
    func isBusy(_ view: View) -> Bool {
        outcome != nil || commits(view) || spillStep(view) != .none || wantsCheckpoint(view)
    }

    /// When it has something to do though nothing happens; `.max` for never.
    func deadline(_ view: View) -> UInt64 {
        var deadline = checkpoints.deadline
        if mode == .memory { deadline = min(deadline, view.now + Self.look) }
        if view.isTight || isVigilant { deadline = min(deadline, view.now + Self.tightLook) }
        if hasUncommitted(view) { deadline = min(deadline, max(log.notBefore, checkpoints.retry.notBefore)) }
        switch phase {
        case .idle: if view.target != nil || isEnding { deadline = min(deadline, spillNotBefore) }
        case .frozen(_, let until): deadline = min(deadline, until, view.isReady ? spillNotBefore : until)
        case .writing: deadline = view.now
        case .stored: deadline = min(deadline, checkpoints.retry.notBefore)
        }
        return max(deadline, view.now + 1)
    }

    /// When a spill may begin; what it waits for beside the time, each round looks at anew.
    private var spillNotBefore: UInt64 {
        checkpoints.isOwed ? max(parked.notBefore, checkpoints.retry.notBefore) : parked.notBefore
    }

    /// Whether something should be spilled, and is not, as the disk refuses the checkpoint that has to be there first.
    var isSpillHeldUp: Bool {
        guard checkpoints.isRefused else { return false }
        if case .frozen = phase { return true }
        return seen?.target != nil
    }

    private func hasUncommitted(_ view: View) -> Bool { mode == .disk && view.head > view.committed }

    // MARK: what came of it

    mutating func committed() { log.worked() }
    mutating func failedToCommit(at now: UInt64, isFull: Bool) {
        log.failed(at: now, isFull: isFull)
        giveUp(log)
    }

    mutating func froze(to target: UInt64, at now: UInt64) {
        phase = .frozen(to: target, until: now + Self.freezeLimit)
    }
    mutating func thawed(at now: UInt64) {
        phase = .idle
        if !checkpoints.isRefused { parked.postpone(to: now + Self.freezeLimit) }
    }
    mutating func began(to target: UInt64) { phase = .writing(to: target) }
    mutating func wrote(to target: UInt64) { phase = .stored(to: target) }
    mutating func spilled() {
        phase = .idle
        hasParked = true
        parked.worked()
        if isEnding { outcome = .stored }
    }
    /// What was written of it is void; the shards go on as before.
    mutating func failedToSpill(at now: UInt64, isFull: Bool) {
        phase = .idle
        parked.failed(at: now, isFull: isFull)
        giveUp(parked)
    }
    mutating func postponeSpill(at now: UInt64) { parked.postpone(to: now + CheckpointClock.moment) }

    /// - Parameter hasParked: something is in parked segments, or their files are still there.
    mutating func checkpointed(slots: UInt64, at now: UInt64, cost: UInt64, isSettled: Bool, hasParked: Bool) {
        checkpoints.wrote(slots: slots, at: now, cost: cost, isSettled: isSettled)
        self.hasParked = hasParked
    }
    mutating func foundNothing(at now: UInt64, isSettled: Bool, hasParked: Bool) {
        checkpoints.foundNothing(at: now, isSettled: isSettled)
        self.hasParked = hasParked
    }
    mutating func postponeCheckpoint(at now: UInt64) { checkpoints.postpone(at: now) }
    mutating func failedToCheckpoint(at now: UInt64, isFull: Bool) {
        checkpoints.failed(at: now, isFull: isFull)
        giveUp(checkpoints.retry)
    }
    mutating func stir(at now: UInt64) { checkpoints.stir(at: now) }
    /// The ring got tight as it was about to rest.
    mutating func stay() {
        outcome = nil
        calmSince = nil
    }

    /// Nobody serves any more: everything undelivered is to be stored.
    mutating func end() {
        guard !isEnding else { return }
        isEnding = true
        phase = .idle
        outcome = nil
        // What was tried in vain while there was time is tried once more now.
        (log, parked) = (Retry(), Retry())
    }

    private mutating func giveUp(_ retry: Retry) {
        if isEnding, retry.failures >= Self.lastTries { outcome = .failed }
    }
}
