// SPDX-License-Identifier: Apache-2.0
/// The deliveries that processes hold, and until when an answer to each is waited for.
///
/// Used by StreamRunner and ExecRunner; its indices are those of the shard's in-flight table.
/// Invariant: the list is in the order of hand-out, and so in that of the deadlines: all wait equally long, whatever the
/// time-out becomes meanwhile.

struct Flight {
    private var list: IndexList
    /// When each was handed out, monotonic nanoseconds.
    private var begins: [UInt64]
    /// How long an answer is waited for, nanoseconds; a change holds for those that are waited for already.
    var timeout: UInt64

    init(capacity: Int, timeout: UInt64) {
        self.timeout = timeout
        list = IndexList(capacity: capacity)
        begins = [UInt64](repeating: 0, count: capacity)
    }

    var isEmpty: Bool { list.first == nil }
    var first: Int? { list.first }
    /// When the first of them has waited too long; `.max` if there is none.
    var deadline: UInt64 { list.first.map { begins[$0].addingSaturated(timeout) } ?? .max }

    mutating func add(_ index: Int, now: UInt64) {
        list.append(index)
        begins[index] = now
    }

    /// It is answered, or has waited too long.
    mutating func land(_ index: Int) { list.remove(index) }
}
