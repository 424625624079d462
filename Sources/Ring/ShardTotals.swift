// SPDX-License-Identifier: Apache-2.0

/// What is published with a shard's floor: a count for each outcome code, and the record below the floor that was
/// settled last.
///
/// Turned by ShardLease with the floor word, read by the ledger, by the committer and by the next holder.
///
/// Invariant: the counts are those of the shard's records that lie below the floor and have an outcome. A record
/// below the floor has no place in the outcome plane any more, so that this word alone tells a successor that its
/// entry in the in-flight table is to be freed, not delivered.
enum ShardTotals {
    /// Word 0 is the stamp, 1 to 14 count the codes.
    static let lastSettled = 15
    static let words = 16

    /// Set in `lastSettled` when all parked records up to the named one were settled in one go.
    static let manyMark: UInt64 = 1 << 63

    static func pair(_ block: SharedWords) -> PairedTotals {
        PairedTotals(
            words: block.advanced(by: RingLayout.Shard.totals), stride: RingLayout.Shard.totalsStride,
            count: words)
    }
}
