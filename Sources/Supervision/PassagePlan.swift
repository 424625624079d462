// SPDX-License-Identifier: Apache-2.0
/// What a belfryd does that has written everything to the store and gives way to one of another layout: it starts that one,
/// and if it does not come up, its own executable. Pure.
///
/// The Supervisor tells it what happened and carries out the effects, in their order; the store holds everything meanwhile.
/// Invariant: there is never more than one successor: the second is started when the first and all that it had started are
/// dead.

struct PassagePlan: Equatable {
    enum Event: Equatable {
        /// The successor says so: it is open for business.
        case serving
        /// It says so, or could not be started.
        case failed(String)
        /// Its process has ended.
        case ended
        /// Nothing of it is left.
        case buried
        case tick
    }

    enum Effect: Equatable {
        /// Our own executable.
        case startOwn
        case kill
        /// It is the service. The failure of the first one, if this is the second.
        case commit(failure: String?)
        /// Neither came up.
        case giveUp(String)
    }

    enum Stage: Equatable {
        case starting(until: UInt64)
        case burying
        case over
    }

    private(set) var stage: Stage
    private var failure: String?
    private let patience: UInt64

    /// - Parameters: `patience`: nanoseconds until a successor must be open for business. `now`: monotonic nanoseconds.
    init(patience: UInt64, at now: UInt64) {
        self.patience = patience
        stage = .starting(until: now &+ patience)
    }

    /// When `tick` has something to do; nil for never.
    var deadline: UInt64? { if case .starting(let until) = stage { until } else { nil } }

    mutating func handle(_ event: Event, at now: UInt64) -> [Effect] {
        switch (stage, event) {
        case (.starting, .serving):
            stage = .over
            return [.commit(failure: failure)]
        case (.starting, .failed(let words)): return fail(words)
        case (.starting, .ended): return fail("ended at its start; the log has its words")
        case (.starting(let until), .tick) where now >= until: return fail("was not ready in time")
        case (.burying, .buried):
            stage = .starting(until: now &+ patience)
            return [.startOwn]
        case (.starting, .tick), (.starting, .buried), (.burying, _), (.over, _): return []
        }
    }

    private mutating func fail(_ words: String) -> [Effect] {
        if let failure {
            stage = .over
            return [.kill, .giveUp("\(failure); nor did this one come up again: it \(words)")]
        }
        failure = "the new belfryd \(words)"
        stage = .burying
        return [.kill]
    }
}
