// SPDX-License-Identifier: Apache-2.0
/// When something that the disk refused is tried again: at once after its first error, then each second; each second when
/// there is no room.
///
/// Kept by CommitPlan for the log, for what is parked, and for checkpoints. Pure.
/// Invariant: nothing is tried before `notBefore`, and one success forgets all failures.

struct Retry: Equatable {
    static let pause: UInt64 = 1_000_000_000

    /// In a row.
    private(set) var failures = 0
    /// Monotonic nanoseconds.
    private(set) var notBefore: UInt64 = 0

    mutating func failed(at now: UInt64, isFull: Bool) {
        failures += 1
        notBefore = failures == 1 && !isFull ? now : now + Self.pause
    }

    /// Nothing failed; only the moment was not the right one.
    mutating func postpone(to time: UInt64) { notBefore = max(notBefore, time) }

    mutating func worked() { self = Retry() }
}
