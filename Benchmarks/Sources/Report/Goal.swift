// SPDX-License-Identifier: Apache-2.0
/// What a row is to show, and whether the results show it.
///
/// Used by the runner's rows, which name their goals, and for the verdicts in the report.
/// Invariant: a goal is met only by figures of sound runs, and not at all while a run of its subject has failed.

import Measures

package struct Goal: Sendable {
    /// What the figure has to be.
    package enum Bound: Sendable {
        /// Subject over the best of the others, round by round, in the median.
        case ratioAtLeast(Double)
        case ratioAtMost(Double)
        /// The subject's own median.
        case atMost(Double)
        /// The greatest of all contenders' medians is over the least by no more than this.
        case flat(Double)
        /// No contender's median is worse than its neighbour's on the x axis by more than this factor.
        case noCliff(Double)
    }

    package let words: String
    /// The section's title; a row with one section may leave it out.
    package let section: String?
    package let quantity: Quantity
    package let subject: String
    /// Empty: all others of the section but those that are the subject in another form ("Belfry, frames").
    package let others: [String]
    package let bound: Bound

    package init(
        _ words: String, section: String? = nil, _ quantity: Quantity, subject: String = "Belfry",
        others: [String] = [], _ bound: Bound
    ) {
        (self.words, self.section, self.quantity) = (words, section, quantity)
        (self.subject, self.others, self.bound) = (subject, others, bound)
    }

    package func verdict(on sections: [SectionResult]) -> Verdict {
        guard let section = sections.first(where: { section == nil || $0.title == section }) else {
            return Verdict(goal: words, figure: "not measured", isMet: nil)
        }
        switch bound {
        case .ratioAtLeast(let least): return compare(section) { $0 >= least }
        case .ratioAtMost(let most): return compare(section) { $0 <= most }
        case .atMost(let most): return alone(section) { $0 <= most }
        case .flat(let share): return spreadOut(section, share)
        case .noCliff(let factor): return steps(section, factor)
        }
    }

    private func compare(_ section: SectionResult, _ isEnough: (Double) -> Bool) -> Verdict {
        guard let mine = section[subject] else { return Verdict(goal: words, figure: "not measured", isMet: nil) }
        if let broken = broken(mine) { return broken }
        guard let best = best(of: section) else {
            return Verdict(goal: words, figure: "nothing to compare with ran", isMet: nil)
        }
        guard let spread = Spread(ratios(of: mine.rounds(quantity), to: best.rounds(quantity))) else {
            return Verdict(goal: words, figure: "no round that both finished", isMet: nil)
        }
        let missing = candidates(section).filter { $0.skipped != nil || $0.failures.count == $0.runs.count }.map(\.name)
        let without = missing.isEmpty ? "" : "; without \(missing.joined(separator: ", "))"
        let isEnough = isEnough(spread.median)
        // The best may be among those that are missing.
        return Verdict(
            goal: words, figure: "\(Self.times(spread)) \(best.name)\(without)",
            isMet: isEnough && !missing.isEmpty ? nil : isEnough)
    }

    private func candidates(_ section: SectionResult) -> [ContenderResult] {
        section.contenders.filter { others.isEmpty ? !$0.name.hasPrefix(subject) : others.contains($0.name) }
    }

    /// The one with the best median among those that ran.
    private func best(of section: SectionResult) -> ContenderResult? {
        let ranked = candidates(section).compactMap { other in other.spread(quantity).map { (other, $0.median) } }
        let best = quantity.isBetterWhenGreater ? ranked.max { $0.1 < $1.1 } : ranked.min { $0.1 < $1.1 }
        return best?.0
    }

    private func alone(_ section: SectionResult, _ isEnough: (Double) -> Bool) -> Verdict {
        guard let mine = section[subject] else { return Verdict(goal: words, figure: "not measured", isMet: nil) }
        if let broken = broken(mine) { return broken }
        guard let spread = mine.spread(quantity) else {
            return Verdict(goal: words, figure: "not measured", isMet: nil)
        }
        let range = "\(quantity.text(spread.least)) to \(quantity.text(spread.greatest))"
        let figure = "\(quantity.text(spread.median)) (\(range)), \(quantity.title)"
        return Verdict(goal: words, figure: figure, isMet: isEnough(spread.median))
    }

    private func spreadOut(_ section: SectionResult, _ share: Double) -> Verdict {
        if let broken = section.contenders.lazy.compactMap(broken).first { return broken }
        guard let spread = Spread(medians(section).map(\.1)), !section.contenders.isEmpty else {
            return Verdict(goal: words, figure: "not measured", isMet: nil)
        }
        let figure =
            "\(quantity.text(spread.least)) to \(quantity.text(spread.greatest)), "
            + "\(Int((spread.unevenness * 100).rounded())) % apart"
        return Verdict(goal: words, figure: figure, isMet: spread.unevenness <= share)
    }

    private func steps(_ section: SectionResult, _ factor: Double) -> Verdict {
        if let broken = section.contenders.lazy.compactMap(broken).first { return broken }
        let all = medians(section)
        let steps = zip(all, all.dropFirst()).map { before, after in
            (after.0, quantity.isBetterWhenGreater ? before.1 / after.1 : after.1 / before.1)
        }
        guard let worst = steps.max(by: { $0.1 < $1.1 }) else {
            return Verdict(goal: words, figure: "not measured", isMet: nil)
        }
        let figure = "the steepest step is × \(Quantity.plain(worst.1)), at \(worst.0)"
        return Verdict(goal: words, figure: figure, isMet: worst.1 <= factor)
    }

    private func medians(_ section: SectionResult) -> [(String, Double)] {
        section.contenders.compactMap { contender in
            contender.spread(quantity).map { (contender.name, $0.median) }
        }
    }

    private func broken(_ contender: ContenderResult) -> Verdict? {
        if let skipped = contender.skipped { return Verdict(goal: words, figure: skipped, isMet: nil) }
        guard let failure = contender.failures.first else { return nil }
        let figure = "\(contender.failures.count) of \(contender.runs.count) runs failed: \(failure)"
        return Verdict(goal: words, figure: figure, isMet: false)
    }

    static func times(_ spread: Spread) -> String {
        "\(Quantity.plain(spread.median)) × (\(Quantity.plain(spread.least)) to \(Quantity.plain(spread.greatest)))"
    }
}

extension Quantity {
    /// Rates; of latencies, cost and memory less is better.
    package var isBetterWhenGreater: Bool { self == .rate || self == .deliveries }
}
