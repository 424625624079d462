// SPDX-License-Identifier: Apache-2.0
/// The scoreboard: a file that publisher, consumers and runner map together, in which every sequence number is checked.
///
/// Used by the runner, which makes it and reads it; Benchmarks/Programs/bench.h has the same offsets.
/// Invariant: words are 64 bits, little-endian, at fixed offsets; times are CLOCK_MONOTONIC in nanoseconds.

import Foundation

/// The words of a scoreboard's first page.
package struct ScoreboardImage: Sendable {
    package static let magic: UInt64 = 0x4253_4C46_4542_5942
    /// The words lie in the first page, one byte for each sequence number behind it.
    package static let seenOffset = 4096

    /// Byte offsets.
    package enum Word: Int, Sendable {
        case magic = 0, capacity = 8, received = 16, duplicates = 24, outOfOrder = 32, garbage = 40
        case firstReceipt = 48, lastReceipt = 56, acks = 64, sent = 72, firstSend = 80, lastSend = 88, lastAck = 96
        case errors = 104, interval = 112, scheduleStart = 120, flags = 128, ready = 136, stop = 144
    }

    /// Bit of `flags`: the consumers are to write down each latency.
    package static let latenciesWanted: UInt64 = 1

    private let page: Data

    /// nil if this is no scoreboard.
    package init?(page: Data) {
        guard page.count >= Word.stop.rawValue + 8 else { return nil }
        self.page = page
        guard self[.magic] == Self.magic else { return nil }
    }

    package subscript(word: Word) -> UInt64 { Self.word(page, at: word.rawValue) }

    /// Where the latencies begin.
    package static func latencyOffset(count: Int) -> Int { seenOffset + (count + 7) / 8 * 8 }

    /// Bytes of the whole file.
    package static func size(count: Int, latencies: Bool) -> Int {
        latencyOffset(count: count) + (latencies ? count * 8 : 0)
    }

    /// A page for a run that has not begun.
    package static func page(count: Int, interval: UInt64, latencies: Bool) -> Data {
        var page = Data(count: seenOffset)
        func set(_ word: Word, _ value: UInt64) {
            let bytes = (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
            page.replaceSubrange(word.rawValue..<word.rawValue + 8, with: bytes)
        }
        set(.magic, magic)
        set(.capacity, UInt64(count))
        set(.interval, interval)
        set(.flags, latencies ? latenciesWanted : 0)
        return page
    }

    /// Words one behind the other, as the latencies are.
    package static func words(_ data: Data) -> [UInt64] {
        (0..<data.count / 8).map { word(data, at: $0 * 8) }
    }

    private static func word(_ data: Data, at offset: Int) -> UInt64 {
        let start = data.startIndex + offset
        return (0..<8).reduce(0) { $0 | UInt64(data[start + $1]) << UInt64(8 * $1) }
    }
}
