// SPDX-License-Identifier: Apache-2.0
/// Timers: what is due when, handles that outlive their timer, and any order of calls against a plain list.

import Reactor
import Testing

@Suite("Timers")
struct TimerHeapTests {
    @Test(
        "come out in the order of their deadlines, and none before its time",
        arguments: [
            ([30, 10, 20], 25, [1, 2]), ([5, 5, 5], 4, []), ([1], 1, [0]), ([], 100, []),
            ([9, 8, 7, 6, 5, 4], 6, [5, 4, 3]), ([0, .max], .max, [0, 1]),
        ] as [([UInt64], UInt64, [UInt32])])
    func order(deadlines: [UInt64], now: UInt64, expected: [UInt32]) {
        var timers = TimerHeap()
        for (index, deadline) in deadlines.enumerated() {
            _ = timers.schedule(Subject(kind: 1, index: UInt32(index)), at: deadline)
        }
        #expect(timers.nextDeadline == deadlines.min())
        #expect(drain(&timers, now) == expected)
        #expect(timers.count == deadlines.count - expected.count)
    }

    @Test("do not come once they were cancelled, and a second time cancelling says so")
    func cancel() {
        var timers = TimerHeap()
        let first = timers.schedule(Subject(kind: 0, index: 1), at: 10)
        _ = timers.schedule(Subject(kind: 0, index: 2), at: 20)
        #expect(timers.cancel(first) == true)
        #expect(timers.cancel(first) == false)
        #expect(drain(&timers, 100) == [2])
    }

    @Test("come at their new time, earlier or later", arguments: [(5, [1, 2]), (25, [2, 1])] as [(UInt64, [UInt32])])
    func reschedule(deadline: UInt64, expected: [UInt32]) {
        var timers = TimerHeap()
        let first = timers.schedule(Subject(kind: 0, index: 1), at: 10)
        _ = timers.schedule(Subject(kind: 0, index: 2), at: 20)
        #expect(timers.reschedule(first, at: deadline) == true)
        #expect(timers.deadline(of: first) == deadline)
        #expect(drain(&timers, 100) == expected)
    }

    @Test("that were due can't be touched through their handle, though another has their place")
    func stale() {
        var timers = TimerHeap()
        let first = timers.schedule(Subject(kind: 0, index: 1), at: 10)
        #expect(drain(&timers, 10) == [1])
        let second = timers.schedule(Subject(kind: 0, index: 2), at: 20)
        #expect(timers.cancel(first) == false)
        #expect(timers.reschedule(first, at: 0) == false)
        #expect(timers.deadline(of: first) == nil)
        #expect(timers.deadline(of: second) == 20)
        #expect(drain(&timers, 20) == [2])
    }

    @Test("agree with a plain list after any calls", arguments: 1...20 as ClosedRange<UInt64>)
    func model(seed: UInt64) {
        var random = Generator(state: seed)
        var timers = TimerHeap()
        var model: [UInt32: (timer: Timer, deadline: UInt64)] = [:]
        for index in 0..<2000 as Range<UInt32> {
            let deadline = UInt64.random(in: 0...1000, using: &random)
            switch Int.random(in: 0...3, using: &random) {
            case 0, 1: model[index] = (timers.schedule(Subject(kind: 0, index: index), at: deadline), deadline)
            case 2:
                guard let key = model.keys.sorted().randomElement(using: &random), let entry = model[key] else { break }
                if Bool.random(using: &random) {
                    #expect(timers.cancel(entry.timer) == true)
                    model[key] = nil
                } else {
                    #expect(timers.reschedule(entry.timer, at: deadline) == true)
                    model[key] = (entry.timer, deadline)
                }
            default:
                let due = Set(drain(&timers, deadline / 4))
                #expect(due == Set(model.filter { $0.value.deadline <= deadline / 4 }.keys))
                for key in due { model[key] = nil }
            }
            #expect(timers.count == model.count)
            #expect(timers.nextDeadline == model.values.map(\.deadline).min())
        }
    }

    private func drain(_ timers: inout TimerHeap, _ now: UInt64) -> [UInt32] {
        var due: [UInt32] = []
        while let subject = timers.popDue(now) { due.append(subject.index) }
        return due
    }
}

/// A small random number generator whose seed stands in the test's name (splitmix64).
private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
