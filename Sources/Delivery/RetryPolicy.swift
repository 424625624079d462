// SPDX-License-Identifier: Apache-2.0
/// When a failed delivery is tried again: exponential back-off with jitter.
///
/// Pure; used by Shard for each failed attempt.
/// Invariant: the delay lies between `backoff` less its jitter and `maxBackoff`, and there is always a next attempt:
/// one whose attempts are used up goes on at the greatest back-off, since nobody keeps dead letters yet.

import Settings

struct RetryPolicy: Sendable {
    let attempts: UInt32
    let backoff: UInt64
    let maxBackoff: UInt64
    /// Per cent.
    let jitter: UInt64

    init(_ retry: Settings.Service.Retry) {
        attempts = UInt32(clamping: retry.attempts)
        backoff = retry.backoff.nanoseconds
        maxBackoff = max(retry.maxBackoff.nanoseconds, retry.backoff.nanoseconds)
        jitter = UInt64(clamping: retry.jitter)
    }

    /// Nanoseconds from the failure of an attempt (1 for the first) to the next one.
    func delay(after attempt: UInt32, _ chance: inout Jitter) -> UInt64 {
        let plain =
            attempt >= attempts ? maxBackoff : backoff.doubled(max(attempt, 1) - 1, atMost: maxBackoff)
        return min(chance.spread(plain, percent: jitter), maxBackoff)
    }
}
