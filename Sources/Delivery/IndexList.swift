// SPDX-License-Identifier: Apache-2.0
/// A doubly linked list of small numbers, its links in one array: entries join at the end and leave from anywhere
/// without a search and without an allocation.
///
/// Used by ShardQueue (handed-out records by sequence).
/// Invariant: a number is in the list at most once; walking from `first` by `after` meets each once.

import LinuxIO

final class IndexList {
    private struct Link {
        var next = IndexList.none
        var previous = IndexList.none
    }

    private static let none: Int32 = -1
    private let links: FixedArray<Link>
    private var head = none
    private var tail = none

    init(capacity: Int) { links = FixedArray(repeating: Link(), count: capacity) }

    var isEmpty: Bool { head == Self.none }
    var first: Int? { Self.index(head) }
    var last: Int? { Self.index(tail) }
    func after(_ index: Int) -> Int? { Self.index(links[index].next) }
    func before(_ index: Int) -> Int? { Self.index(links[index].previous) }

    @inline(__always) func append(_ index: Int) { insert(index, after: last) }

    /// Puts a number behind another one, or first of all.
    @inline(__always) func insert(_ index: Int, after other: Int?) {
        let new = Int32(truncatingIfNeeded: index)
        let left = other.map { Int32(truncatingIfNeeded: $0) } ?? Self.none
        let right = other.map { links[$0].next } ?? head
        links[index] = Link(next: right, previous: left)
        if left == Self.none { head = new } else { links[Int(left)].next = new }
        if right == Self.none { tail = new } else { links[Int(right)].previous = new }
    }

    /// The number is in the list.
    @inline(__always) func remove(_ index: Int) {
        let link = links[index]
        if link.previous == Self.none { head = link.next } else { links[Int(link.previous)].next = link.next }
        if link.next == Self.none { tail = link.previous } else { links[Int(link.next)].previous = link.previous }
        links[index] = Link()
    }

    private static func index(_ link: Int32) -> Int? { link == none ? nil : Int(link) }
}
