// SPDX-License-Identifier: Apache-2.0
/// A row's plot: a panel for each of its sections, one below the other.
///
/// Used by the runner, which writes it beside the Markdown.
/// Invariant: bars and axes of costs and rates begin at zero; latencies stand on a logarithmic axis and say so.

import Foundation
import Measures

package struct RowChart {
    private let row: RowResult

    package init(_ row: RowResult) { self.row = row }

    package var svg: String {
        var drawing = Drawing()
        drawing.text(20, 30, row.title, "h")
        drawing.grow(42)
        for section in row.sections {
            switch section.chart {
            case .bars: BarPanel(section, showsTitle: row.sections.count > 1).draw(on: &drawing)
            case .line: LinePanels(section).draw(on: &drawing)
            case .curve: CurvePanel(section, showsTitle: row.sections.count > 1).draw(on: &drawing)
            case .none: break
            }
        }
        drawing.grow(12)
        return drawing.svg(title: row.title)
    }
}

/// Horizontal bars, the subject in its own colour, with a thin line from least to greatest.
struct BarPanel {
    private let section: SectionResult
    private let showsTitle: Bool
    private let quantity: Quantity
    private let bars: [(name: String, spread: Spread)]

    init(_ section: SectionResult, showsTitle: Bool) {
        (self.section, self.showsTitle) = (section, showsTitle)
        let quantity = section.quantities.first ?? .rate
        self.quantity = quantity
        bars = section.contenders.compactMap { contender in
            contender.spread(quantity).map { (contender.failures.isEmpty ? contender.name : contender.name + " ⚠", $0) }
        }
    }

    func draw(on drawing: inout Drawing) {
        let title = showsTitle ? "\(section.title), \(quantity.title)" : quantity.title
        drawing.text(20, drawing.height + 18, title, showsTitle ? "s" : "q")
        drawing.grow(30)
        let most = bars.map(\.spread.greatest).max() ?? 1
        let (left, width) = (240.0, Drawing.width - 240 - 110)
        for bar in bars {
            let y = drawing.height
            // The subject, the bare machine, and the peers.
            let colour = bar.name.hasPrefix("Belfry") ? "f0" : bar.name.hasPrefix("C loop") ? "f6" : "f1"
            drawing.text(left - 10, y + 18, bar.name, "t", .end)
            drawing.bar(left, y + 4, width * bar.spread.median / most, 19, colour)
            let (from, to) = (left + width * bar.spread.least / most, left + width * bar.spread.greatest / most)
            drawing.line(from, y + 13.5, to, y + 13.5, "spread")
            drawing.line(from, y + 9.5, from, y + 17.5, "spread")
            drawing.line(to, y + 9.5, to, y + 17.5, "spread")
            drawing.text(max(to, left) + 10, y + 18, quantity.text(bar.spread.median), "t")
            drawing.grow(27)
        }
        drawing.grow(12)
    }
}

/// Two small charts side by side, one for each quantity, over the section's axis: a line through the medians.
struct LinePanels {
    private let section: SectionResult

    init(_ section: SectionResult) { self.section = section }

    func draw(on drawing: inout Drawing) {
        drawing.text(20, drawing.height + 18, section.title, "s")
        drawing.grow(26)
        let top = drawing.height
        for (index, quantity) in section.quantities.prefix(2).enumerated() {
            let frame = Frame(left: 70 + Double(index) * 410, top: top + 26, width: 350, height: 150)
            drawing.text(frame.left, top + 14, quantity.title, "q")
            draw(quantity, in: frame, on: &drawing)
        }
        drawing.grow(26 + 150 + 50)
    }

    private func draw(_ quantity: Quantity, in frame: Frame, on drawing: inout Drawing) {
        let points = section.contenders.compactMap { contender in
            contender.spread(quantity).map { (contender.place ?? 1, contender.name, $0) }
        }
        guard let first = points.first, let last = points.last else { return }
        let ticks = Scale.ticks(upTo: points.map(\.2.greatest).max() ?? 1)
        let y = Scale(from: 0, to: ticks.last ?? 1, logarithmic: false, start: frame.bottom, end: frame.top)
        let x = Scale(from: first.0, to: last.0, logarithmic: true, start: frame.left + 12, end: frame.right - 12)
        for tick in ticks {
            drawing.line(frame.left, y[tick], frame.right, y[tick], "grid")
            drawing.text(frame.left - 8, y[tick] + 4, quantity.text(tick), "q", .end)
        }
        for point in points {
            drawing.line(x[point.0], y[point.2.least], x[point.0], y[point.2.greatest], "spread")
            drawing.text(x[point.0], frame.bottom + 17, point.1, "q", .middle)
        }
        drawing.path(points.map { (x[$0.0], y[$0.2.median]) }, "l\(quantity == .cpu ? 1 : 0)")
        for point in points { drawing.dot(x[point.0], y[point.2.median], "f\(quantity == .cpu ? 1 : 0)") }
        drawing.text(frame.left + frame.width / 2, frame.bottom + 34, section.axis ?? "", "q", .middle)
    }
}

/// Percentiles of latency: each nine of the x axis takes the same room, both axes are logarithmic.
struct CurvePanel {
    private let section: SectionResult
    private let showsTitle: Bool

    init(_ section: SectionResult, showsTitle: Bool) { (self.section, self.showsTitle) = (section, showsTitle) }

    func draw(on drawing: inout Drawing) {
        drawing.text(20, drawing.height + 18, showsTitle ? section.title : "", "s")
        let caption = "µs from the intended time of sending to the receipt, by percentile; both axes logarithmic"
        drawing.text(20, drawing.height + (showsTitle ? 38 : 18), caption, "q")
        drawing.grow(showsTitle ? 52 : 32)
        let frame = Frame(left: 76, top: drawing.height + 8, width: 560, height: 320)
        let told = Quantity.curve.filter { section.quantities.contains($0.0) }
        let curves = section.contenders.map { contender in
            (
                contender.name,
                told.compactMap { quantity, place in
                    contender.spread(quantity).map { (place, $0.median) }
                }
            )
        }.filter { !$0.1.isEmpty }
        let figures = curves.flatMap { $0.1.map(\.1) }.filter { $0 > 0 }
        guard let least = figures.min(), let greatest = figures.max() else { return }
        let y = Scale.decades(around: least, greatest, start: frame.bottom, end: frame.top)
        let x = Scale(
            from: 1 / 0.9, to: Self.nines(told.last?.1 ?? 99), logarithmic: true, start: frame.left, end: frame.right)
        grid(x, y, frame, on: &drawing)
        for (index, curve) in curves.enumerated() {
            let colour = index % Drawing.colours
            let points = curve.1.map { (x[Self.nines($0.0)], y[$0.1]) }
            drawing.path(points, "l\(colour)")
            for point in points { drawing.dot(point.0, point.1, "f\(colour)") }
            let place = frame.top + 14 + Double(index) * 22
            drawing.bar(frame.right + 16, place - 10, 14, 11, "f\(colour)")
            drawing.text(frame.right + 36, place, curve.0, "t")
        }
        drawing.grow(8 + 320 + 40)
    }

    /// 90 % is one message in 10, 99 % one in 100.
    private static func nines(_ percentile: Double) -> Double { 100 / (100 - percentile) }

    private func grid(_ x: Scale, _ y: Scale, _ frame: Frame, on drawing: inout Drawing) {
        for tick in y.decadeTicks {
            drawing.line(frame.left, y[tick], frame.right, y[tick], "grid")
            drawing.text(frame.left - 8, y[tick] + 4, Quantity.plain(tick), "q", .end)
        }
        for place in [10, 50, 90, 99, 99.9, 99.99] where Self.nines(place) <= x.to * 1.001 {
            let at = x[Self.nines(place)]
            drawing.line(at, frame.top, at, frame.bottom, "grid")
            drawing.text(
                at, frame.bottom + 17, place == place.rounded() ? "\(Int(place)) %" : "\(place) %", "q", .middle)
        }
    }
}
