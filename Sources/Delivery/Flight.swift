// SPDX-License-Identifier: Apache-2.0
/// A shard's deliveries that are with a process, since when, and in the order of hand-out: a doubly linked list through
/// the entries of the in-flight table.
///
/// Shard keeps one, which StreamRunner asks whose answer is overdue; ExecRunner one of those that have not timed out.
/// Invariant: an entry is in the list at most once, and the list is in the order of `begun`; as all wait equally long for
/// their answer, that is the order of the deadlines, too, whatever the time-out becomes meanwhile.

import LinuxIO

final class Flight {
    private struct Place {
        /// Monotonic nanoseconds; 0: not in the list.
        var begun: UInt64 = 0
        var earlier = EntryLink.none
        var later = EntryLink.none
    }

    private let places: FixedArray<Place>
    private var head = EntryLink.none
    private var tail = EntryLink.none
    /// How long an answer is waited for, nanoseconds; a change holds for those that are waited for already.
    var timeout: UInt64

    init(capacity: Int, timeout: UInt64) {
        self.timeout = timeout
        places = FixedArray(repeating: Place(), count: capacity)
    }

    var isEmpty: Bool { head == .none }
    var first: Int? { head.entry }
    /// When the first of them has waited too long; `.max` if there is none.
    var deadline: UInt64 { first.map { places[$0].begun.addingSaturated(timeout) } ?? .max }

    /// A delivery begins; one that is there already begins anew.
    /// - Parameter now: not 0, and never less than before.
    @inline(__always) func add(_ index: Int, now: UInt64) {
        if places[index].begun != 0 { land(index) }
        let new = EntryLink(index)
        places[index] = Place(begun: now, earlier: tail, later: .none)
        if let last = tail.entry { places[last].later = new } else { head = new }
        tail = new
    }

    /// It is answered, or has waited too long, or comes to nothing.
    /// - Returns: when it was handed out; nil if it is not in flight, or has landed already.
    @discardableResult
    func land(_ index: Int) -> UInt64? {
        let place = places[index]
        guard place.begun != 0 else { return nil }
        if let earlier = place.earlier.entry { places[earlier].later = place.later } else { head = place.later }
        if let later = place.later.entry { places[later].earlier = place.earlier } else { tail = place.earlier }
        places[index].begun = 0
        return place.begun
    }

    // MARK: two processes

    /// When the last of them began; 0 if there is none.
    var newest: UInt64 { tail.entry.map { places[$0].begun } ?? 0 }

    /// When a delivery began; 0 if it is not in flight.
    func begun(_ index: Int) -> UInt64 { places[index].begun }

    /// Those that began within these times, in their order.
    func entries(_ times: ClosedRange<UInt64>) -> [Int] {
        var entries: [Int] = []
        var link = head
        while let index = link.entry, places[index].begun <= times.upperBound {
            if places[index].begun >= times.lowerBound { entries.append(index) }
            link = places[index].later
        }
        return entries
    }
}
