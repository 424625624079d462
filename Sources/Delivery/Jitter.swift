// SPDX-License-Identifier: Apache-2.0
/// Chance for back-offs: a small seeded generator (SplitMix64), so that a thousand failed deliveries do not come back
/// at the same moment.
///
/// One per worker, handed to RetryPolicy and LaunchBackoff.
/// Invariant: the same seed gives the same sequence; `spread` never leaves the share that it was told.

struct Jitter: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// The duration give or take a share of it, a quarter unless told otherwise; nanoseconds.
    mutating func spread(_ nanoseconds: UInt64, percent: UInt64 = 25) -> UInt64 {
        // Divided first: a year and 90 per cent must not overflow.
        let share = nanoseconds / 100 * percent
        guard share > 0 else { return nanoseconds }
        return (nanoseconds - share).addingSaturated(next() % (2 * share + 1))
    }
}

extension UInt64 {
    /// The sum, or the greatest number: a deadline too far away for 64 bits never comes.
    func addingSaturated(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    /// This number doubled so many times, at most `limit`.
    func doubled(_ times: UInt32, atMost limit: UInt64) -> UInt64 {
        guard self < limit, times < UInt32(leadingZeroBitCount) else { return self == 0 ? 0 : limit }
        return Swift.min(self << UInt64(times), limit)
    }
}
