// SPDX-License-Identifier: Apache-2.0

/// One slot's outcome words in R2: what became of each record for that service.
///
/// Workers set codes by compare-and-swap (two shards of a service share words), the ledger counts them.
///
/// Invariant: once set, a code stays until its word's place is taken by a record one lap later.
@usableFromInline
struct OutcomePlane {
    @usableFromInline let words: SharedWords
    @usableFromInline let mask: UInt64
    @usableFromInline let lapShift: UInt64

    init(outcomes: SharedWords, slot: Int, geometry: RingGeometry) {
        words = outcomes.advanced(
            by: RingLayout.Outcomes.planes + slot * RingLayout.Outcomes.planeStride(geometry))
        mask = geometry.sequenceMask
        lapShift = geometry.lapShift
    }

    @inline(__always) @inlinable func place(_ sequence: UInt64) -> Int { Int((sequence & mask) >> 3) &* 8 }
    @inline(__always) @inlinable func lap(_ sequence: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: sequence >> lapShift)
    }

    @inline(__always) @inlinable func code(of sequence: UInt64) -> UInt8 {
        // Acquire: pairs with the exchange in set().
        OutcomeWord.code(of: sequence, in: words.acquire(place(sequence)), lap: lap(sequence))
    }

    /// Sets a pending record's outcome.
    /// - Returns: false if it had one, or is older than its word.
    @inline(__always) @inlinable func set(_ outcome: Outcome, for sequence: UInt64) -> Bool {
        let place = place(sequence)
        var word = words.relaxed(place)
        while let desired = OutcomeWord.setting(outcome.rawValue, for: sequence, in: word, lap: lap(sequence)) {
            // Acquire and release: pairs with code(of:) and with the exchange of another shard's holder.
            let (exchanged, seen) = words.exchange(word, desired, place)
            if exchanged { return true }
            word = seen
        }
        return false
    }

    /// Adds the codes of all records in a range to the counts (by code); a word at a time where it can.
    func count(_ range: Range<UInt64>, into counts: inout [UInt64]) {
        var sequence = range.lowerBound
        while sequence < range.upperBound {
            let word = words.acquire(place(sequence))  // pairs with the exchange in set()
            let last = min(sequence | 7, range.upperBound &- 1)
            if UInt32(truncatingIfNeeded: word >> 32) == lap(sequence), word & 0xFFFF_FFFF != 0 {
                var rest = sequence
                while rest <= last {
                    let code = Int(OutcomeWord.code(of: rest, in: word, lap: lap(rest)))
                    // No worker sets a code beyond them; if one gone wrong did, it counts nowhere.
                    if code < Outcome.codes { counts[code] = counts[code] &+ 1 }
                    rest &+= 1
                }
            }
            sequence = last &+ 1
        }
    }
}
