// SPDX-License-Identifier: Apache-2.0
/// When a service that could not be launched is launched again: after a second, then twice as long each time, up to
/// the service's `retry.max-backoff`, for ever.
///
/// Pure; one per shard.
/// Invariant: it blocks only between a failure and its `until`; a launch that worked forgets all failures.

import Settings

struct LaunchBackoff: Sendable {
    private static let first: UInt64 = 1_000_000_000
    private var longest: UInt64
    private(set) var failures: UInt32 = 0
    /// Monotonic nanoseconds before which nothing is launched; 0 if nothing is in the way.
    private(set) var until: UInt64 = 0

    init(_ retry: Settings.Service.Retry) { longest = retry.maxBackoff.nanoseconds }

    /// For failures from now on.
    mutating func change(_ retry: Settings.Service.Retry) { longest = retry.maxBackoff.nanoseconds }

    func blocks(at now: UInt64) -> Bool { now < until }

    mutating func fail(at now: UInt64, _ jitter: inout Jitter) {
        let plain = min(Self.first, longest).doubled(failures, atMost: longest)
        failures = failures == .max ? .max : failures + 1
        until = now.addingSaturated(min(jitter.spread(plain), longest))
    }

    mutating func succeed() {
        failures = 0
        until = 0
    }
}
