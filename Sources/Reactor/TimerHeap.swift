// SPDX-License-Identifier: Apache-2.0
/// Deadlines in order: a binary heap over monotonic nanoseconds. Used by EventLoop, which turns the earliest deadline into
/// epoll's time-out. Time comes in as an argument, so that every test decides what time it is.
/// Invariant: heap[0] is never later than any other, position[heap[i].slot] == i, and a handle works until its timer was
/// due or was cancelled, not a moment longer. Nothing is allocated once the arrays have reached their greatest size.

/// A handle to one scheduled timer; stale ones do nothing.
package struct Timer: Equatable, Hashable, Sendable {
    fileprivate let slot: UInt32
    fileprivate let generation: UInt32
}

package struct TimerHeap {
    private struct Entry {
        var deadline: UInt64
        var slot: UInt32
    }

    private struct Slot {
        var generation: UInt32
        var position: Int
        var subject: Subject
    }

    private static let free = -1

    private var heap: [Entry] = []
    private var slots: [Slot] = []
    private var freeSlots: [UInt32] = []

    package init() {}

    package var count: Int { heap.count }

    /// The earliest deadline of all.
    package var nextDeadline: UInt64? { heap.first?.deadline }

    package mutating func schedule(_ subject: Subject, at deadline: UInt64) -> Timer {
        let slot = takeSlot(subject)
        heap.append(Entry(deadline: deadline, slot: slot))
        slots[Int(slot)].position = heap.count - 1
        siftUp(heap.count - 1)
        return Timer(slot: slot, generation: slots[Int(slot)].generation)
    }

    /// False when the timer was due or cancelled before.
    @discardableResult
    package mutating func reschedule(_ timer: Timer, at deadline: UInt64) -> Bool {
        guard let position = position(of: timer) else { return false }
        heap[position].deadline = deadline
        siftUp(position)
        siftDown(slots[Int(timer.slot)].position)
        return true
    }

    /// False when the timer was due or cancelled before.
    @discardableResult
    package mutating func cancel(_ timer: Timer) -> Bool {
        guard let position = position(of: timer) else { return false }
        remove(at: position)
        return true
    }

    /// When the timer is due; nil when it was due or cancelled before.
    package func deadline(of timer: Timer) -> UInt64? { position(of: timer).map { heap[$0].deadline } }

    /// Takes out one timer whose deadline is not after `now`.
    package mutating func popDue(_ now: UInt64) -> Subject? {
        guard let first = heap.first, first.deadline <= now else { return nil }
        let subject = slots[Int(first.slot)].subject
        remove(at: 0)
        return subject
    }

    private func position(of timer: Timer) -> Int? {
        guard Int(timer.slot) < slots.count else { return nil }
        let slot = slots[Int(timer.slot)]
        return slot.generation == timer.generation && slot.position != Self.free ? slot.position : nil
    }

    private mutating func takeSlot(_ subject: Subject) -> UInt32 {
        if let slot = freeSlots.popLast() {
            slots[Int(slot)].subject = subject
            return slot
        }
        slots.append(Slot(generation: 0, position: Self.free, subject: subject))
        return UInt32(slots.count - 1)
    }

    private mutating func remove(at position: Int) {
        let slot = heap[position].slot
        slots[Int(slot)].generation &+= 1
        slots[Int(slot)].position = Self.free
        freeSlots.append(slot)
        let last = heap.removeLast()
        guard position < heap.count else { return }
        place(last, at: position)
        siftUp(position)
        siftDown(slots[Int(last.slot)].position)
    }

    private mutating func siftUp(_ start: Int) {
        let entry = heap[start]
        var position = start
        while position > 0 {
            let parent = (position - 1) / 2
            guard entry.deadline < heap[parent].deadline else { break }
            place(heap[parent], at: position)
            position = parent
        }
        place(entry, at: position)
    }

    private mutating func siftDown(_ start: Int) {
        let entry = heap[start]
        var position = start
        while true {
            var child = 2 * position + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].deadline < heap[child].deadline { child += 1 }
            guard heap[child].deadline < entry.deadline else { break }
            place(heap[child], at: position)
            position = child
        }
        place(entry, at: position)
    }

    private mutating func place(_ entry: Entry, at position: Int) {
        heap[position] = entry
        slots[Int(entry.slot)].position = position
    }
}
