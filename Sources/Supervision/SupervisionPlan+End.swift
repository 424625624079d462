// SPDX-License-Identifier: Apache-2.0
/// How everything comes to an end: the acceptor finishes, then the workers, then the committer stores what is left.
///
/// Part of SupervisionPlan.
/// Invariant: the committer is told to store only when no role that serves has a process; whatever happens, the end comes
/// when it has, or has failed too often, or was killed by a last request.

extension SupervisionPlan {
    mutating func beginDrain(_ now: UInt64, _ effects: inout [Effect]) {
        guard stage == .starting || stage == .serving else { return }
        deadline = now &+ grace
        // Senders may keep the acceptor busy; services must have time left to get through what it took.
        let until = now &+ grace / 2
        stage = .drainingAcceptor(until: until)
        if self[.acceptor].phase == .ready { effects.append(.sendDrain(.acceptor, deadline: until)) }
    }

    mutating func drained(_ role: Role, _ now: UInt64, _ effects: inout [Effect]) {
        guard self[role].phase == .ready else { return }
        if role.serves ? isDraining : restful.contains(role) { lives[role.place].becomeDrained() }
        if role == .acceptor { acceptorIsDone(&effects) }
    }

    /// Nothing can be published any more: the workers' turn.
    mutating func acceptorIsDone(_ effects: inout [Effect]) {
        guard case .drainingAcceptor = stage else { return }
        stage = .drainingWorkers
        effects.append(.closePort)
        for role in roles where role.worker != nil && self[role].phase == .ready {
            effects.append(.sendDrain(role, deadline: deadline))
        }
    }

    /// The second time nobody may finish any more, the third time nothing is stored any more.
    mutating func endAtOnce(_ effects: inout [Effect]) {
        switch stage {
        case .ending, .storing: giveUpStoring(&effects)
        case .starting, .serving, .drainingAcceptor, .drainingWorkers:
            stage = .ending
            for role in roles where role.serves {
                if self[role].hasProcess {
                    effects.append(.kill(role))
                } else if !self[role].mayTouch {
                    lives[role.place].end()
                }
            }
            effects.append(.closePort)
        case .over: break
        }
    }

    /// Who serves has gone: the committer's turn. It has gone, too: the end.
    mutating func goOnEnding(_ effects: inout [Effect]) {
        guard roles.allSatisfy({ !$0.serves || self[$0].phase == .gone }) else { return }
        if stage != .storing {
            stage = .storing
            beginStoring(&effects)
        }
        guard self[.committer].phase == .gone else { return }
        stage = .over
        effects.append(.finish)
    }

    // MARK: storing what is left

    private mutating func beginStoring(_ effects: inout [Effect]) {
        switch self[.committer].phase {
        case .ready: sendSpill(&effects)
        case .resting:
            lives[Role.committer.place].goDown()
            launch(.committer, &effects)
        // It is told when it is ready, or another is started when it is dead.
        case .down, .starting, .drained, .clearing, .backingOff, .gone: break
        }
    }

    mutating func sendSpill(_ effects: inout [Effect]) {
        isSpillSent = true
        effects.append(.sendSpill)
    }

    mutating func stored() {
        guard isSpillSent, self[.committer].hasProcess else { return }
        hasStored = true
        lives[Role.committer.place].becomeDrained()
    }

    mutating func storerIsDead(_ ending: RoleLife.Ending, _ now: UInt64, _ effects: inout [Effect]) {
        // One that had rested before it was told has failed at nothing.
        if ending != .drained || isSpillSent, storesLeft > 0 { storesLeft -= 1 }
        guard !hasStored, storesLeft > 0 else { return lives[Role.committer.place].end() }
        isSpillSent = false
        fail(.committer, now, &effects)
    }

    private mutating func giveUpStoring(_ effects: inout [Effect]) {
        storesLeft = 0
        if self[.committer].hasProcess {
            effects.append(.kill(.committer))
        } else {
            lives[Role.committer.place].end()
        }
    }

    // MARK: time

    /// When `enforceEnd` has something to do; `.max` for never.
    var endDeadline: UInt64 {
        switch stage {
        case .drainingAcceptor(let until): isStopSent ? deadline &+ Self.stopLimit : min(until, deadline)
        case .drainingWorkers: isStopSent ? deadline &+ Self.stopLimit : deadline
        case .starting, .serving, .ending, .storing, .over: .max
        }
    }

    mutating func enforceEnd(_ now: UInt64, _ effects: inout [Effect]) {
        if case .drainingAcceptor(let until) = stage, now >= until, now < deadline { giveUpAcceptor(&effects) }
        guard now >= deadline else { return }
        switch stage {
        case .drainingAcceptor, .drainingWorkers: enforceDeadline(now, &effects)
        case .starting, .serving, .ending, .storing, .over: break
        }
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
            for role in roles where role.serves {
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
