// SPDX-License-Identifier: Apache-2.0
/// The numbers under which a `frames` process got its deliveries: from a number that it answers to the entry of the
/// shard's in-flight table, without a search.
///
/// Used by FramesFraming. A delivery that has timed out keeps its number until its message is delivered again, so that
/// an answer that comes late still counts.
/// Invariant: a number stands here once at most and an entry has one at most, so that there are never more of them than
/// entries; `last` is the greatest that the process has seen.

import LinuxIO

final class OpenNumbers {
    private let entries: EntryIndex
    /// By entry: the record that its number was given for.
    private let sequences: FixedArray<UInt64>
    private(set) var last: UInt64 = 0
    private(set) var count = 0

    init(capacity: Int) {
        entries = EntryIndex(capacity: capacity)
        sequences = FixedArray(repeating: 0, count: capacity)
    }

    /// The number of a delivery that is handed out now; an older one of the same entry is forgotten.
    @inline(__always) func give(_ entry: Int, sequence: UInt64) -> UInt64 {
        forget(entry)
        last &+= 1
        count &+= 1
        entries.insert(last, entry)
        sequences[entry] = sequence
        return last
    }

    /// Takes a number out: its entry, and the record that it was given for. Nil if it was answered before.
    @inline(__always) func take(_ number: UInt64) -> (entry: Int, sequence: UInt64)? {
        guard let entry = entries[number] else { return nil }
        forget(entry)
        return (entry, sequences[entry])
    }

    /// Takes out all numbers of a range, in any order, and costs no more than there are entries, however long it is.
    func take(_ range: ClosedRange<UInt64>, _ body: (_ entry: Int, _ sequence: UInt64) -> Void) {
        guard count > 0 else { return }
        guard range.upperBound &- range.lowerBound >= UInt64(sequences.count) else {
            var number = range.lowerBound
            while true {
                if let taken = take(number) { body(taken.entry, taken.sequence) }
                guard number < range.upperBound else { return }
                number &+= 1
            }
        }
        for entry in sequences.indices where range.contains(entries.key(of: entry)) {
            forget(entry)
            body(entry, sequences[entry])
        }
    }

    /// The number of an entry, if it has one, is answered no more.
    @inline(__always) func forget(_ entry: Int) {
        guard entries.key(of: entry) != 0 else { return }
        entries.remove(entry)
        count &-= 1
    }
}
