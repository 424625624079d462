// SPDX-License-Identifier: Apache-2.0
/// What is to be delivered again, the earliest first, and of those due at the same moment the lowest sequence.
///
/// Used by ShardQueue, which looks at pop whether an item still holds: an entry that was resolved or failed anew
/// leaves its old item behind.
/// Invariant: a binary heap by (due, sequence).

struct DueHeap {
    struct Item: Equatable {
        /// Monotonic nanoseconds.
        let due: UInt64
        let sequence: UInt64
        let index: Int
    }

    private var items: [Item] = []

    var first: Item? { items.first }

    mutating func push(_ item: Item) {
        items.append(item)
        var child = items.count - 1
        while child > 0, Self.precedes(items[child], items[(child - 1) / 2]) {
            items.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    @discardableResult
    mutating func pop() -> Item? {
        guard let top = items.first, let last = items.popLast() else { return nil }
        guard !items.isEmpty else { return top }
        items[0] = last
        var parent = 0
        while let child = earlierChild(of: parent), Self.precedes(items[child], items[parent]) {
            items.swapAt(child, parent)
            parent = child
        }
        return top
    }

    private func earlierChild(of parent: Int) -> Int? {
        let left = 2 * parent + 1
        guard left < items.count else { return nil }
        let right = left + 1
        return right < items.count && Self.precedes(items[right], items[left]) ? right : left
    }

    private static func precedes(_ left: Item, _ right: Item) -> Bool {
        left.due != right.due ? left.due < right.due : left.sequence < right.sequence
    }
}
