// SPDX-License-Identifier: Apache-2.0
/// When the UDP socket is watched, and when it is looked at by the clock.

import Testing

@testable import Ingress

@Suite("The pace of looks at the UDP socket")
struct DatagramPaceTests {
    /// Looks every 50 µs for 3 ms, each of which brings so many, from a time on at which nothing had come for long.
    /// - Returns: the time of the last look.
    @discardableResult
    private func look(_ pace: inout DatagramPace, finding found: Int, from start: UInt64 = 1_000_000_000) -> UInt64 {
        var now = start
        for _ in 0..<60 {
            now += DatagramPace.pause
            pace.looked(at: now, found: found, isAll: true)
        }
        return now
    }

    @Test("goes by the clock from 64 in a millisecond on", arguments: [(0, false), (3, false), (4, true), (63, true)])
    func begins(found: Int, isPolling: Bool) {
        var pace = DatagramPace()
        let last = look(&pace, finding: found)
        #expect(pace.isPolling == isPolling)
        #expect(pace.nextLook == (isPolling ? last + DatagramPace.pause : .max))
    }

    @Test("does not take a single burst for much")
    func burst() {
        var pace = DatagramPace()
        pace.looked(at: 1_000_000_000, found: 63, isAll: true)
        pace.looked(at: 1_000_000_001, found: 63, isAll: true)
        #expect(!pace.isPolling && pace.nextLook == .max)
    }

    @Test("watches again when fewer than 32 come in a millisecond", arguments: [(0, false), (1, false), (2, true)])
    func ends(found: Int, isPolling: Bool) {
        var pace = DatagramPace()
        let last = look(&pace, finding: 20)
        #expect(pace.isPolling)
        look(&pace, finding: found, from: last)
        #expect(pace.isPolling == isPolling)
    }

    @Test("looks again at once where not all was read")
    func more() {
        var pace = DatagramPace()
        let last = look(&pace, finding: 20)
        pace.looked(at: last + 7, found: 64, isAll: false)
        #expect(pace.nextLook == last + 7)
    }
}
