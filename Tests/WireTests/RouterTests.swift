// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

/// The trie against examples, and against a matcher that is too simple to be wrong.
@Suite struct RouterTests {
    private func router(_ patterns: [String]) throws -> Router {
        Router(try patterns.enumerated().map { .init(slot: $0.offset, patterns: [try TopicPattern($0.element)]) })
    }

    @Test("a literal pattern matches exactly its topic")
    func matchesLiterals() throws {
        let router = try router(["a.b", "a", "a.b.c"])
        #expect(router.route(ascii("a.b").span) == 0b001)
        #expect(router.route(ascii("a").span) == 0b010)
        #expect(router.route(ascii("a.b.c").span) == 0b100)
        #expect(router.route(ascii("a.b.c.d").span) == 0)
        #expect(router.route(ascii("b").span) == 0)
    }

    @Test("a star stands for exactly one token")
    func matchesOneToken() throws {
        let router = try router(["a.*.c", "*"])
        #expect(router.route(ascii("a.b.c").span) == 0b01)
        #expect(router.route(ascii("a.c").span) == 0)
        #expect(router.route(ascii("a.b.b.c").span) == 0)
        #expect(router.route(ascii("raw").span) == 0b10)
    }

    @Test("the rest stands for one token or more")
    func matchesRest() throws {
        let router = try router(["a.>", ">"])
        #expect(router.route(ascii("a.b").span) == 0b11)
        #expect(router.route(ascii("a.b.c.d").span) == 0b11)
        #expect(router.route(ascii("a").span) == 0b10)
    }

    @Test("no pattern of a user matches below belfry.")
    func keepsTheBrokersOwn() throws {
        let router = try router([">", "*", "*.>", "*.x"])
        #expect(router.route(ascii("belfry.x").span) == 0)
        #expect(router.route(ascii("belfry").span) == 0)
        #expect(router.route(ascii("belfry2.x").span) == 0b1101)
    }

    @Test("all 64 slots, and several patterns for one of them, are told apart")
    func usesAllSlots() throws {
        let entries = try (0..<64).map { slot in
            Router.Entry(slot: slot, patterns: [try TopicPattern("t\(slot)"), try TopicPattern("all.*")])
        }
        let router = Router(entries)
        for slot in 0..<64 { #expect(router.route(ascii("t\(slot)").span) == 1 << UInt64(slot)) }
        #expect(router.route(ascii("all.x").span) == .max)
    }

    @Test("without a service nothing is matched")
    func matchesNothing() {
        #expect(Router([]).route(ascii("a.b").span) == 0)
    }

    @Test("random patterns match as the definition says", arguments: 1...20)
    func agreesWithDefinition(_ seed: Int) throws {
        var random = SeededGenerator(state: UInt64(seed))
        let patterns = try (0..<64).map { _ in try TopicPattern(randomPattern(&random)) }
        let router = Router(patterns.enumerated().map { .init(slot: $0.offset, patterns: [$0.element]) })
        for _ in 0..<500 {
            let topic = (0..<Int.random(in: 1...5, using: &random)).map { _ in randomWord(&random) }
            var expected: UInt64 = 0
            for (slot, pattern) in patterns.enumerated() where matches(pattern.tokens[...], topic[...]) {
                expected |= 1 << UInt64(slot)
            }
            let text = topic.joined(separator: ".")
            #expect(router.route(ascii(text).span) == expected, "seed \(seed), topic \(text)")
        }
    }

    private func matches(_ pattern: ArraySlice<TopicPattern.Token>, _ topic: ArraySlice<String>) -> Bool {
        guard let token = pattern.first, let word = topic.first else { return pattern.isEmpty && topic.isEmpty }
        switch token {
        case .rest: return true
        case .any: return matches(pattern.dropFirst(), topic.dropFirst())
        case .literal(let name): return name == ascii(word) && matches(pattern.dropFirst(), topic.dropFirst())
        }
    }

    private func randomWord(_ random: inout SeededGenerator) -> String {
        ["a", "b", "ab", "ba", "c"].randomElement(using: &random)!
    }

    private func randomPattern(_ random: inout SeededGenerator) -> String {
        var words = (0..<Int.random(in: 1...4, using: &random)).map { _ in
            Bool.random(using: &random) ? "*" : randomWord(&random)
        }
        if Int.random(in: 0..<3, using: &random) == 0 { words.append(">") }
        return words.joined(separator: ".")
    }
}
