// SPDX-License-Identifier: Apache-2.0
/// What to do when something happens to a role: the supervisor's decisions, without a process, a clock or a socket.
///
/// The Supervisor tells it each event and carries out the effects it returns, in their order. How it comes to an end is in
/// SupervisionPlan+End.
/// Invariant: a role has at most one process; a worker is started again only once what its predecessor left is dead
/// (`cleared`), an acceptor only behind a new epoch; workers drain only when nothing can be published any more, and what
/// is left is stored only when nobody delivers any more.

package struct SupervisionPlan: Equatable, Sendable {
    package enum Stage: Equatable, Sendable {
        /// Until all roles that always run have been ready at the same time.
        case starting
        case serving
        /// The acceptor finishes, until this moment (monotonic nanoseconds) at most.
        case drainingAcceptor(until: UInt64)
        case drainingWorkers
        /// Everything that serves is being killed.
        case ending
        /// The committer stores what is undelivered.
        case storing
        case over
    }

    package enum Event: Equatable, Sendable {
        case begin
        case launched(Role)
        case launchFailed(Role)
        case ready(Role)
        /// A role that rests has something to do.
        case wanted(Role)
        case drained(Role)
        /// The committer has stored everything that was undelivered.
        case stored
        case died(Role)
        /// What a dead worker had left behind is dead, too.
        case cleared(Role)
        /// It has not answered the watchdog for too long.
        case stuck(Role)
        case drainAsked
        case endAsked
        /// So many workers are wanted from now on.
        case workers(Int)
        /// Nothing happened but time.
        case tick
    }

    package enum Effect: Equatable, Sendable {
        case launch(Role)
        case kill(Role)
        case sendDrain(Role, deadline: UInt64)
        case sendStop(Role)
        /// The committer is to store all that is undelivered.
        case sendSpill
        case clearOrphans(Role)
        case beginEpoch
        case wakeEveryone
        /// The usable workers have changed.
        case share
        /// Open for business: say so to the world.
        case announce
        /// Nothing more is taken in; the port is given up.
        case closePort
        /// No role is left: account for what there was, end.
        case finish
    }

    package internal(set) var stage = Stage.starting
    /// The index of the first worker.
    private let base: Int
    /// By place.
    package internal(set) var lives: [RoleLife]
    /// Roles that run only while there is something for them to do.
    let restful: Set<Role>
    /// Those of them that were wanted while they ran.
    private var wantedAgain: Set<Role> = []
    var grace: UInt64
    private var startLimit: UInt64
    /// When a drain is over at the latest, and whether those who had not ended by then were told to stop.
    var deadline = UInt64.max
    var isStopSent = false
    /// The committer was told to store what is left; how often more it may fail at that; and whether it has done it.
    var isSpillSent = false
    var storesLeft = 3
    package internal(set) var hasStored = false

    /// How long a role that was told to stop may take over it.
    static let stopLimit: UInt64 = 500_000_000

    /// - Parameters: `commits`: the committer always runs. Nanoseconds: `grace` for a whole drain, `startLimit` from launch
    ///   to ready.
    package init(workers: Int, base: Int = 0, commits: Bool, grace: UInt64, startLimit: UInt64) {
        self.base = base
        restful = commits ? [] : [.committer]
        lives = Array(repeating: RoleLife(), count: Role.all(workers: workers).count)
        self.grace = grace
        self.startLimit = startLimit
        for role in restful { lives[role.place].rest() }
    }

    package subscript(role: Role) -> RoleLife { lives[role.place] }

    /// Goes by other times from now on.
    package mutating func adopt(grace: UInt64, startLimit: UInt64) {
        self.grace = grace
        self.startLimit = startLimit
    }

    /// Forgets the last workers, if they were too many and have gone.
    package mutating func forgetSurplus() {
        while let last = lives.last, last.isSurplus, last.phase == .gone { lives.removeLast() }
    }

    package var isDraining: Bool {
        switch stage {
        case .drainingAcceptor, .drainingWorkers, .ending, .storing: true
        case .starting, .serving, .over: false
        }
    }

    package mutating func handle(_ event: Event, at now: UInt64) -> [Effect] {
        guard stage != .over else { return [] }
        var effects: [Effect] = []
        switch event {
        case .begin: for role in roles where !restful.contains(role) { effects.append(.launch(role)) }
        case .launched(let role):
            lives[role.place].start(at: now)
            wantedAgain.remove(role)
        case .launchFailed(let role): launchFailed(role, now, &effects)
        case .ready(let role): ready(role, now, &effects)
        case .wanted(let role): want(role, &effects)
        case .drained(let role): drained(role, now, &effects)
        case .stored: stored()
        case .died(let role): died(role, now, &effects)
        case .cleared(let role): buried(role, now, &effects)
        case .stuck(let role): if self[role].hasProcess { effects.append(.kill(role)) }
        case .drainAsked: beginDrain(now, &effects)
        case .endAsked: endAtOnce(&effects)
        case .workers(let count): want(count, &effects)
        case .tick: tick(now, &effects)
        }
        if isDraining { goOnEnding(&effects) }
        return effects
    }

    /// When `tick` has something to do at the earliest.
    package var nextDeadline: UInt64? {
        var next = UInt64.max
        for life in lives {
            switch life.phase {
            case .starting(let since): next = min(next, since &+ startLimit)
            case .backingOff(let until): next = min(next, until)
            case .down, .ready, .drained, .clearing, .resting, .gone: break
            }
        }
        next = min(next, endDeadline)
        return next == .max ? nil : next
    }

    // MARK: life and death

    var roles: [Role] { lives.indices.map { Role(place: $0, base: base) } }

    private mutating func ready(_ role: Role, _ now: UInt64, _ effects: inout [Effect]) {
        guard case .starting = self[role].phase else { return }
        let wasUsable = self[role].isUsable
        lives[role.place].becomeReady()
        if !wasUsable, role.worker != nil { effects.append(.share) }
        switch stage {
        case .starting where roles.allSatisfy({ restful.contains($0) || self[$0].phase == .ready }):
            stage = .serving
            effects.append(.announce)
        case .starting, .serving, .ending, .over: break
        case .drainingAcceptor(let until):
            if role == .acceptor { effects.append(.sendDrain(role, deadline: until)) }
        case .drainingWorkers: if role.worker != nil { effects.append(.sendDrain(role, deadline: deadline)) }
        case .storing: if role == .committer { sendSpill(&effects) }
        }
    }

    private mutating func died(_ role: Role, _ now: UInt64, _ effects: inout [Effect]) {
        guard self[role].hasProcess else { return }
        lives[role.place].clear()
        effects.append(.wakeEveryone)
        // Only workers start processes of their own: with the others there is nothing to wait for.
        if role.worker == nil { buried(role, now, &effects) } else { effects.append(.clearOrphans(role)) }
    }

    /// A dead role, and nothing left of it: start it again, or not.
    private mutating func buried(_ role: Role, _ now: UInt64, _ effects: inout [Effect]) {
        guard case .clearing(let ending) = self[role].phase else { return }
        guard role.serves else { return buried(helper: role, ending, now, &effects) }
        if ending == .drained || stage == .ending || now >= deadline || self[role].isSurplus {
            lives[role.place].end()
            if role == .acceptor { acceptorIsDone(&effects) }
        } else if ending == .ready {
            lives[role.place].goDown()
            launch(role, &effects)
        } else {
            fail(role, now, &effects)
        }
    }

    private mutating func buried(
        helper role: Role, _ ending: RoleLife.Ending, _ now: UInt64, _ effects: inout [Effect]
    ) {
        if role == .committer, stage == .storing || storesLeft == 0 {
            storerIsDead(ending, now, &effects)
        } else if ending == .drained, restful.contains(role), wantedAgain.remove(role) == nil {
            lives[role.place].rest()
        } else if ending == .unready {
            fail(role, now, &effects)
        } else {
            lives[role.place].goDown()
            launch(role, &effects)
        }
    }

    private mutating func launchFailed(_ role: Role, _ now: UInt64, _ effects: inout [Effect]) {
        if role == .committer, stage == .storing {
            storerIsDead(.unready, now, &effects)
        } else {
            fail(role, now, &effects)
        }
    }

    mutating func fail(_ role: Role, _ now: UInt64, _ effects: inout [Effect]) {
        guard !self[role].isSurplus else { return lives[role.place].end() }
        lives[role.place].backOff(at: now)
        if role.worker != nil { effects.append(.share) }
    }

    /// Starts one that rests. At the end of all it is started when its turn has come, whatever there is to do.
    private mutating func want(_ role: Role, _ effects: inout [Effect]) {
        guard restful.contains(role), stage == .starting || stage == .serving else { return }
        switch self[role].phase {
        case .resting:
            lives[role.place].goDown()
            launch(role, &effects)
        // It may have looked around for the last time already.
        case .starting, .ready, .drained: wantedAgain.insert(role)
        case .down, .clearing, .backingOff, .gone: break
        }
    }

    /// More are started at once; those that are too many give up their shards, and are not started again once they have
    /// ended.
    private mutating func want(_ count: Int, _ effects: inout [Effect]) {
        guard stage == .serving else { return }
        let wanted = Role.all(workers: count, base: base)
        for role in wanted.dropFirst(lives.count) {
            lives.append(RoleLife())
            effects.append(.launch(role))
        }
        for place in lives.indices.dropFirst(wanted.count) {
            lives[place].isSurplus = true
            if !lives[place].mayTouch { lives[place].end() }
        }
        effects.append(.share)
    }

    func launch(_ role: Role, _ effects: inout [Effect]) {
        // The log may have been left in the middle of a batch: what is published from now on is a new epoch's.
        if role == .acceptor { effects.append(.beginEpoch) }
        effects.append(.launch(role))
    }

    // MARK: time

    private mutating func tick(_ now: UInt64, _ effects: inout [Effect]) {
        for role in roles {
            switch self[role].phase {
            case .starting(let since) where now >= since &+ startLimit:
                effects.append(.kill(role))
                // Its death is on its way; should it not come, the next kill is as far off as this one was.
                lives[role.place].start(at: now)
            case .backingOff(let until) where now >= until && (now < deadline || !role.serves):
                lives[role.place].goDown()
                launch(role, &effects)
            default: break
            }
        }
        enforceEnd(now, &effects)
    }
}
