// SPDX-License-Identifier: Apache-2.0
/// Medians, spreads, and ratios round by round.

import Testing

@testable import Measures

@Suite("Spread and ratios")
struct SpreadTests {
    @Test(
        "the median is the middle figure, or the mean of the two in the middle",
        arguments: [([3.0], 3.0, 3.0, 3.0), ([5, 1, 3], 3, 1, 5), ([4, 1, 2, 9], 3, 1, 9)])
    func median(figures: [Double], median: Double, least: Double, greatest: Double) throws {
        let spread = try #require(Spread(figures))
        #expect((spread.median, spread.least, spread.greatest) == (median, least, greatest))
    }

    @Test("there is no spread of nothing, nor of what is no number", arguments: [[], [1, .nan], [.infinity]])
    func none(figures: [Double]) {
        #expect(Spread(figures) == nil)
    }

    @Test("unevenness is how much the greatest is over the least")
    func unevenness() throws {
        #expect(try #require(Spread([10, 12, 11])).unevenness == 12.0 / 10 - 1)
        #expect(try #require(Spread([0, 1])).unevenness == .infinity)
    }

    @Test("ratios are taken within a round; a round that one of them lacks has none")
    func byRound() {
        #expect(ratios(of: [1: 10, 2: 30, 4: 9], to: [1: 5, 2: 10, 3: 7, 4: 0]) == [2, 3])
    }
}
