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
        var routing = Routing(router)
        // More topics than places, so that many share one.
        let topics = (0..<1_500).flatMap { ["a.\($0)", "b.\($0)"] }.map { Array($0.utf8) }
        for _ in 0..<2 {
            let wrong = topics.filter { topic in
                let first = routing.route(topic.span)
                let second = routing.route(topic.span)
                return first != second || first.mask != router.route(topic.span)
            }
            #expect(wrong.isEmpty)
        }
    }

    @Test("takes long topics too")
    func long() throws {
        let router = Router([.init(slot: 1, patterns: [try TopicPattern("x.>")])])
        var routing = Routing(router)
        let topic = Array(("x." + String(repeating: "y", count: 253)).utf8)
        #expect(routing.route(topic.span).mask == 2)
        #expect(routing.route(topic.span).mask == 2)
    }

    @Test("hashes equal topics alike, for ever")
    func hash() {
        #expect(StableHash.of(Array("raw".utf8).span) == 0xE909_9088)
        #expect(StableHash.of([UInt8]().span) == 0x4FD0_BFC1)
    }
}
