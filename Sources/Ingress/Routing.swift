// SPDX-License-Identifier: Apache-2.0

import LinuxIO
package import Wire

/// Which services want a topic, with a memory for the topics of late: a repeated topic costs a few words to be compared.
///
/// Used by Intake once for each message. The memory is direct-mapped: a topic has one place, and takes it from the
/// topic that had it.
/// Invariant: a remembered route is what the router answers for exactly these bytes, and they are a topic.
package final class Routing {
    package struct Route: Equatable, BitwiseCopyable, Sendable {
        package var mask: UInt64
        package var hash: UInt32
        /// A topic that only the broker itself gives.
        package var isReserved: Bool

        /// Asks the router. `topic` is well formed.
        init(_ router: borrowing Router, _ topic: Span<UInt8>) {
            mask = router.route(topic)
            hash = StableHash.of(topic)
            isReserved = Topic.isReserved(topic)
        }
    }

    private struct Memory: BitwiseCopyable {
        var route: Route
        var count: Int
    }

    private static let places = 1024
    /// Of the longest topic that is remembered.
    private static let longest = 64

    private let memories = FixedArray<Memory?>(repeating: nil, count: places)
    /// The topics themselves, eight words for each place.
    private let topics = FixedArray<UInt64>(repeating: 0, count: places * longest / 8)

    package init() {}

    /// What is remembered of a topic; nil says nothing about it.
    @inline(__always)
    package func known(_ topic: Span<UInt8>) -> Route? {
        guard topic.count > 0, topic.count <= Self.longest else { return nil }
        let place = Self.place(topic)
        guard let memory = memories[place], memory.count == topic.count else { return nil }
        for index in 0..<Self.wordCount(topic) where topics[place &* 8 &+ index] != Self.word(topic, index) {
            return nil
        }
        return memory.route
    }

    /// Asks the router, and remembers what it says. `topic` is well formed.
    package func learn(_ topic: Span<UInt8>, from router: borrowing Router) -> Route {
        let route = Route(router, topic)
        guard topic.count <= Self.longest else { return route }
        let place = Self.place(topic)
        memories[place] = Memory(route: route, count: topic.count)
        for index in 0..<Self.wordCount(topic) { topics[place &* 8 &+ index] = Self.word(topic, index) }
        return route
    }

    /// Another router answers from now on.
    package func forget() { memories.fill(with: nil) }

    private static func place(_ topic: Span<UInt8>) -> Int {
        var hash = UInt64(truncatingIfNeeded: topic.count)
        for index in 0..<wordCount(topic) {
            hash = (hash ^ word(topic, index)) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash &>> 29
        }
        return Int(truncatingIfNeeded: hash & UInt64(places &- 1))
    }

    private static func wordCount(_ topic: Span<UInt8>) -> Int { (topic.count &+ 7) / 8 }

    /// The last word reaches back into the one before it, so that all are whole; a short topic is one word, filled up.
    @inline(__always) private static func word(_ topic: Span<UInt8>, _ index: Int) -> UInt64 {
        if topic.count >= 8 { return topic.word(at: min(index &* 8, topic.count &- 8)) }
        var word: UInt64 = 0
        for index in topic.indices { word = word &<< 8 | UInt64(topic[index]) }
        return word
    }
}
