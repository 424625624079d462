// SPDX-License-Identifier: Apache-2.0
/// First in, first out, in amortised constant time.
///
/// Used for what waits for an ack, for room or for a reader.
/// Invariant: what was taken out is let go of at once; its place is reclaimed later, in batches.

struct Queue<Element> {
    private var items: [Element?] = []
    private var start = 0

    var count: Int { items.count - start }
    var isEmpty: Bool { start == items.count }
    var first: Element? { isEmpty ? nil : items[start] }

    /// Counted from the oldest.
    subscript(index: Int) -> Element? { items[start + index] }

    mutating func append(_ element: Element) { items.append(element) }

    mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = items[start]
        items[start] = nil
        start += 1
        if start == items.count {
            items.removeAll(keepingCapacity: items.count <= 4096)
            start = 0
        } else if start > 4096 {
            items.removeFirst(start)
            start = 0
        }
        return element
    }

    /// Takes out whatever meets the condition, oldest first.
    mutating func extract(where condition: (Element) -> Bool) -> [Element] {
        var taken: [Element] = []
        var kept: [Element?] = []
        for case .some(let item) in items[start...] {
            if condition(item) { taken.append(item) } else { kept.append(item) }
        }
        guard !taken.isEmpty else { return [] }
        items = kept
        start = 0
        return taken
    }
}

extension Queue: Sendable where Element: Sendable {}
