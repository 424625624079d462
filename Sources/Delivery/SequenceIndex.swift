// SPDX-License-Identifier: Apache-2.0
/// From a record's sequence to its entry: a hash table of fixed size with linear probing.
///
/// Used by ShardQueue for replies and when a cursor has gone back. The multiplication spreads neighbours: side by side,
/// the records of a full window would be one run, and each removal would walk along all of it.
/// Invariant: between a sequence's home and its place there is no empty place; never more than half full.

struct SequenceIndex {
    /// 0 marks an empty place: sequences start at 1.
    private var sequences: [UInt64]
    private var values: [Int32]
    private let mask: Int
    private let shift: UInt64

    init(capacity: Int) {
        var size = 4
        while size < 2 * capacity { size *= 2 }
        sequences = [UInt64](repeating: 0, count: size)
        values = [Int32](repeating: 0, count: size)
        mask = size - 1
        shift = UInt64(64 - size.trailingZeroBitCount)
    }

    subscript(sequence: UInt64) -> Int? {
        var place = home(sequence)
        while sequences[place] != 0 {
            if sequences[place] == sequence { return Int(values[place]) }
            place = (place &+ 1) & mask
        }
        return nil
    }

    /// The sequence is not there yet, and there is room.
    mutating func insert(_ sequence: UInt64, _ value: Int) {
        var place = home(sequence)
        while sequences[place] != 0 { place = (place &+ 1) & mask }
        sequences[place] = sequence
        values[place] = Int32(truncatingIfNeeded: value)
    }

    mutating func remove(_ sequence: UInt64) {
        var hole = home(sequence)
        while sequences[hole] != sequence {
            guard sequences[hole] != 0 else { return }
            hole = (hole &+ 1) & mask
        }
        // Those behind move up where their home allows it, so that no search ends early.
        var place = (hole &+ 1) & mask
        while sequences[place] != 0 {
            let distance = (place &- home(sequences[place])) & mask
            if distance >= (place &- hole) & mask {
                sequences[hole] = sequences[place]
                values[hole] = values[place]
                hole = place
            }
            place = (place &+ 1) & mask
        }
        sequences[hole] = 0
    }

    private func home(_ sequence: UInt64) -> Int {
        Int(truncatingIfNeeded: (sequence &* 0x9E37_79B9_7F4A_7C15) >> shift)
    }
}
