// SPDX-License-Identifier: Apache-2.0
/// The deliveries that a stream process holds, and until when an answer to each is waited for.
///
/// Used by StreamRunner; its indices are those of the shard's in-flight table.
/// Invariant: the list is in the order of hand-out, and so in that of the deadlines: all wait equally long.

struct Flight {
    private var list: IndexList
    private var deadlines: [UInt64]

    init(capacity: Int) {
        list = IndexList(capacity: capacity)
        deadlines = [UInt64](repeating: 0, count: capacity)
    }

    var isEmpty: Bool { list.first == nil }
    var first: Int? { list.first }
    /// When the first of them has waited too long; `.max` if there is none.
    var deadline: UInt64 { list.first.map { deadlines[$0] } ?? .max }

    mutating func add(_ index: Int, deadline: UInt64) {
        list.append(index)
        deadlines[index] = deadline
    }

    /// It is answered, or has waited too long.
    mutating func land(_ index: Int) { list.remove(index) }
}
