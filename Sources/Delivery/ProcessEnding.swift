// SPDX-License-Identifier: Apache-2.0
/// How a service's process is brought to its end: first by closing its input if it is asked gently, then by SIGTERM to
/// its group, then by SIGKILL.
///
/// Pure; ServiceProcess performs what it says.
/// Invariant: the steps follow in this order, none is done twice, a grace that runs is never made longer, and after the
/// last step there is nothing to wait for but the kernel.

struct ProcessEnding: Equatable, Sendable {
    enum Step: Int, Sendable { case running, asked, terminated, killed }

    private(set) var step = Step.running
    /// Monotonic nanoseconds; `.max` when no further step follows by itself.
    private(set) var deadline = UInt64.max

    var hasBegun: Bool { step != .running }
    /// Whether it was told by a signal.
    var isForced: Bool { step.rawValue >= Step.terminated.rawValue }

    /// Goes at least as far as `wanted`; if it has come just so far, the step after it may come sooner now.
    /// - Parameter grace: nanoseconds until the step after it.
    /// - Returns: the step to be performed now, or nil if it is done already.
    mutating func begin(_ wanted: Step, now: UInt64, grace: UInt64) -> Step? {
        guard wanted.rawValue >= step.rawValue, wanted != .running else { return nil }
        let end = wanted == .killed ? UInt64.max : now.addingSaturated(grace)
        guard wanted != step else {
            deadline = min(deadline, end)
            return nil
        }
        step = wanted
        deadline = end
        return wanted
    }

    /// The step that is due by now, or nil.
    mutating func advance(now: UInt64, grace: UInt64) -> Step? {
        guard now >= deadline else { return nil }
        return begin(step == .asked ? .terminated : .killed, now: now, grace: grace)
    }
}
