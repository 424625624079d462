// SPDX-License-Identifier: Apache-2.0
/// Where a figure stands in a chart.
///
/// Used by the panels.
/// Invariant: an axis ends on a round figure, and no figure falls outside of it.

import Foundation

struct Frame {
    let left, top, width, height: Double
    var right: Double { left + width }
    var bottom: Double { top + height }
}

struct Scale {
    let from, to: Double
    let logarithmic: Bool
    let start, end: Double

    subscript(_ figure: Double) -> Double {
        guard to > from else { return (start + end) / 2 }
        let share = logarithmic ? log(figure / from) / log(to / from) : (figure - from) / (to - from)
        return start + (end - start) * share
    }

    /// Three to six round figures from zero up to one that is at least `most`.
    static func ticks(upTo most: Double) -> [Double] {
        guard most > 0, most.isFinite else { return [0, 1] }
        let rough = most / 4
        let power = pow(10, floor(log10(rough)))
        let step = [1, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? rough
        let count = Int((most / step).rounded(.up))
        return (0...max(count, 1)).map { Double($0) * step }
    }

    /// A logarithmic axis from 1, 2 or 5 times a power of ten to another.
    static func decades(around least: Double, _ greatest: Double, start: Double, end: Double) -> Scale {
        let steps = roundFigures(from: least / 10, to: greatest * 10)
        let low = steps.last { $0 <= least } ?? least
        let high = steps.first { $0 >= greatest && $0 > low } ?? greatest
        return Scale(from: low, to: high, logarithmic: true, start: start, end: end)
    }

    /// The round figures of a logarithmic axis.
    var decadeTicks: [Double] { Self.roundFigures(from: from, to: to) }

    private static func roundFigures(from low: Double, to high: Double) -> [Double] {
        let powers = Int(floor(log10(low)))...Int(ceil(log10(high)))
        return powers.flatMap { power in [1, 2, 5].map { $0 * pow(10, Double(power)) } }
            .filter { $0 >= low * 0.999 && $0 <= high * 1.001 }
    }
}
