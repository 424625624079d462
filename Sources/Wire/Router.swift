// SPDX-License-Identifier: Apache-2.0

/// From a topic to the set of services that want it: a trie over tokens, its edges in one hash table.
///
/// Built by the acceptor when settings change, asked once for each message.
/// Invariant: `route` allocates nothing, visits each node of the trie at most once, and answers no slot for a topic
/// whose first token is `belfry`.
package struct Router: Sendable {
    package struct Entry: Sendable {
        package var slot: Int
        package var patterns: [TopicPattern]

        package init(slot: Int, patterns: [TopicPattern]) {
            self.slot = slot
            self.patterns = patterns
        }
    }

    private struct Node: Sendable {
        /// Slots whose pattern ends here.
        var exact: UInt64 = 0
        /// Slots whose pattern goes on with `>` here.
        var rest: UInt64 = 0
        /// The node behind `*`, 0 if there is none (0 is the root, which is behind nothing).
        var any: UInt32 = 0
    }

    private struct Edge: Sendable {
        var parent: UInt32
        /// 0 marks a free place in the table.
        var child: UInt32
        var token: Range<Int>
    }

    private var nodes = [Node()]
    private var edges: [Edge]
    private var tokens: [UInt8] = []

    package init(_ entries: [Entry]) {
        let tokenCount = entries.reduce(0) { $0 + $1.patterns.reduce(0) { $0 + $1.tokens.count } }
        var capacity = 8
        while capacity < 2 * tokenCount { capacity *= 2 }
        edges = Array(repeating: Edge(parent: 0, child: 0, token: 0..<0), count: capacity)
        for entry in entries {
            precondition(entry.slot >= 0 && entry.slot < 64, "a slot is a bit of the mask")
            for pattern in entry.patterns { insert(pattern, bit: 1 << UInt64(entry.slot)) }
        }
    }

    /// The slots of all services with a pattern that matches, as bits. `topic` is well formed.
    package func route(_ topic: Span<UInt8>) -> UInt64 {
        let first = 0..<(topic.first(Topic.dot, in: topic.indices) ?? topic.count)
        if topic.equals("belfry", in: first) { return 0 }
        return match(topic, from: 0, node: 0)
    }

    private func match(_ topic: Span<UInt8>, from start: Int, node: UInt32) -> UInt64 {
        let here = nodes[Int(node)]
        if start > topic.count { return here.exact }
        let end = topic.first(Topic.dot, in: start..<topic.count) ?? topic.count
        var mask = here.rest
        if here.any != 0 { mask |= match(topic, from: end &+ 1, node: here.any) }
        let place = find(topic, token: start..<end, parent: node)
        let child = edges[place].child
        if child != 0 { mask |= match(topic, from: end &+ 1, node: child) }
        return mask
    }

    private mutating func insert(_ pattern: TopicPattern, bit: UInt64) {
        var node: UInt32 = 0
        for token in pattern.tokens {
            switch token {
            case .rest:
                nodes[Int(node)].rest |= bit
                return
            case .any:
                if nodes[Int(node)].any == 0 { nodes[Int(node)].any = addNode() }
                node = nodes[Int(node)].any
            case .literal(let name):
                node = child(of: node, named: name)
            }
        }
        nodes[Int(node)].exact |= bit
    }

    private mutating func child(of parent: UInt32, named name: [UInt8]) -> UInt32 {
        let place = find(name.span, token: name.indices, parent: parent)
        if edges[place].child == 0 {
            let start = tokens.count
            tokens.append(contentsOf: name)
            edges[place] = Edge(parent: parent, child: addNode(), token: start..<tokens.count)
        }
        return edges[place].child
    }

    private mutating func addNode() -> UInt32 {
        nodes.append(Node())
        return UInt32(nodes.count - 1)
    }

    /// The place of the edge from `parent` named by `token`, or the free place where it would be. There always is one:
    /// the table has at least twice as many places as edges.
    private func find(_ bytes: Span<UInt8>, token: Range<Int>, parent: UInt32) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(parent)
        for index in token { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3 }
        let mask = edges.count &- 1
        var place = Int(truncatingIfNeeded: hash ^ hash &>> 32) & mask
        while true {
            let edge = edges[place]
            if edge.child == 0 || (edge.parent == parent && isEqual(edge.token, bytes, token)) { return place }
            place = (place &+ 1) & mask
        }
    }

    private func isEqual(_ name: Range<Int>, _ bytes: Span<UInt8>, _ token: Range<Int>) -> Bool {
        guard name.count == token.count else { return false }
        for offset in 0..<token.count
        where tokens[name.lowerBound &+ offset] != bytes[token.lowerBound &+ offset] { return false }
        return true
    }
}
