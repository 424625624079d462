// SPDX-License-Identifier: Apache-2.0
/// A task, or a blocked thread, that waits for something of a publisher.
///
/// Kept by PublishState, made by Publisher and BlockingPublisher.
/// Invariant: `resume` is called exactly once, and never while the state is locked.

internal import LinuxIO

struct Waiter: Sendable {
    enum Ending: Equatable, Sendable {
        /// The number that it is about.
        case done(UInt64)
        case failed(PublishError)
        case cancelled
    }

    let token: UInt64
    /// On the monotonic clock; .max is never.
    let deadline: UInt64
    let resume: @Sendable (Ending) -> Void

    /// So long from now on the monotonic clock.
    static func deadline(_ time: Duration?) -> UInt64 {
        guard let time else { return .max }
        let (end, overflow) = Clock.monotonic().addingReportingOverflow(time.nanoseconds)
        return overflow ? .max : end
    }
}

/// A waiter whose wait is over. To be resumed once the lock is let go of.
struct Settled: Sendable {
    let waiter: Waiter
    let ending: Waiter.Ending

    init(_ waiter: Waiter, _ ending: Waiter.Ending) {
        self.waiter = waiter
        self.ending = ending
    }
}
