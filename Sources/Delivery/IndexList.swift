// SPDX-License-Identifier: Apache-2.0
/// A doubly linked list of small numbers, its links in two arrays: entries join at the end and leave from anywhere
/// without a search and without an allocation.
///
/// Used by ShardQueue (handed-out records by sequence) and by Flight (deliveries by time).
/// Invariant: a number is in the list at most once; walking from `first` by `after` meets each once.

struct IndexList {
    private static let none: Int32 = -1
    private var next: [Int32]
    private var previous: [Int32]
    private var head = none
    private var tail = none

    init(capacity: Int) {
        next = [Int32](repeating: Self.none, count: capacity)
        previous = next
    }

    var first: Int? { head == Self.none ? nil : Int(head) }
    var last: Int? { tail == Self.none ? nil : Int(tail) }
    func after(_ index: Int) -> Int? { next[index] == Self.none ? nil : Int(next[index]) }
    func before(_ index: Int) -> Int? { previous[index] == Self.none ? nil : Int(previous[index]) }

    mutating func append(_ index: Int) { insert(index, after: last) }

    /// Puts a number behind another one, or first of all.
    mutating func insert(_ index: Int, after other: Int?) {
        let new = Int32(truncatingIfNeeded: index)
        let left = other.map { Int32(truncatingIfNeeded: $0) } ?? Self.none
        let right = other.map { next[$0] } ?? head
        previous[index] = left
        next[index] = right
        if left == Self.none { head = new } else { next[Int(left)] = new }
        if right == Self.none { tail = new } else { previous[Int(right)] = new }
    }

    /// The number is in the list.
    mutating func remove(_ index: Int) {
        let left = previous[index]
        let right = next[index]
        if left == Self.none { head = right } else { next[Int(left)] = right }
        if right == Self.none { tail = left } else { previous[Int(right)] = left }
        next[index] = Self.none
        previous[index] = Self.none
    }
}
