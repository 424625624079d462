// SPDX-License-Identifier: Apache-2.0
/// How long to wait for an ack before giving up.
///
/// Used by NativeSender, which renews it at each ack and when it begins to wait; pure.
/// Invariant: `left` is 0 from `limit` after the last renewal on, and never more than `limit`.

struct Patience {
    private let limit: UInt64
    private var since: UInt64

    /// Nanoseconds, both; `now` on the monotonic clock.
    init(_ limit: UInt64, now: UInt64) {
        self.limit = limit
        since = now
    }

    var seconds: UInt64 { limit / 1_000_000_000 }

    mutating func renew(now: UInt64) { since = now }

    func left(now: UInt64) -> UInt64 {
        let waited = now - min(since, now)
        return waited < limit ? limit - waited : 0
    }
}
