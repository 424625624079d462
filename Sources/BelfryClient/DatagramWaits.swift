// SPDX-License-Identifier: Apache-2.0
/// What to wait for when the kernel does not take a datagram, and how long.
///
/// Used by DatagramOutlet; pure.
/// Invariant: the waits together are no longer than the patience, and none is so short that they make a busy loop.

internal import LinuxIO

struct DatagramWaits {
    enum Step: Equatable {
        /// Sent, or failed for good.
        case over
        /// Until the socket is writable, at most so many nanoseconds.
        case socket(UInt64)
        /// The socket would always be writable: so many nanoseconds.
        case pause(UInt64)
        case givenUp
    }

    private static let longestPause: UInt64 = 50_000_000

    private let end: UInt64
    private var pause: UInt64 = 500_000

    /// Nanoseconds, both; `now` on the monotonic clock.
    init(_ patience: UInt64, now: UInt64) {
        let (end, overflow) = now.addingReportingOverflow(patience)
        self.end = overflow ? .max : end
    }

    mutating func next(after result: DatagramResult, now: UInt64) -> Step {
        let left = end - min(end, now)
        switch result {
        case .sent, .failed: return .over
        case _ where left == 0: return .givenUp
        case .wouldBlock: return .socket(left)
        case .noBuffers:
            defer { pause = min(pause * 2, Self.longestPause) }
            return .pause(min(pause, left))
        }
    }
}
