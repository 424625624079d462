// SPDX-License-Identifier: Apache-2.0
/// One change of the running settings, step by step: first the acceptor goes over, then the workers, then surplus
/// workers go; without a process, a clock or a socket.
///
/// The Supervisor shows it how the roles stand whenever something has happened, and carries out what it answers. It
/// looks at the roles as they are, not at what befell them: whoever is started anew has the newest settings from its
/// start, so that a death is no case of its own.
/// Invariant: slots are bound once, behind the acceptor's word; new shards are opened once, when no living process goes by
/// older settings.

package struct LiveChange: Equatable, Sendable {
    /// How a role stands.
    package struct RoleState: Equatable, Sendable {
        package var role: Role
        package var phase: RoleLife.Phase
        /// The version that its present process was given, at its start or since, and when.
        package var given: UInt64
        package var givenAt: UInt64
        /// The version that it has said it uses.
        package var applied: UInt64
        /// It has shards, or has not confirmed yet that it let go of them.
        package var holdsShards: Bool

        package init(
            role: Role, phase: RoleLife.Phase, given: UInt64 = 0, givenAt: UInt64 = 0, applied: UInt64 = 0,
            holdsShards: Bool = false
        ) {
            self.role = role
            self.phase = phase
            self.given = given
            self.givenAt = givenAt
            self.applied = applied
            self.holdsShards = holdsShards
        }

        var hasProcess: Bool {
            switch phase {
            case .starting, .ready, .drained: true
            case .down, .clearing, .backingOff, .resting, .gone: false
            }
        }
    }

    package enum Stage: Equatable, Sendable {
        /// The acceptor has still to go over.
        case routing
        /// The workers have.
        case takingOver
        /// Workers that are too many have still to go.
        case leaving
        case over
    }

    package enum Effect: Equatable, Sendable {
        /// Hand it the new settings.
        case give(Role)
        /// The acceptor routes by them: new services begin and others end at its head. The number of workers changes now.
        case bind
        /// Everybody uses them: new shards may be granted.
        case open
        case stop(Role)
        /// It has not gone over, or not ended, in all this time.
        case kill(Role)
        case finish
    }

    package let version: UInt64
    /// How many workers there are to be.
    package let workers: Int
    package private(set) var stage = Stage.routing
    /// Nanoseconds that a role has to go over, or to end.
    private let limit: UInt64
    /// When a surplus worker was told to stop.
    private var stoppedAt: [Role: UInt64] = [:]
    private var killed: [Role: UInt64] = [:]

    package init(version: UInt64, workers: Int, limit: UInt64) {
        self.version = version
        self.workers = workers
        self.limit = limit
    }

    /// What is to be done as the roles stand now. To be asked again after each effect, until nothing comes.
    package mutating func step(_ roles: [RoleState], at now: UInt64) -> [Effect] {
        var effects = late(roles, now)
        switch stage {
        case .routing: route(roles, &effects)
        case .takingOver: takeOver(roles, &effects)
        case .leaving: leave(roles, now, &effects)
        case .over: break
        }
        return effects
    }

    private mutating func route(_ roles: [RoleState], _ effects: inout [Effect]) {
        guard let acceptor = roles.first(where: { $0.role == .acceptor }) else { return }
        // One that is gone for ever, as everything ends, routes nothing any more.
        if acceptor.applied >= version || acceptor.phase == .gone {
            stage = .takingOver
            effects.append(.bind)
        } else if acceptor.hasProcess, acceptor.given < version {
            effects.append(.give(.acceptor))
        }
    }

    private mutating func takeOver(_ roles: [RoleState], _ effects: inout [Effect]) {
        for state in roles where state.hasProcess && state.given < version { effects.append(.give(state.role)) }
        guard roles.allSatisfy(isSettled) else { return }
        stage = .leaving
        effects.append(.open)
    }

    private func isSettled(_ state: RoleState) -> Bool {
        switch state.phase {
        case .ready: state.applied >= version
        case .starting: false
        // Neither comes back before its time, and then with the new settings.
        case .drained, .backingOff, .resting, .gone: true
        case .down, .clearing: isSurplus(state.role)
        }
    }

    private mutating func leave(_ roles: [RoleState], _ now: UInt64, _ effects: inout [Effect]) {
        let surplus = roles.filter { isSurplus($0.role) }
        for state in surplus where state.hasProcess && !state.holdsShards && stoppedAt[state.role] == nil {
            stoppedAt[state.role] = now
            effects.append(.stop(state.role))
        }
        guard surplus.allSatisfy({ $0.phase == .gone }) else { return }
        stage = .over
        effects.append(.finish)
    }

    /// By its place: the workers of every other generation have indices from `Role.half` on.
    private func isSurplus(_ role: Role) -> Bool { role.place >= Role.single.count + workers }

    /// Those whose time is over, each once.
    private mutating func late(_ roles: [RoleState], _ now: UInt64) -> [Effect] {
        var effects: [Effect] = []
        for state in roles where state.hasProcess && stage != .over {
            let isSilent = state.phase == .ready && state.given == version && state.applied < version
            guard let since = stoppedAt[state.role] ?? (isSilent ? state.givenAt : nil), now >= since &+ limit,
                killed[state.role] != since
            else { continue }
            killed[state.role] = since
            effects.append(.kill(state.role))
        }
        return effects
    }
}
