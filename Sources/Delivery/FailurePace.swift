// SPDX-License-Identifier: Apache-2.0
/// When a failing service gets a line in the log: its first failure at once, then one line in five minutes at most.
///
/// Pure; one per shard, asked when there were failures. `belfry services` tells them all.
/// Invariant: a failure is either told or counted in the next line.

struct FailurePace: Sendable {
    private static let pause: UInt64 = 300_000_000_000
    /// Monotonic nanoseconds before which nothing is told.
    private var next: UInt64 = 0
    private var untold: UInt64 = 0

    /// - Returns: what the line says behind the last failure's words; nil if there is none.
    mutating func note(_ times: UInt64, at now: UInt64) -> String? {
        guard now >= next else {
            untold &+= times
            return nil
        }
        defer {
            next = now.addingSaturated(Self.pause)
            untold = 0
        }
        return untold == 0 ? "" : " (\(untold &+ times) failures since the last line)"
    }
}
