// SPDX-License-Identifier: Apache-2.0
/// What the running supervisor does while another one takes over from it: the decisions, without a process, a clock or a
/// socket. TakeOverPlan has the other one's.
///
/// The Supervisor tells it what happened and carries out the effects, in their order. docs/upgrade.md is its prose.
/// Invariant: at every moment one of the two acts: we do until `give`, and again behind `takeBack`, which comes only when the
/// successor and all that it had started are dead; behind `commit` we never act again.

package struct HandOverPlan: Equatable, Sendable {
    package enum Stage: Equatable, Sendable {
        /// The successor gets ready, and has touched nothing. Each until a moment, monotonic nanoseconds.
        case preparing(until: UInt64)
        /// It is ready; our own roles must all be well, so that it does not take over something half dead.
        case settling(until: UInt64)
        /// It acts, we look on.
        case replacing(until: UInt64)
        /// Its roles work; it is watched.
        case probation(until: UInt64)
        /// We end with our last child, or then.
        case committed(until: UInt64)
        /// It has failed; it and what it had started are dying.
        case undoing
        case over
    }

    package enum Event: Equatable, Sendable {
        /// The successor says so.
        case prepared
        /// Our own roles are all well.
        case settled
        /// The successor says so.
        case serving
        /// The successor says so, or what it says is nothing that it may say.
        case failed(String)
        /// The successor's process has ended.
        case ended
        /// So has all that it had started, and nothing is left of it.
        case buried
        /// No child of ours is left.
        case childless
        /// We are asked to end, and have to act for that.
        case abandon(String)
        /// Nothing happened but time.
        case tick
    }

    package enum Effect: Equatable, Sendable {
        /// Stop acting, and hand over the roles.
        case give
        /// The successor is the service from now on.
        case commit
        case kill
        /// Act again, if we had stopped. The reason is for who asked.
        case takeBack(String)
        /// Our children have had their time.
        case endChildren
        case leave
    }

    /// Nanoseconds.
    package struct Limits: Equatable, Sendable {
        /// For each step of the successor.
        package var patience: UInt64
        package var probation: UInt64
        /// For our workers to finish; `.max` for as long as it takes.
        package var drain: UInt64

        package init(patience: UInt64, probation: UInt64, drain: UInt64) {
            self.patience = patience
            self.probation = probation
            self.drain = drain
        }
    }

    package private(set) var stage: Stage
    /// We do not act: the successor does, or did and its remains are not buried yet.
    package private(set) var hasGiven = false
    private var hasEnded = false
    private var reason = ""
    private let limits: Limits

    package init(_ limits: Limits, at now: UInt64) {
        self.limits = limits
        stage = .preparing(until: now &+ limits.patience)
    }

    package var isCommitted: Bool { if case .committed = stage { true } else { false } }

    /// When `tick` has something to do; nil for never.
    package var deadline: UInt64? {
        switch stage {
        case .preparing(let until), .settling(let until), .replacing(let until), .probation(let until): until
        case .committed(let until): until == .max ? nil : until
        case .undoing, .over: nil
        }
    }

    package mutating func handle(_ event: Event, at now: UInt64) -> [Effect] {
        switch (stage, event) {
        case (.preparing, .prepared):
            stage = .settling(until: now &+ limits.patience)
            return []
        case (.settling, .settled):
            stage = .replacing(until: now &+ limits.patience)
            hasGiven = true
            return [.give]
        case (.replacing, .serving):
            guard limits.probation > 0 else { return commit(now) }
            stage = .probation(until: now &+ limits.probation)
            return []
        case (.committed, .childless):
            stage = .over
            return [.leave]
        case (.undoing, .ended):
            hasEnded = true
            return []
        case (.undoing, .buried): return takeBack()
        case (.undoing, _), (.over, _), (.committed, .failed), (.committed, .ended), (.committed, .abandon): return []
        case (_, .failed(let words)), (_, .abandon(let words)): return undo(words)
        case (_, .ended):
            hasEnded = true
            return undo(words(of: stage, isDead: true))
        case (_, .tick): return tick(now)
        // Nothing that would mean anything now.
        case (_, .prepared), (_, .settled), (_, .serving), (_, .buried), (_, .childless): return []
        }
    }

    private mutating func tick(_ now: UInt64) -> [Effect] {
        guard let deadline, now >= deadline else { return [] }
        switch stage {
        case .probation: return commit(now)
        case .committed:
            stage = .committed(until: .max)
            return [.endChildren]
        default: return undo(words(of: stage, isDead: false))
        }
    }

    private mutating func commit(_ now: UInt64) -> [Effect] {
        let until = now.addingReportingOverflow(limits.drain)
        stage = .committed(until: until.overflow ? .max : until.partialValue)
        return [.commit]
    }

    private mutating func undo(_ words: String) -> [Effect] {
        reason = words
        stage = .undoing
        return [.kill]
    }

    private mutating func takeBack() -> [Effect] {
        guard hasEnded else { return [] }
        stage = .over
        hasGiven = false
        return [.takeBack(reason)]
    }

    private func words(of stage: Stage, isDead: Bool) -> String {
        switch stage {
        case .preparing:
            isDead
                ? "the new belfryd ended at its start; the log has its words" : "the new belfryd was not ready in time"
        case .settling:
            isDead
                ? "the new belfryd ended before it took over" : "not all processes of the running belfryd became well"
        case .replacing:
            isDead ? "the new belfryd ended while it took over" : "the new belfryd did not take over in time"
        case .probation: "the new belfryd ended in its probation"
        case .committed, .undoing, .over: ""
        }
    }
}
