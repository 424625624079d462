// SPDX-License-Identifier: Apache-2.0
/// When a failed delivery is tried again, exponential back-off with jitter, and when it is given up.
///
/// Pure; used by Shard for each failed attempt.
/// Invariant: the delay lies between `backoff` less its jitter and `maxBackoff`, and no attempt begins
/// later than `timeLimit` behind the first failure.

import Settings

struct RetryPolicy: Sendable {
    let attempts: UInt32
    let backoff: UInt64
    let maxBackoff: UInt64
    /// Per cent.
    let jitter: UInt64
    let timeLimit: UInt64

    init(_ retry: Settings.Service.Retry) {
        attempts = UInt32(clamping: retry.attempts)
        backoff = retry.backoff.nanoseconds
        maxBackoff = max(retry.maxBackoff.nanoseconds, retry.backoff.nanoseconds)
        jitter = UInt64(clamping: retry.jitter)
        timeLimit = retry.timeLimit?.nanoseconds ?? .max
    }

    /// Nanoseconds from the failure of an attempt (1 for the first) to the next one; nil if that was the last.
    /// - Parameter age: nanoseconds since the first failure.
    func delay(after attempt: UInt32, age: UInt64 = 0, _ chance: inout Jitter) -> UInt64? {
        guard attempt < attempts, age < timeLimit else { return nil }
        let plain = backoff.doubled(max(attempt, 1) - 1, atMost: maxBackoff)
        // The last attempt is made when the time is over, not before.
        return min(chance.spread(plain, percent: jitter), maxBackoff, timeLimit - age)
    }
}
