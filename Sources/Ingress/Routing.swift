// SPDX-License-Identifier: Apache-2.0

package import Wire

/// Which services want a topic, with a memory for the topics of late: a repeated topic costs one hash and one compare.
///
/// Used by Intake once for each message. The memory is direct-mapped: a topic has one place, and takes it from the
/// topic that had it.
/// Invariant: a remembered mask is what the router answers for exactly these bytes.
package struct Routing {
    package struct Route: Equatable, Sendable {
        package var mask: UInt64
        package var hash: UInt32
    }

    private struct Memory {
        var mask: UInt64 = 0
        var hash: UInt32 = 0
        /// 0 marks a place that was never taken: no topic is empty.
        var count = 0
    }

    private static let places = 1024
    /// Longer topics are not remembered.
    private static let room = 64

    private let router: Router
    private var memories = [Memory](repeating: Memory(), count: places)
    private var topics = [UInt8](repeating: 0, count: places * room)

    package init(_ router: Router) {
        self.router = router
    }

    /// `topic` is well formed.
    package mutating func route(_ topic: Span<UInt8>) -> Route {
        let hash = StableHash.of(topic)
        let place = Int(hash & UInt32(Self.places &- 1))
        if memories[place].hash == hash, holds(topic, at: place) {
            return Route(mask: memories[place].mask, hash: hash)
        }
        let mask = router.route(topic)
        if topic.count <= Self.room { remember(topic, Memory(mask: mask, hash: hash, count: topic.count), at: place) }
        return Route(mask: mask, hash: hash)
    }

    private func holds(_ topic: Span<UInt8>, at place: Int) -> Bool {
        guard memories[place].count == topic.count, topic.count > 0 else { return false }
        let start = place &* Self.room
        var index = 0
        while index < topic.count {
            if topics[start &+ index] != topic[index] { return false }
            index &+= 1
        }
        return true
    }

    private mutating func remember(_ topic: Span<UInt8>, _ memory: Memory, at place: Int) {
        let start = place &* Self.room
        for index in topic.indices { topics[start &+ index] = topic[index] }
        memories[place] = memory
    }
}
