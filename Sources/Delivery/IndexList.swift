// SPDX-License-Identifier: Apache-2.0
/// A doubly linked list of small numbers, its links in one array: entries join at the end and leave from anywhere
/// without a search and without an allocation.
///
/// Used by ShardQueue (handed-out records by sequence).
/// Invariant: a number is in the list at most once; walking from `first` by `after` meets each once.

import LinuxIO

final class IndexList {
    private struct Link {
        var next = EntryLink.none
        var previous = EntryLink.none
    }

    private let links: FixedArray<Link>
    private var head = EntryLink.none
    private var tail = EntryLink.none

    init(capacity: Int) { links = FixedArray(repeating: Link(), count: capacity) }

    var isEmpty: Bool { head == .none }
    var first: Int? { head.entry }
    var last: Int? { tail.entry }
    func after(_ index: Int) -> Int? { links[index].next.entry }
    func before(_ index: Int) -> Int? { links[index].previous.entry }

    @inline(__always) func append(_ index: Int) { insert(index, after: last) }

    /// Puts a number behind another one, or first of all.
    @inline(__always) func insert(_ index: Int, after other: Int?) {
        let new = EntryLink(index)
        let right = other.map { links[$0].next } ?? head
        links[index] = Link(next: right, previous: other.map { EntryLink($0) } ?? .none)
        if let left = other { links[left].next = new } else { head = new }
        if let right = right.entry { links[right].previous = new } else { tail = new }
    }

    /// The number is in the list.
    @inline(__always) func remove(_ index: Int) {
        let link = links[index]
        if let left = link.previous.entry { links[left].next = link.next } else { head = link.next }
        if let right = link.next.entry { links[right].previous = link.previous } else { tail = link.previous }
        links[index] = Link()
    }
}
