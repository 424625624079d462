// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

@testable import Ingress

/// The router with its memory answers as the router without.
@Suite("Routing")
struct RoutingTests {
    @Test("answers the same the first time, the second time, and after another topic took the place")
    func remembers() throws {
        let router = Router([
            .init(slot: 0, patterns: [try TopicPattern("a.>")]), .init(slot: 5, patterns: [try TopicPattern("*.7")]),
        ])
        let routing = Routing()
        // More topics than places, so that many share one.
        let topics = (0..<1_500).flatMap { ["a.\($0)", "b.\($0)"] }.map { Array($0.utf8) }
        for _ in 0..<2 {
            let wrong = topics.filter { topic in
                let first = routing.known(topic.span) ?? routing.learn(topic.span, from: router)
                return routing.known(topic.span) != first || first.mask != router.route(topic.span)
            }
            #expect(wrong.isEmpty)
        }
    }

    @Test("takes long topics too")
    func long() throws {
        let router = Router([.init(slot: 1, patterns: [try TopicPattern("x.>")])])
        let routing = Routing()
        let topic = Array(("x." + String(repeating: "y", count: 253)).utf8)
        #expect(routing.learn(topic.span, from: router).mask == 2)
        #expect(routing.known(topic.span) == nil)
    }

    @Test("tells topics apart that differ in one byte only, or in their length")
    func alike() {
        let router = Router([])
        for count in 1...64 {
            let routing = Routing()
            let topic = [UInt8](repeating: 0x61, count: count)
            let route = routing.learn(topic.span, from: router)
            #expect(routing.known(topic.span) == route)
            for place in topic.indices {
                var other = topic
                other[place] = 0x62
                #expect(routing.known(other.span) == nil)
            }
            #expect(routing.known((topic + [0x61]).span) == nil)
        }
    }

    @Test("forgets what another router said")
    func forgets() throws {
        let routing = Routing()
        let topic = Array("a.b".utf8)
        let router = Router([.init(slot: 1, patterns: [try TopicPattern("a.>")])])
        #expect(routing.learn(topic.span, from: router) == routing.known(topic.span))
        routing.forget()
        #expect(routing.known(topic.span) == nil)
    }

    @Test("knows which topics only the broker gives")
    func reserved() {
        let (routing, router) = (Routing(), Router([]))
        #expect(routing.learn(Array("syslog.user.info".utf8).span, from: router).isReserved)
        #expect(routing.learn(Array("syslogs".utf8).span, from: router).isReserved == false)
    }

    @Test("hashes equal topics alike, for ever")
    func hash() {
        #expect(StableHash.of(Array("raw".utf8).span) == 0xE909_9088)
        #expect(StableHash.of([UInt8]().span) == 0x4FD0_BFC1)
    }
}
