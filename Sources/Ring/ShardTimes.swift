// SPDX-License-Identifier: Apache-2.0

/// A shard's launch and run times in R2: written by the lease's holder at each launch and each answer, read by the
/// supervisor.
///
/// Invariant: one process writes, no count reaches `limit`: before it would, all counts of its histogram are halved, so
/// that their proportions stay and what is long past fades.
@usableFromInline
package struct ShardTimes {
    @usableFromInline package enum Kind: Sendable {
        /// From the decision to launch until the program runs.
        case launch
        /// From a delivery's hand-out to its answer.
        case run
    }

    /// At some 20,000 answers a second the counts speak of the last minute or two, at one a second of weeks.
    @inlinable static var limit: UInt32 { 1 << 20 }

    @usableFromInline let words: SharedWords

    init(_ block: SharedWords) { words = block }

    @inline(__always) @inlinable package func count(_ kind: Kind, _ nanoseconds: UInt64) {
        let place = Self.place(kind) &+ 4 &* TimeHistogram.bucket(of: nanoseconds)
        let count = words.load32(place) &+ 1
        words.store32(count, place)
        if count >= Self.limit { halve(kind) }
    }

    func reset() {
        for bucket in 0..<(2 * TimeHistogram.buckets) { words.store32(0, RingLayout.Shard.launchTimes + 4 * bucket) }
    }

    package func read(_ kind: Kind) -> TimeHistogram {
        var histogram = TimeHistogram()
        for bucket in 0..<TimeHistogram.buckets {
            histogram.counts[bucket] = UInt64(words.load32(Self.place(kind) + 4 * bucket))
        }
        return histogram
    }

    @usableFromInline func halve(_ kind: Kind) {
        for bucket in 0..<TimeHistogram.buckets {
            let place = Self.place(kind) + 4 * bucket
            words.store32(words.load32(place) / 2, place)
        }
    }

    @inline(__always) @inlinable static func place(_ kind: Kind) -> Int {
        switch kind {
        case .launch: RingLayout.Shard.launchTimes
        case .run: RingLayout.Shard.runTimes
        }
    }
}
