// SPDX-License-Identifier: Apache-2.0
/// How far one role has come: down, starting, ready, drained, or dead and waiting to be started again.
///
/// Kept by SupervisionPlan for each role; shown in `status`. It decides nothing but the length of a back-off.
/// Invariant: `failures` counts the deaths in a row that came before the role was ready, and is 0 once it is.

package struct RoleLife: Equatable, Sendable {
    package enum Phase: Equatable, Sendable {
        /// No process; one is being made.
        case down
        /// A process that has not said yet that it is ready.
        case starting(since: UInt64)
        case ready
        /// It has said that nothing is left to do; its process may still be there.
        case drained
        /// Its process is dead; what that left behind is being killed. What it was before decides how it goes on.
        case clearing(Ending)
        /// No process, and none before then (monotonic nanoseconds).
        case backingOff(until: UInt64)
        /// No process, as there is nothing for it to do.
        case resting
        /// No process, and never one again.
        case gone
    }

    /// What a role had come to when it died.
    package enum Ending: Equatable, Sendable { case unready, ready, drained }

    package private(set) var phase = Phase.down
    package private(set) var failures = 0
    /// A worker too many: it works until its shards are with others, and then ends.
    package internal(set) var isSurplus = false

    /// Whether there is, or may be, a process of it: one to be killed or to wait for.
    package var hasProcess: Bool {
        switch phase {
        case .starting, .ready, .drained: true
        case .down, .clearing, .backingOff, .resting, .gone: false
        }
    }

    /// Whether it may be given shards: it works, or is expected to within a moment.
    package var isUsable: Bool {
        guard !isSurplus else { return false }
        return switch phase {
        case .ready, .clearing(.ready): true
        case .down, .starting, .clearing(.unready): failures == 0
        case .drained, .clearing(.drained), .backingOff, .resting, .gone: false
        }
    }

    /// Whether a process may still touch what it was granted.
    package var mayTouch: Bool {
        if case .clearing = phase { return true }
        return hasProcess
    }

    /// What its death would be.
    var ending: Ending {
        switch phase {
        case .ready: .ready
        case .drained: .drained
        case .clearing(let ending): ending
        case .down, .starting, .backingOff, .resting, .gone: .unready
        }
    }

    mutating func start(at now: UInt64) { phase = .starting(since: now) }

    mutating func becomeReady() {
        phase = .ready
        failures = 0
    }

    mutating func becomeDrained() { phase = .drained }
    mutating func clear() { phase = .clearing(ending) }
    mutating func goDown() { phase = .down }
    mutating func rest() { phase = .resting }
    mutating func end() { phase = .gone }

    mutating func backOff(at now: UInt64) {
        phase = .backingOff(until: now &+ Self.pause(after: failures))
        failures += 1
    }

    /// 100 ms, then twice as long each time, up to 10 s.
    static func pause(after failures: Int) -> UInt64 {
        min(100_000_000 << UInt64(min(failures, 10)), 10_000_000_000)
    }
}
