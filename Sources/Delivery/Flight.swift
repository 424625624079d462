// SPDX-License-Identifier: Apache-2.0
/// A shard's deliveries that are with a process, in the order of hand-out, and since when.
///
/// Shard keeps one, which StreamRunner asks whose answer is overdue; ExecRunner one of those that have not timed out. Its
/// indices are those of the in-flight table.
/// Invariant: the list is in the order of `begins`; as all wait equally long for their answer, that is the order of the
/// deadlines, too, whatever the time-out becomes meanwhile.

import LinuxIO

final class Flight {
    private let list: IndexList
    /// When each was handed out, monotonic nanoseconds; 0: it is not in the list.
    private let begins: FixedArray<UInt64>
    /// How long an answer is waited for, nanoseconds; a change holds for those that are waited for already.
    var timeout: UInt64

    init(capacity: Int, timeout: UInt64) {
        self.timeout = timeout
        list = IndexList(capacity: capacity)
        begins = FixedArray(repeating: 0, count: capacity)
    }

    var isEmpty: Bool { list.isEmpty }
    var first: Int? { list.first }
    /// When the first of them has waited too long; `.max` if there is none.
    var deadline: UInt64 { list.first.map { begins[$0].addingSaturated(timeout) } ?? .max }

    /// A delivery begins; one that is there already begins anew.
    /// - Parameter now: not 0, and never less than before.
    func add(_ index: Int, now: UInt64) {
        land(index)
        list.append(index)
        begins[index] = now
    }

    /// It is answered, or has waited too long, or comes to nothing.
    /// - Returns: when it was handed out; nil if it is not in flight, or has landed already.
    @discardableResult
    func land(_ index: Int) -> UInt64? {
        let begun = begins[index]
        guard begun != 0 else { return nil }
        list.remove(index)
        begins[index] = 0
        return begun
    }
}
