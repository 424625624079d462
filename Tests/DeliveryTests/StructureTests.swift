// SPDX-License-Identifier: Apache-2.0
/// The small structures below a queue: index, list, heap, lines of keys, frontier, token.

import Testing

@testable import Delivery

@Suite("The parts of a queue")
struct StructureTests {
    @Test("the index finds what was put in, through all collisions and removals", arguments: [1, 2, 3] as [UInt64])
    func index(seed: UInt64) {
        var chance = Jitter(seed: seed)
        let index = EntryIndex(capacity: 32, stride: seed == 2 ? 12 : 1)
        var model: [UInt64: Int] = [:]
        for _ in 0..<20_000 {
            let key = UInt64.random(in: 1...400, using: &chance)
            if let entry = model[key] {
                index.remove(entry)
                model[key] = nil
            } else if let entry = (0..<32).first(where: { index.key(of: $0) == 0 }) {
                index.insert(key, entry)
                model[key] = entry
            }
            #expect(index[key] == model[key])
        }
        for key in 1...400 as ClosedRange<UInt64> { #expect(index[key] == model[key]) }
    }

    @Test("open numbers find their entries as a dictionary does, and ranges as all of their numbers", arguments: 1...20)
    func openNumbers(_ seed: UInt64) {
        var chance = Jitter(seed: seed)
        let numbers = OpenNumbers(capacity: 8)
        var model: [UInt64: (entry: Int, sequence: UInt64)] = [:]
        for sequence in 1...500 as ClosedRange<UInt64> {
            let entry = Int.random(in: 0..<8, using: &chance)
            model = model.filter { $0.value.entry != entry }
            let number = numbers.give(entry, sequence: sequence)
            #expect(number == sequence && numbers.last == sequence)
            model[number] = (entry, sequence)
            guard Bool.random(using: &chance) else { continue }
            let first = UInt64.random(in: 1...number, using: &chance)
            let range = first...UInt64.random(in: first...number, using: &chance)
            var taken: [UInt64: Int] = [:]
            numbers.take(range) { taken[$1] = $0 }
            #expect(taken == model.filter { range.contains($0.key) }.mapValues(\.entry), "seed \(seed)")
            model = model.filter { !range.contains($0.key) }
            #expect(numbers.count == model.count)
            #expect(numbers.take(first) == nil)
        }
    }

    @Test("the list keeps its order through removals at both ends and in the middle")
    func list() {
        let list = IndexList(capacity: 5)
        for place in [0, 1, 2, 3] { list.append(place) }
        list.insert(4, after: 1)
        list.remove(0)
        list.remove(3)
        list.insert(3, after: nil)
        var walked: [Int] = []
        var place = list.first
        while let here = place {
            walked.append(here)
            place = list.after(here)
        }
        #expect(walked == [3, 1, 4, 2] && list.last == 2 && list.before(3) == nil)
        for place in walked { list.remove(place) }
        #expect(list.first == nil && list.last == nil)
    }

    @Test("the heap gives the earliest first, and the lowest sequence of the same moment")
    func heap() {
        var chance = Jitter(seed: 8)
        let heap = DueHeap(capacity: 500)
        let items = (0..<500).map { index in
            DueHeap.Item(
                due: UInt64.random(in: 0..<50, using: &chance), sequence: UInt64.random(in: 0..<1_000, using: &chance),
                index: index)
        }
        for item in items { heap.push(item) }
        var popped: [DueHeap.Item] = []
        while let item = heap.pop() { popped.append(item) }
        let expected = items.sorted { ($0.due, $0.sequence) < ($1.due, $1.sequence) }
        #expect(popped.map(\.due) == expected.map(\.due) && popped.map(\.sequence) == expected.map(\.sequence))
    }

    @Test("the end of a key's line releases what was passed over, and only then")
    func keys() {
        let held = HeldKeys()
        held.hold(3, key: 9)
        held.hold(5, key: 9)
        #expect(held.blocks(4, key: 9) && !held.blocks(3, key: 9) && !held.blocks(4, key: 8))
        held.passOver(7, key: 9)
        held.passOver(6, key: 9)
        #expect(held.resolve(3, key: 9) == HeldKeys.Release(next: 5, passedFrom: nil))
        #expect(held.resolve(5, key: 9) == HeldKeys.Release(next: nil, passedFrom: 6))
        #expect(held.resolve(6, key: 9) == HeldKeys.Release())
    }

    @Test("the frontier tells of the first record for each slot of interest, and of none twice")
    func frontier() {
        let masks: [UInt64] = [0b100, 0b001, 0b010, 0b011, 0b010]
        var frontier = Frontier(at: 0)
        var told: [UInt64] = []
        frontier.advance(to: 5, interest: 0b011, mask: { masks[Int($0)] }) { sequence, slots in
            told.append(sequence)
            return 0b011 & ~slots & ~(sequence > 1 ? 0b001 : 0)
        }
        #expect(told == [1, 2] && frontier.position == 5)
        frontier.advance(to: 5, interest: 0b011, mask: { masks[Int($0)] }) { _, _ in
            Issue.record("told of an old record")
            return 0
        }
    }

    @Test("a token comes back from its subject as it was")
    func token() {
        let token = Token(.output, runner: 4_095, place: 1_023)
        #expect(Token(token.subject) == token)
    }
}
