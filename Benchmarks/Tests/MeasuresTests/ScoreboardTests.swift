// SPDX-License-Identifier: Apache-2.0
/// The scoreboard's words and the account that is made of them.

import Foundation
import Testing

@testable import Measures

@Suite("Scoreboard and tally")
struct ScoreboardTests {
    /// A page with some words set.
    static func board(_ words: [ScoreboardImage.Word: UInt64]) throws -> ScoreboardImage {
        var page = ScoreboardImage.page(count: 100, interval: 0, latencies: false)
        for (word, value) in words {
            for byte in 0..<8 { page[word.rawValue + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte)) }
        }
        return try #require(ScoreboardImage(page: page))
    }

    @Test("a new page says how many are wanted, at which pace, and whether latencies are")
    func fresh() throws {
        let page = ScoreboardImage.page(count: 300, interval: 200_000, latencies: true)
        let board = try #require(ScoreboardImage(page: page))
        #expect((board[.capacity], board[.interval], board[.flags], board[.received]) == (300, 200_000, 1, 0))
    }

    @Test("what is no scoreboard is refused", arguments: [Data(), Data(count: 4096)])
    func foreign(page: Data) {
        #expect(ScoreboardImage(page: page) == nil)
    }

    @Test(
        "latencies begin at the next multiple of eight behind the bytes of the numbers",
        arguments: [(8, 4104), (9, 4112)])
    func offsets(count: Int, offset: Int) {
        #expect(ScoreboardImage.latencyOffset(count: count) == offset)
        #expect(ScoreboardImage.size(count: count, latencies: true) == offset + 8 * count)
    }

    @Test("words are little-endian, wherever the data begins")
    func words() {
        let data = Data([9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]).dropFirst()
        #expect(ScoreboardImage.words(data) == [1, 256])
    }

    @Test("time runs from the first send to the last receipt of any consumer, or the last ack if that is later")
    func seconds() throws {
        let first = try Self.board([.firstSend: 1_000_000_000, .lastReceipt: 2_000_000_000, .received: 100, .acks: 100])
        let second = try Self.board([.lastReceipt: 3_000_000_000, .received: 100])
        let both = Tally([first, second], count: 100, hasSenderAcks: true)
        #expect((both.seconds, both.wanted, both.received, both.rate, both.senderAcks) == (2, 200, 200, 100, 100))
        let acked = try Self.board([.firstSend: 1_000_000_000, .lastReceipt: 2_000_000_000, .lastAck: 5_000_000_000])
        #expect(Tally([acked], count: 100, hasSenderAcks: false).seconds == 4)
        #expect(Tally([acked], count: 100, hasSenderAcks: false).senderAcks == nil)
    }

    @Test(
        "a run that lost, doubled, garbled or was refused something has failed",
        arguments: [
            ([.received: 100], nil), ([.received: 99], "lost 1 of 100"),
            ([.received: 100, .duplicates: 2], "doubled 2"), ([.received: 100, .garbage: 3], "garbled 3"),
            ([.received: 100, .errors: 4], "4 refused"), ([.received: 98, .duplicates: 1], "lost 2 of 100, doubled 1"),
        ] as [([ScoreboardImage.Word: UInt64], String?)])
    func failures(words: [ScoreboardImage.Word: UInt64], failure: String?) throws {
        #expect(Tally([try Self.board(words)], count: 100, hasSenderAcks: false).failure == failure)
    }

    @Test("percentiles leave the first tenth and what never came out, and are exact to three digits")
    func percentiles() {
        let latencies = [UInt64](repeating: 9_000_000, count: 100) + (1...899).map { UInt64($0) * 1000 } + [0]
        let curve = LatencyCurve(nanoseconds: latencies)
        #expect(curve.count == 899)
        #expect(abs(curve.value(at: 50) - 450) < 1)
        #expect(abs(curve.value(at: 99) - 890) < 2)
    }
}
