// SPDX-License-Identifier: Apache-2.0
/// The steps of an update, up to where another supervisor takes over: staged, shadow, and what follows. Pure.
///
/// The Supervisor tells it what happened and carries out the effects, in their order; from `goOver` on HandOverPlan decides
/// who acts, and what comes of it is told here.
/// Invariant: before `goOver` nothing of the running broker is touched; there is one verdict, and it comes last.

internal import Control

struct UpdatePlan: Equatable {
    enum Step: String {
        /// The executable is one that may follow.
        case staged
        /// It has brought a canary through a broker of its own.
        case shadow
        /// It has port, connections, and everything that is pending.
        case frozen
        /// It has served for a while.
        case probation
        case committed
    }

    enum Stage: Equatable {
        case staging, shadowing
        /// Until all of the successor's roles work.
        case freezing
        case probing
        case over
    }

    enum Event: Equatable {
        case staged
        /// It is not one that may follow: why.
        case refused(String)
        case shadowed
        /// The successor has port, so many connections, and everything that is pending; all of its roles work.
        case serving(connections: UInt32)
        case committed
        /// The successor has failed, and everything is as it was.
        case failed(String)
    }

    enum Effect: Equatable {
        case tryOut
        case goOver
        /// A step is done.
        case tell(UpdateStep)
        case end(UpdateVerdict.Word, reason: String?)
    }

    private(set) var stage: Stage
    /// Those that are done.
    private(set) var steps: [UpdateStep] = []
    private let isDryRun: Bool
    /// Of a successor from another file that takes over in memory: what it had taken in would be lost with it otherwise.
    private let isWatched: Bool
    private let isThroughStore: Bool
    private let began: UInt64
    private var since: UInt64

    /// - Parameter now: monotonic nanoseconds, as everywhere here.
    init(isDryRun: Bool, isThroughStore: Bool = false, at now: UInt64) {
        self.isDryRun = isDryRun
        self.isThroughStore = isThroughStore
        isWatched = !isThroughStore
        began = now
        since = now
        stage = .staging
    }

    /// For the executable that runs: it need not be tried.
    init(restartAt now: UInt64) {
        isDryRun = false
        isThroughStore = false
        isWatched = false
        began = now
        since = now
        stage = .freezing
    }

    mutating func handle(_ event: Event, at now: UInt64) -> [Effect] {
        switch (stage, event) {
        case (.staging, .staged):
            stage = .shadowing
            return [done(.staged, now), .tryOut]
        case (.shadowing, .shadowed):
            let told = done(.shadow, now)
            if isDryRun { return [told] + end(.dryRun, nil) }
            stage = .freezing
            return [told, .goOver]
        case (.freezing, .serving(let connections)):
            stage = .probing
            let kept = "\(connections) \(connections == 1 ? "connection" : "connections") kept"
            return [done(.frozen, now, isThroughStore ? "through the store, connections closed" : kept)]
        case (.probing, .committed):
            let probation = isWatched ? [done(.probation, now)] : []
            since = began
            return probation + [done(.committed, now)] + end(.committed, nil)
        case (.staging, .refused(let words)), (.shadowing, .refused(let words)): return end(.refused, words)
        case (.freezing, .failed(let words)), (.probing, .failed(let words)): return end(.failed, words)
        // Asked to end, before anything was begun.
        case (.staging, .failed(let words)), (.shadowing, .failed(let words)): return end(.refused, words)
        default: return []
        }
    }

    private mutating func done(_ step: Step, _ now: UInt64, _ detail: String? = nil) -> Effect {
        let told = UpdateStep(step.rawValue, took: now - min(now, since), detail)
        since = now
        steps.append(told)
        return .tell(told)
    }

    private mutating func end(_ word: UpdateVerdict.Word, _ reason: String?) -> [Effect] {
        stage = .over
        return [.end(word, reason: reason)]
    }
}
