// SPDX-License-Identifier: Apache-2.0
/// How a service's process is brought to its end: first by closing its input if it is asked gently, then by SIGTERM to
/// its group, then by SIGKILL.
///
/// Pure; ServiceProcess performs what it says.
/// Invariant: the steps follow in this order, none is done twice, and after the last there is nothing to wait for but
/// the kernel.

struct ProcessEnding: Equatable, Sendable {
    enum Step: Int, Sendable { case running, asked, terminated, killed }

    private(set) var step = Step.running
    /// Monotonic nanoseconds; `.max` when no further step follows by itself.
    private(set) var deadline = UInt64.max

    var hasBegun: Bool { step != .running }
    /// Whether it was told by a signal.
    var isForced: Bool { step.rawValue >= Step.terminated.rawValue }

    /// Goes at least as far as `wanted`.
    /// - Parameter grace: nanoseconds until the step after it.
    /// - Returns: the step to be performed now, or nil if it is done already.
    mutating func begin(_ wanted: Step, now: UInt64, grace: UInt64) -> Step? {
        guard wanted.rawValue > step.rawValue else { return nil }
        step = wanted
        deadline = wanted == .killed ? .max : now.addingSaturated(grace)
        return wanted
    }

    /// The step that is due by now, or nil.
    mutating func advance(now: UInt64, grace: UInt64) -> Step? {
        guard now >= deadline else { return nil }
        return begin(step == .asked ? .terminated : .killed, now: now, grace: grace)
    }
}
