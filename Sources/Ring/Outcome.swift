// SPDX-License-Identifier: Apache-2.0

/// What became of one delivery: a four-bit code in an outcome word of R2.
///
/// Workers set it, the ledger counts it. The reasons for a drop are codes of their own, so that a ledger
/// counted from the words alone can name them (docs/decisions).
///
/// Invariant: a code goes from `pending` to one other and then never changes.
@usableFromInline
package enum Outcome: UInt8, CaseIterable, Sendable {
    case pending = 0
    case delivered = 1
    case dead = 2
    // 3 is free.
    /// Undelivered after the shutdown's grace.
    case shutdown = 4
    /// Its service was removed with `on-remove: drop`.
    case removed = 5
    /// Older than the service's limit.
    case expired = 6
    /// Over the service's limit of bytes.
    case overflow = 7
    /// Its record could not be read.
    case corrupt = 8
    /// Dropped by an operator.
    case byOperator = 9
    /// It was in memory alone when the memory was lost.
    case lost = 10

    /// The key under `dropped` in the ledger, or nil if this is not a drop.
    package var dropReason: String? {
        switch self {
        case .pending, .delivered, .dead: nil
        case .shutdown: "shutdown"
        case .removed: "removed"
        case .expired: "expired"
        case .overflow: "overflow"
        case .corrupt: "corrupt"
        case .byOperator: "operator"
        case .lost: "lost"
        }
    }

    /// Codes are below it. In a shard's totals the word behind their counts is `ShardTotals.lastSettled`.
    static let codes = 15
}

/// The arithmetic of an outcome word: its lap in the high half, eight four-bit codes in the low half.
///
/// Invariant: a word of another lap reads as eight times pending, so nothing ever needs zeroing.
@usableFromInline
enum OutcomeWord {
    static let recordsPerWord: UInt64 = 8

    @inline(__always) @inlinable static func code(of sequence: UInt64, in word: UInt64, lap: UInt32) -> UInt8 {
        guard UInt32(truncatingIfNeeded: word >> 32) == lap else { return 0 }
        return UInt8(truncatingIfNeeded: word >> shift(sequence)) & 0xF
    }

    /// The word with the code set, or nil if the record has an outcome already or the word belongs to a later lap.
    @inline(__always) @inlinable
    static func setting(_ code: UInt8, for sequence: UInt64, in word: UInt64, lap: UInt32) -> UInt64? {
        let current = UInt32(truncatingIfNeeded: word >> 32)
        if current == lap {
            guard (word >> shift(sequence)) & 0xF == 0 else { return nil }
            return word | UInt64(code) << shift(sequence)
        }
        // A later lap (by the sign of the difference, as laps may wrap): this record is long gone.
        guard Int32(bitPattern: current &- lap) < 0 else { return nil }
        return UInt64(lap) << 32 | UInt64(code) << shift(sequence)
    }

    @inline(__always) @inlinable static func shift(_ sequence: UInt64) -> UInt64 { (sequence & 7) &* 4 }
}
