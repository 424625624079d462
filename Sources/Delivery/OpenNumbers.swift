// SPDX-License-Identifier: Apache-2.0
/// The numbers under which a `frames` process got its deliveries: from a number that it answers to the entry of the
/// shard's in-flight table, without a search.
///
/// Used by FramesFraming. A delivery that has timed out keeps its number until its message is delivered again, so that
/// an answer that comes late still counts.
/// Invariant: a number stands here once at most and an entry has one at most, so that there are never more of them than
/// entries; `last` is the greatest that the process has seen.

struct OpenNumbers {
    private var entries: SequenceIndex
    /// By entry; 0 for none.
    private var numbers: [UInt64]
    /// By entry: the record that its number was given for.
    private var sequences: [UInt64]
    private(set) var last: UInt64 = 0
    private(set) var count = 0

    init(capacity: Int) {
        entries = SequenceIndex(capacity: capacity)
        numbers = [UInt64](repeating: 0, count: capacity)
        sequences = numbers
    }

    /// The number of a delivery that is handed out now; an older one of the same entry is forgotten.
    mutating func give(_ entry: Int, sequence: UInt64) -> UInt64 {
        if numbers[entry] != 0 { forget(entry) }
        last &+= 1
        count += 1
        entries.insert(last, entry)
        numbers[entry] = last
        sequences[entry] = sequence
        return last
    }

    /// Takes a number out: its entry, and the record that it was given for. Nil if it was answered before.
    mutating func take(_ number: UInt64) -> (entry: Int, sequence: UInt64)? {
        guard let entry = entries[number] else { return nil }
        forget(entry)
        return (entry, sequences[entry])
    }

    /// Takes out all numbers of a range, in any order, and costs no more than there are entries, however long it is.
    mutating func take(_ range: ClosedRange<UInt64>, _ body: (_ entry: Int, _ sequence: UInt64) -> Void) {
        guard count > 0 else { return }
        guard range.upperBound &- range.lowerBound >= UInt64(numbers.count) else {
            for number in range { if let taken = take(number) { body(taken.entry, taken.sequence) } }
            return
        }
        for entry in numbers.indices where range.contains(numbers[entry]) {
            forget(entry)
            body(entry, sequences[entry])
        }
    }

    private mutating func forget(_ entry: Int) {
        entries.remove(numbers[entry])
        numbers[entry] = 0
        count -= 1
    }
}
