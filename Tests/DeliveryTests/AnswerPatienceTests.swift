// SPDX-License-Identifier: Apache-2.0
/// When a worker leaves answers until it looks at them, and when they wake it.

import Testing

@testable import Delivery

@Suite("Patience with answers")
struct AnswerPatienceTests {
    private static let pause = AnswerPatience.pause

    /// Messages that follow each other closely, the last of them at the time that is returned.
    private func closely(_ patience: inout AnswerPatience, inFlight: Int = 1, from start: UInt64 = 1) -> UInt64 {
        var now = start * Self.pause * 100
        for _ in 0..<40 {
            now += Self.pause / 5
            patience.handedOut(now: now, inFlight: inFlight, window: 64)
        }
        return now
    }

    @Test("begins when messages follow each other closely, not with the first of them")
    func begins() {
        var patience = AnswerPatience()
        patience.handedOut(now: Self.pause * 100, inFlight: 1, window: 64)
        patience.handedOut(now: Self.pause * 100 + 1, inFlight: 2, window: 64)
        #expect(!patience.isPatient && patience.deadline == .max)
        let last = closely(&patience, from: 2)
        #expect(patience.isPatient && patience.deadline == last + Self.pause)
    }

    @Test("is not for messages that come one by one")
    func sparse() {
        var patience = AnswerPatience()
        for round in 1...100 as ClosedRange<UInt64> {
            patience.handedOut(now: round * Self.pause, inFlight: 1, window: 64)
        }
        #expect(!patience.isPatient)
    }

    @Test("ends when an eighth of the window waits for answers")
    func fullWindow() {
        var patience = AnswerPatience()
        let last = closely(&patience, inFlight: 7)
        #expect(patience.isPatient)
        patience.handedOut(now: last + 1, inFlight: 8, window: 64)
        #expect(!patience.isPatient)
    }

    @Test("looks twice in a pause, and once more when no message has come for one; then answers wake")
    func looks() {
        var patience = AnswerPatience()
        let last = closely(&patience)
        let looks = [Self.pause, 3 * Self.pause / 2 - 1].map { patience.looks(now: last + $0) }
        #expect(looks == [true, false])
        patience.expire(now: patience.deadline - 1)
        #expect(patience.isPatient)
        patience.expire(now: patience.deadline)
        let looksAgain = patience.looks(now: last + 10 * Self.pause)
        #expect(!patience.isPatient && !looksAgain)
    }
}
