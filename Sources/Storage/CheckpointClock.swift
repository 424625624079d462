// SPDX-License-Identifier: Apache-2.0
/// When a checkpoint is due: at the start, behind a failure, for new slots, and while something changes.
///
/// Kept by CommitPlan. Looks come a second apart at least, further apart while they find nothing new, and not at all when
/// nothing is open and nothing is published. Pure.
/// Invariant: while one is owed, nothing is spilled and nothing is committed that depends on it.

struct CheckpointClock: Equatable {
    static let pause: UInt64 = 1_000_000_000
    static let longestPause = 8 * pause
    /// How long shards that move too fast to be read are let alone.
    static let moment: UInt64 = 100_000_000
    /// So much of the time at most goes into checkpoints: one part in so many.
    private static let share: UInt64 = 20

    /// The last one may not be what its files say: another must be written before anything depends on it.
    private(set) var isOwed = true
    /// The slots' version that the last one covers.
    private(set) var slots: UInt64?
    private(set) var retry = Retry()
    private var isQuiet = false
    private var nextLook: UInt64 = 0
    /// No sooner than it has earned its cost.
    private var earliestLook: UInt64 = 0
    private var between = pause

    /// The last one that was tried could not be written.
    var isRefused: Bool { isOwed && retry.failures > 0 }

    /// - Parameter isUrgent: something waits for one.
    func isDue(at now: UInt64, isUrgent: Bool) -> Bool {
        now >= retry.notBefore && (isOwed || isUrgent || (!isQuiet && now >= nextLook))
    }

    /// When it is due though nothing happens; `.max` for never.
    var deadline: UInt64 { isOwed ? retry.notBefore : isQuiet ? .max : max(nextLook, retry.notBefore) }

    /// Something has changed that a look would find.
    mutating func stir(at now: UInt64) {
        let soon = max(earliestLook, now + Self.pause)
        // A look that is far off, as the last ones found nothing, comes nearer.
        nextLook = isQuiet ? soon : min(nextLook, soon)
        isQuiet = false
        between = Self.pause
    }

    /// - Parameters: `cost`: the time that it took. `isSettled`: nothing is open in it.
    mutating func wrote(slots version: UInt64, at now: UInt64, cost: UInt64, isSettled: Bool) {
        isOwed = false
        slots = version
        retry.worked()
        isQuiet = isSettled
        between = Self.pause
        earliestLook = now + max(between, cost &* Self.share)
        nextLook = earliestLook
    }

    /// What would have been written says what the last one says.
    mutating func foundNothing(at now: UInt64, isSettled: Bool) {
        isQuiet = isSettled
        nextLook = now + between
        between = min(2 * between, Self.longestPause)
    }

    mutating func postpone(at now: UInt64) { retry.postpone(to: now + Self.moment) }

    mutating func failed(at now: UInt64, isFull: Bool) {
        isOwed = true
        retry.failed(at: now, isFull: isFull)
    }
}
