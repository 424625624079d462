// SPDX-License-Identifier: Apache-2.0
/// How long to wait for an ack before giving up.
///
/// Used by PublishState, which renews it at each ack and when it begins to wait; pure.
/// Invariant: `end` is `limit` after the last renewal, or never.

struct Patience {
    private let limit: UInt64
    private var since: UInt64

    /// Nanoseconds, both; `now` on the monotonic clock. A limit of .max is for ever.
    init(_ limit: UInt64, now: UInt64) {
        self.limit = limit
        since = now
    }

    /// When it is over, on the monotonic clock.
    var end: UInt64 {
        let (end, overflow) = since.addingReportingOverflow(limit)
        return overflow ? .max : end
    }

    mutating func renew(now: UInt64) { since = now }
}
