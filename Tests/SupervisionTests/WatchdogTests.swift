// SPDX-License-Identifier: Apache-2.0
/// Who is called stuck, and who is not.

import Testing

@testable import Supervision

@Suite("Watchdog")
struct WatchdogTests {
    /// Limit 6, so it asks every 3.
    private static let limit: UInt64 = 6_000_000_000
    private static let step: UInt64 = 3_000_000_000

    @Test("it asks twice within the limit")
    func interval() {
        #expect(Watchdog(roles: 1, limit: Self.limit).interval == Self.step)
    }

    @Test("a role that answers every question is never stuck")
    func answers() {
        var watchdog = Watchdog(roles: 1, limit: Self.limit)
        for round in 1...20 as ClosedRange<UInt64> {
            #expect(watchdog.judge(question: round - 1, answers: [round - 1], at: round * Self.step).isEmpty)
        }
    }

    @Test("a role that stops answering is stuck when it has owed an answer for the whole limit")
    func stops() {
        var watchdog = Watchdog(roles: 2, limit: Self.limit)
        var stuckAt: UInt64?
        for round in 1...10 as ClosedRange<UInt64> {
            let answers: [UInt64?] = [round - 1, min(round - 1, 2)]
            let stuck = watchdog.judge(question: round - 1, answers: answers, at: round * Self.step)
            if stuck == [1], stuckAt == nil { stuckAt = round }
        }
        // It answered question 2, judged in round 3; the question put then was never answered.
        #expect(stuckAt == 5)
    }

    @Test("a slow role that gets on is not stuck")
    func slow() {
        var watchdog = Watchdog(roles: 1, limit: Self.limit)
        for round in 2...30 as ClosedRange<UInt64> {
            #expect(watchdog.judge(question: round, answers: [round / 2], at: round * Self.step).isEmpty)
        }
    }

    @Test("a role that is not ready is not judged, and starts afresh")
    func notReady() {
        var watchdog = Watchdog(roles: 1, limit: Self.limit)
        for round in 1...4 as ClosedRange<UInt64> {
            _ = watchdog.judge(question: round, answers: [0], at: round * Self.step)
        }
        #expect(watchdog.judge(question: 5, answers: [nil], at: 5 * Self.step).isEmpty)
        #expect(watchdog.judge(question: 6, answers: [0], at: 6 * Self.step).isEmpty)
    }

    @Test("a successor does not owe its predecessor's answers")
    func successor() {
        var watchdog = Watchdog(roles: 1, limit: Self.limit)
        for round in 1...3 as ClosedRange<UInt64> {
            _ = watchdog.judge(question: round, answers: [0], at: round * Self.step)
        }
        watchdog.forget(.acceptor)
        #expect(watchdog.judge(question: 4, answers: [0], at: 4 * Self.step).isEmpty)
    }

    @Test("after the whole machine stood still, everybody gets the limit anew")
    func suspended() {
        var watchdog = Watchdog(roles: 1, limit: Self.limit)
        _ = watchdog.judge(question: 1, answers: [1], at: Self.step)
        #expect(watchdog.judge(question: 2, answers: [1], at: 100 * Self.step).isEmpty)
        #expect(watchdog.judge(question: 3, answers: [1], at: 101 * Self.step).isEmpty)
        #expect(watchdog.judge(question: 4, answers: [1], at: 103 * Self.step) == [Role.acceptor.place])
    }

    @Test("with another limit and more roles it goes on with what it knows")
    func adopts() {
        var watchdog = Watchdog(roles: 1, limit: 10 * Self.limit)
        let long = watchdog.interval
        _ = watchdog.judge(question: 1, answers: [1], at: Self.step)
        watchdog.adopt(roles: 2, limit: Self.limit)
        #expect(watchdog.interval == long / 10)
        #expect(watchdog.judge(question: 2, answers: [1, 2], at: 2 * Self.step).isEmpty)
        #expect(watchdog.judge(question: 3, answers: [1, 3], at: 3 * Self.step) == [Role.acceptor.place])
        watchdog.adopt(roles: 1, limit: Self.limit)
        #expect(watchdog.judge(question: 4, answers: [4], at: 4 * Self.step).isEmpty)
    }
}
