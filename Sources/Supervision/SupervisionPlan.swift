// SPDX-License-Identifier: Apache-2.0
/// What to do when something happens to a role: the supervisor's decisions, without a process, a clock or a socket.
///
/// The Supervisor tells it each event and carries out the effects it returns, in their order.
/// Invariant: a role has at most one process; a worker is started again only once what its predecessor left is dead
/// (`cleared`), an acceptor only behind a new epoch; workers drain only when nothing can be published any more.

package struct SupervisionPlan: Equatable, Sendable {
    package enum Stage: Equatable, Sendable {
        /// Until acceptor and all workers have been ready at the same time.
        case starting
        case serving
        /// The acceptor finishes, until this moment (monotonic nanoseconds) at most.
        case drainingAcceptor(until: UInt64)
        case drainingWorkers
        /// Everything is being killed.
        case ending
        case over
    }

    package enum Event: Equatable, Sendable {
        case begin
        case launched(Role)
        case launchFailed(Role)
        case ready(Role)
        case drained(Role)
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
        case clearOrphans(Role)
        case beginEpoch
        case wakeEveryone
        /// The usable workers have changed.
        case share
        /// Open for business: say so to the world.
        case announce
        /// Nothing more is taken in; the port is given up.
        case closePort
        /// No role is left: settle what is pending, account for it, end.
        case finish
    }

    package private(set) var stage = Stage.starting
    /// By place.
    package private(set) var lives: [RoleLife]
    private var grace: UInt64
    private var startLimit: UInt64
    /// When a drain is over at the latest, and whether those who had not ended by then were told to stop.
    private var deadline = UInt64.max
    private var isStopSent = false

    /// How long a role that was told to stop may take over it.
    static let stopLimit: UInt64 = 500_000_000

    /// - Parameters: nanoseconds; `grace` for a whole drain, `startLimit` from launch to ready.
    package init(workers: Int, grace: UInt64, startLimit: UInt64) {
        lives = Array(repeating: RoleLife(), count: Role.all(workers: workers).count)
        self.grace = grace
        self.startLimit = startLimit
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
        case .drainingAcceptor, .drainingWorkers, .ending: true
        case .starting, .serving, .over: false
        }
    }

    package mutating func handle(_ event: Event, at now: UInt64) -> [Effect] {
        guard stage != .over else { return [] }
        var effects: [Effect] = []
        switch event {
        case .begin: for role in roles { effects.append(.launch(role)) }
        case .launched(let role): lives[role.place].start(at: now)
        case .launchFailed(let role): backOff(role, now, &effects)
        case .ready(let role): ready(role, now, &effects)
        case .drained(let role): drained(role, now, &effects)
        case .died(let role): died(role, now, &effects)
        case .cleared(let role): buried(role, now, &effects)
        case .stuck(let role): if self[role].hasProcess { effects.append(.kill(role)) }
        case .drainAsked: beginDrain(now, &effects)
        case .endAsked: endAtOnce(&effects)
        case .workers(let count): want(count, &effects)
        case .tick: tick(now, &effects)
        }
        if isDraining, lives.allSatisfy({ $0.phase == .gone }) {
            stage = .over
            effects.append(.finish)
        }
        return effects
    }

    /// When `tick` has something to do at the earliest.
    package var nextDeadline: UInt64? {
        var next = UInt64.max
        for life in lives {
            switch life.phase {
            case .starting(let since): next = min(next, since &+ startLimit)
            case .backingOff(let until): next = min(next, until)
            case .down, .ready, .drained, .clearing, .gone: break
            }
        }
        if case .drainingAcceptor(let until) = stage, !isStopSent { next = min(next, until) }
        if isDraining, stage != .ending { next = min(next, isStopSent ? deadline &+ Self.stopLimit : deadline) }
        return next == .max ? nil : next
    }

    // MARK: life and death

    private var roles: [Role] { lives.indices.map(Role.init(place:)) }

    private mutating func ready(_ role: Role, _ now: UInt64, _ effects: inout [Effect]) {
        guard case .starting = self[role].phase else { return }
        let wasUsable = self[role].isUsable
        lives[role.place].becomeReady()
        if !wasUsable, role != .acceptor { effects.append(.share) }
        switch stage {
        case .starting where lives.allSatisfy({ $0.phase == .ready }):
            stage = .serving
            effects.append(.announce)
        case .starting, .serving, .ending, .over: break
        case .drainingAcceptor(let until):
            if role == .acceptor { effects.append(.sendDrain(role, deadline: until)) }
        case .drainingWorkers: effects.append(.sendDrain(role, deadline: deadline))
        }
    }

    private mutating func died(_ role: Role, _ now: UInt64, _ effects: inout [Effect]) {
        guard self[role].hasProcess else { return }
        lives[role.place].clear()
        effects.append(.wakeEveryone)
        // An acceptor starts no processes: there is nothing to wait for.
        if role == .acceptor { buried(role, now, &effects) } else { effects.append(.clearOrphans(role)) }
    }

    /// A dead role, and nothing left of it: start it again, or not.
    private mutating func buried(_ role: Role, _ now: UInt64, _ effects: inout [Effect]) {
        guard case .clearing(let ending) = self[role].phase else { return }
        if ending == .drained || stage == .ending || now >= deadline || self[role].isSurplus {
            lives[role.place].end()
            if role == .acceptor { acceptorIsDone(&effects) }
        } else if ending == .ready {
            lives[role.place].goDown()
            launch(role, &effects)
        } else {
            backOff(role, now, &effects)
        }
    }

    private mutating func backOff(_ role: Role, _ now: UInt64, _ effects: inout [Effect]) {
        guard !self[role].isSurplus else { return lives[role.place].end() }
        lives[role.place].backOff(at: now)
        if role != .acceptor { effects.append(.share) }
    }

    /// More are started at once; those that are too many give up their shards, and are not started again once they have
    /// ended.
    private mutating func want(_ count: Int, _ effects: inout [Effect]) {
        guard stage == .serving else { return }
        let wanted = Role.all(workers: count)
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

    private mutating func launch(_ role: Role, _ effects: inout [Effect]) {
        // The log may have been left in the middle of a batch: what is published from now on is a new epoch's.
        if role == .acceptor { effects.append(.beginEpoch) }
        effects.append(.launch(role))
    }

    // MARK: the end

    private mutating func beginDrain(_ now: UInt64, _ effects: inout [Effect]) {
        guard stage == .starting || stage == .serving else { return }
        deadline = now &+ grace
        // Senders may keep the acceptor busy; services must have time left to get through what it took.
        let until = now &+ grace / 2
        stage = .drainingAcceptor(until: until)
        if self[.acceptor].phase == .ready { effects.append(.sendDrain(.acceptor, deadline: until)) }
    }

    private mutating func drained(_ role: Role, _ now: UInt64, _ effects: inout [Effect]) {
        guard isDraining, self[role].phase == .ready else { return }
        lives[role.place].becomeDrained()
        if role == .acceptor { acceptorIsDone(&effects) }
    }

    /// Nothing can be published any more: the workers' turn.
    private mutating func acceptorIsDone(_ effects: inout [Effect]) {
        guard case .drainingAcceptor = stage else { return }
        stage = .drainingWorkers
        effects.append(.closePort)
        for role in roles where role != .acceptor && self[role].phase == .ready {
            effects.append(.sendDrain(role, deadline: deadline))
        }
    }

    private mutating func endAtOnce(_ effects: inout [Effect]) {
        guard stage != .ending else { return }
        stage = .ending
        for role in roles {
            if self[role].hasProcess {
                effects.append(.kill(role))
            } else if !self[role].mayTouch {
                lives[role.place].end()
            }
        }
        effects.append(.closePort)
    }

    // MARK: time

    private mutating func tick(_ now: UInt64, _ effects: inout [Effect]) {
        for role in roles {
            switch self[role].phase {
            case .starting(let since) where now >= since &+ startLimit:
                effects.append(.kill(role))
                // Its death is on its way; should it not come, the next kill is as far off as this one was.
                lives[role.place].start(at: now)
            case .backingOff(let until) where now >= until && now < deadline:
                lives[role.place].goDown()
                launch(role, &effects)
            default: break
            }
        }
        if case .drainingAcceptor(let until) = stage, now >= until, now < deadline { giveUpAcceptor(&effects) }
        if isDraining, stage != .ending, now >= deadline { enforceDeadline(now, &effects) }
    }

    /// Its half of the grace is over: what it has published is safe, what it has not was not acked.
    private mutating func giveUpAcceptor(_ effects: inout [Effect]) {
        if self[.acceptor].hasProcess {
            lives[Role.acceptor.place].becomeDrained()
            effects.append(.kill(.acceptor))
        } else {
            lives[Role.acceptor.place].end()
        }
        acceptorIsDone(&effects)
    }

    private mutating func enforceDeadline(_ now: UInt64, _ effects: inout [Effect]) {
        if !isStopSent {
            isStopSent = true
            for role in roles {
                if self[role].hasProcess {
                    effects.append(.sendStop(role))
                } else if !self[role].mayTouch {
                    lives[role.place].end()
                }
            }
        } else if now >= deadline &+ Self.stopLimit {
            endAtOnce(&effects)
        }
    }
}
