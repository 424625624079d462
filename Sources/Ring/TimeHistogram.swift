// SPDX-License-Identifier: Apache-2.0

/// How long something took, counted in buckets, two to a power of two from 8 µs to 137 s; percentiles out of it.
///
/// Written by a lease's holder (ShardTimes), read for `belfry services`; counts of several shards are added.
///
/// Invariant: a duration of 8 µs to 103 s lies in a bucket whose upper bound is at most one and a half times its lower
/// one, so that a percentile is wrong by less than half of itself.
@usableFromInline
package struct TimeHistogram: Equatable, Sendable {
    @inlinable package static var buckets: Int { 48 }
    /// From here on a duration is only known to be at least this long, nanoseconds.
    package static let longest = lowerBound(of: buckets - 1)
    /// The first bucket begins at a power of two: 8.192 µs.
    @inlinable static var firstPower: Int { 13 }

    package var counts = [UInt64](repeating: 0, count: buckets)

    package init() {}

    package var total: UInt64 { counts.reduce(0, &+) }

    @inline(__always) @inlinable package static func bucket(of nanoseconds: UInt64) -> Int {
        guard nanoseconds >> UInt64(firstPower) != 0 else { return 0 }
        let power = 63 &- nanoseconds.leadingZeroBitCount
        let upperHalf = Int(truncatingIfNeeded: nanoseconds >> UInt64(power &- 1)) & 1
        return min((power &- firstPower) &* 2 &+ upperHalf, buckets &- 1)
    }

    /// The shortest duration of a bucket; the first one holds all that is shorter, too, as if it were as long as that.
    static func lowerBound(of bucket: Int) -> UInt64 {
        UInt64(2 + bucket % 2) << UInt64(firstPower - 1 + bucket / 2)
    }

    package mutating func add(_ other: TimeHistogram) {
        for bucket in 0..<Self.buckets { counts[bucket] &+= other.counts[bucket] }
    }

    /// The duration that so many of a hundred did not exceed, interpolated within its bucket; nil if nothing was
    /// counted, `longest` if it lies in the last bucket.
    package func percentile(_ percent: UInt64) -> UInt64? {
        let total = total
        guard total > 0 else { return nil }
        // The counts of all shards, 32 bits each, are far from overflowing here.
        let rank = max(1, (total &* percent &+ 99) / 100)
        var below: UInt64 = 0
        for bucket in 0..<(Self.buckets - 1) {
            let count = counts[bucket]
            if below &+ count >= rank {
                let lower = Self.lowerBound(of: bucket)
                let width = Double(Self.lowerBound(of: bucket + 1) - lower)
                // The middle of the place that the rank has among the bucket's own.
                return lower &+ UInt64(width * (Double(rank &- below) - 0.5) / Double(count))
            }
            below &+= count
        }
        return Self.longest
    }
}
