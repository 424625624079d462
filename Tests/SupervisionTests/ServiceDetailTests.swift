// SPDX-License-Identifier: Apache-2.0
/// What is told of a service: failures of several pages put together, what a hostile page may say, and the words for a
/// paused service.

import Control
import Ring
import Testing

@testable import Supervision

@Suite("The details of a service")
struct ServiceDetailTests {
    private func failure(_ words: String, at time: UInt64, count: UInt64 = 1, slot: Int = 3, incarnation: UInt64 = 1)
        -> FailureEntry
    {
        FailureEntry(time: time, slot: slot, incarnation: incarnation, count: count, words: words)
    }

    @Test("have its own failures and no other's, the newest first, those of several workers together")
    func failures() {
        let all = [
            failure("ended with exit 3", at: 10, count: 4), failure("timed out", at: 40),
            failure("ended with exit 3", at: 20, count: 5), failure("another's", at: 50, slot: 4),
            failure("its predecessor's", at: 60, incarnation: 0),
        ]
        #expect(
            ServiceDetail.failures(of: [(3, 1), (9, 1)], in: all) == [
                .init(time: 40, count: 1, words: "timed out"),
                .init(time: 20, count: 9, words: "ended with exit 3"),
            ])
    }

    @Test("make printable what a service said")
    func printable() {
        let told = ServiceDetail.failures(
            of: [(3, 1)], in: [failure("a\u{1B}[2J\nb\u{202E}c", at: 1), failure("a [2J b c", at: 2)])
        #expect(told == [.init(time: 2, count: 2, words: "a [2J b c")])
    }

    @Test("do not overflow with what a hostile page counts")
    func overflow() {
        let told = ServiceDetail.failures(
            of: [(3, 1)], in: [failure("x", at: .max, count: .max), failure("x", at: 0, count: 2)])
        #expect(told.count == 1 && told[0].time == .max)
    }

    @Test(
        "say of a paused service what waits, and whether it holds the ring back",
        arguments: [
            (nil, nil, nil, "paused by an operator"),
            (40, 40, 10, "paused by an operator; what waits for it longest came 1m00s ago"),
            (40, nil, 50, "paused by an operator; what waits for it longest came 1m00s ago"),
            (40, 60, 50, "paused by an operator; what waits for it longest came 1m00s ago"),
            (
                40, 40, 40,
                "paused by an operator; what waits for it longest came 1m00s ago and holds the ring back (25% full)"
            ),
        ] as [(UInt64?, UInt64?, UInt64?, String)])
    func paused(oldest: UInt64?, inRing: UInt64?, first: UInt64?, expected: String) {
        let second: UInt64 = 1_000_000_000
        #expect(
            ServiceDetail.pauseWords(
                oldest: oldest.map { $0 * second }, inRing: inRing.map { $0 * second },
                first: first.map { $0 * second }, percent: 25, now: 100 * second)
                == expected)
    }
}
