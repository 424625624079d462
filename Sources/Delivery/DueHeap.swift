// SPDX-License-Identifier: Apache-2.0
/// What is to be delivered again, the earliest first, and of those due at the same moment the lowest sequence.
///
/// Used by ShardQueue. An entry of the in-flight table stands in it once at most, and leaves it with its record: a
/// service that fails everything and then acks it late leaves nothing behind.
/// Invariant: a binary heap by (due, sequence) in the first `count` items, and `places[items[i].index] == i + 1`.

import LinuxIO

final class DueHeap {
    struct Item: Equatable {
        /// Monotonic nanoseconds.
        let due: UInt64
        let sequence: UInt64
        let index: Int
    }

    private let items: FixedArray<Item>
    private var count = 0
    /// Where each entry's item stands, + 1; 0 for an entry that is not in the heap.
    private let places: FixedArray<Int32>

    /// - Parameter capacity: entries of the table.
    init(capacity: Int) {
        items = FixedArray(repeating: Item(due: 0, sequence: 0, index: 0), count: capacity)
        places = FixedArray(repeating: 0, count: capacity)
    }

    var first: Item? { count == 0 ? nil : items[0] }

    /// Takes an entry in, in place of what it was in for before.
    func push(_ item: Item) {
        remove(item.index)
        count += 1
        put(item, at: count - 1)
        siftUp(count - 1)
    }

    @discardableResult
    func pop() -> Item? {
        guard let top = first else { return nil }
        remove(top.index)
        return top
    }

    /// Takes an entry out, if it is there.
    func remove(_ index: Int) {
        let place = Int(places[index]) - 1
        guard place >= 0 else { return }
        places[index] = 0
        count -= 1
        guard place < count else { return }
        let last = items[count]
        items[place] = last
        siftUp(place)
        siftDown(Int(places[last.index]) - 1)
    }

    private func put(_ item: Item, at place: Int) {
        items[place] = item
        places[item.index] = Int32(truncatingIfNeeded: place + 1)
    }

    private func siftUp(_ start: Int) {
        let item = items[start]
        var place = start
        while place > 0, Self.precedes(item, items[(place - 1) / 2]) {
            put(items[(place - 1) / 2], at: place)
            place = (place - 1) / 2
        }
        put(item, at: place)
    }

    private func siftDown(_ start: Int) {
        let item = items[start]
        var place = start
        while let child = earlierChild(of: place), Self.precedes(items[child], item) {
            put(items[child], at: place)
            place = child
        }
        put(item, at: place)
    }

    private func earlierChild(of parent: Int) -> Int? {
        let left = 2 * parent + 1
        guard left < count else { return nil }
        let right = left + 1
        return right < count && Self.precedes(items[right], items[left]) ? right : left
    }

    private static func precedes(_ left: Item, _ right: Item) -> Bool {
        left.due != right.due ? left.due < right.due : left.sequence < right.sequence
    }
}
