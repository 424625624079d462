// SPDX-License-Identifier: Apache-2.0
/// The middle and the ends of what several rounds gave, and ratios of two contenders round by round.
///
/// Used by the report, for figures and for verdicts.
/// Invariant: least <= median <= greatest, and none of them is NaN.

/// Median, least and greatest of some figures.
package struct Spread: Hashable, Sendable {
    package let median: Double
    package let least: Double
    package let greatest: Double

    /// nil if there is no figure, or one that is no number.
    package init?(_ figures: [Double]) {
        let sorted = figures.sorted()
        guard let first = sorted.first, let last = sorted.last, figures.allSatisfy(\.isFinite) else { return nil }
        let middle = sorted.count / 2
        median = sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
        least = first
        greatest = last
    }

    /// How much the greatest is over the least: 0.2 means by a fifth.
    package var unevenness: Double { least > 0 ? greatest / least - 1 : .infinity }
}

/// Figures by round: a round that failed has none.
package typealias Rounds = [Int: Double]

/// The ratio of each round that both have. Machines change their speed from minute to minute: what two contenders did
/// within one round can be compared, their medians over all rounds less well.
package func ratios(of subject: Rounds, to other: Rounds) -> [Double] {
    subject.keys.sorted().compactMap { round in
        guard let mine = subject[round], let theirs = other[round], theirs > 0 else { return nil }
        return mine / theirs
    }
}
