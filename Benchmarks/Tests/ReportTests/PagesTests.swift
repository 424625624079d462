// SPDX-License-Identifier: Apache-2.0
/// The page and the plots that are made of results.

import Foundation
import Testing

@testable import Measures
@testable import Report

@Suite("Markdown and plots")
struct PagesTests {
    static let machine = Machine(
        processor: "Some & CPU", cores: 2, memory: "4 GiB", kernel: "6.1", system: "Debian",
        versions: ["nats-server": "2.9"])

    static func row(_ number: Int, chart: SectionResult.Chart = .bars, quantity: Quantity = .rate) -> RowResult {
        var section = GoalTests.section(
            [
                GoalTests.contender("Belfry", [2_000_000, 2_200_000], quantity),
                GoalTests.contender("a <peer>", [500_000, 400_000], quantity),
            ], quantity)
        section.chart = chart
        for index in section.contenders.indices { section.contenders[index].place = Double(index + 1) }
        var row = RowResult(
            number: number, title: "TCP, acked", work: "Work.", date: "2026-01-01", rounds: 2, machine: machine,
            sections: [section])
        row.verdicts = [Verdict(goal: "at least 3 × it", figure: "4.75 × (4.00 to 5.50)", isMet: true)]
        return row
    }

    @Test(
        "figures have three digits that matter",
        arguments: [
            (0.0, "0"), (0.0123, "0.012"), (0.5, "0.500"), (9.994, "9.99"), (9.996, "10.0"), (47.26, "47.3"),
            (1234.4, "1,234"),
            (1_234_567, "1,234,567"),
        ])
    func figures(figure: Double, text: String) {
        #expect(Quantity.plain(figure) == text)
    }

    @Test(
        "rates are written with k and M",
        arguments: [(950.0, "950"), (98_700, "98.7 k"), (999_600, "1.00 M"), (1_160_000, "1.16 M")])
    func rates(figure: Double, text: String) {
        #expect(Quantity.rate.text(figure) == text)
    }

    @Test("the page has each contender with median, spread and ratio, and each verdict in plain words")
    func page() {
        var results = Results()
        results.replace(Self.row(3))
        let text = MarkdownReport(results).text
        #expect(text.contains("| Belfry | 2.10 M (2.00 M–2.20 M) | 0 | 0 | 0 | – / – |  |"))
        #expect(text.contains("| a <peer> | 450 k (400 k–500 k) | 0 | 0 | 0 | – / – | 4.75 (4.00–5.50) |"))
        #expect(text.contains("| [3](#row-3-tcp-acked) | at least 3 × it | 4.75 × (4.00 to 5.50) | met |"))
        #expect(text.contains("| nats-server | 2.9 |"))
    }

    @Test("a contender with a failed run is marked, and the failure told")
    func failure() {
        var row = Self.row(3)
        row.sections[0].contenders[1].runs[0].failure = "lost 7 of 10"
        var results = Results()
        results.replace(row)
        let text = MarkdownReport(results).text
        #expect(text.contains("| a <peer> ⚠ | 400 k |"))
        #expect(text.contains("⚠ **a <peer>**: 1 of 2 runs failed: lost 7 of 10."))
    }

    @Test("a row that is run again replaces itself alone, and rows stand in order")
    func replace() {
        var results = Results()
        for number in [3, 1, 2] { results.replace(Self.row(number)) }
        var again = Self.row(2)
        again.title = "again"
        results.replace(again)
        #expect(results.rows.map(\.number) == [1, 2, 3])
        #expect(results.rows.map(\.title) == ["TCP, acked", "again", "TCP, acked"])
    }

    @Test("results survive being written and read")
    func codable() throws {
        var results = Results()
        results.replace(Self.row(3))
        let read = try JSONDecoder().decode(Results.self, from: JSONEncoder().encode(results))
        #expect(MarkdownReport(read).text == MarkdownReport(results).text)
    }

    @Test(
        "every kind of plot is well-formed XML with all contenders, for light and for dark pages",
        arguments: [(.bars, .rate), (.line, .rate), (.curve, .p50)] as [(SectionResult.Chart, Quantity)])
    func plots(chart: SectionResult.Chart, quantity: Quantity) throws {
        let svg = RowChart(Self.row(3, chart: chart, quantity: quantity)).svg
        #expect(svg.contains("a &lt;peer&gt;") && svg.contains(">Belfry<"))
        #expect(svg.contains("prefers-color-scheme:dark"))
        // Every element that is opened is closed.
        #expect(svg.matches(of: #/<[a-z]/#).count == svg.matches(of: #/</[a-z]+>|/>/#).count)
        #expect(!svg.contains("nan") && !svg.contains("inf"))
    }

    @Test("ticks are round and reach the greatest figure", arguments: [(97.0, 100.0), (1_160_000, 1_500_000), (0, 1)])
    func ticks(most: Double, last: Double) {
        let ticks = Scale.ticks(upTo: most)
        #expect(ticks.first == 0 && ticks.last == last && (2...7).contains(ticks.count))
    }
}
