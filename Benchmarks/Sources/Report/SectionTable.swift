// SPDX-License-Identifier: Apache-2.0
/// One section's table: a line for each contender, with its figures, what became of its messages, and the ratio.
///
/// Used by MarkdownReport.
/// Invariant: a contender that failed in some round says so in its own line, whatever its figures are.

import Measures

struct SectionTable {
    let section: SectionResult

    init(_ section: SectionResult) { self.section = section }

    var lines: [String] {
        let heads =
            [section.axis ?? ""] + shown.map(\.title) + [
                "lost", "doubled", "out of order", "acks to sender / from services",
            ]
        let all = heads + (section.subject == nil ? [] : ["\(section.subject ?? "") ÷ it"])
        let rule = ["---"] + Array(repeating: "--:", count: all.count - 1)
        return [line(all), line(rule)] + section.contenders.map(contender) + notes
    }

    private var shown: [Quantity] { section.quantities.filter(\.isTold) }

    private func contender(_ contender: ContenderResult) -> String {
        if let skipped = contender.skipped {
            return line([contender.name, skipped])
        }
        var cells = [contender.failures.isEmpty ? contender.name : "\(contender.name) ⚠"]
        cells += shown.map { figure(contender.spread($0), $0) }
        cells += account(contender)
        if section.subject != nil { cells.append(ratio(contender)) }
        return line(cells)
    }

    private func figure(_ spread: Spread?, _ quantity: Quantity) -> String {
        guard let spread else { return "–" }
        let median = quantity.text(spread.median)
        let least = quantity.text(spread.least)
        let greatest = quantity.text(spread.greatest)
        return least == greatest ? median : "\(median) (\(least)–\(greatest))"
    }

    private func account(_ contender: ContenderResult) -> [String] {
        let tallies = contender.runs.map(\.tally)
        func sum(_ count: (Tally) -> Int) -> String { Quantity.grouped(tallies.map(count).reduce(0, +)) }
        return [
            sum(\.lost), sum(\.duplicates), sum(\.outOfOrder),
            "\(acks(tallies, \.senderAcks)) / \(acks(tallies, \.serviceAcks))",
        ]
    }

    /// How many, of all rounds; a dash where there are none, or the broker does not count them.
    private func acks(_ tallies: [Tally], _ count: (Tally) -> Int?) -> String {
        let counts = tallies.compactMap { tally in count(tally).map { ($0, tally) } }
        guard !counts.isEmpty else { return "–" }
        return Quantity.short(Double(counts.map(\.0).reduce(0, +)))
    }

    private func ratio(_ contender: ContenderResult) -> String {
        guard let name = section.subject, name != contender.name, let subject = section[name],
            let quantity = shown.first,
            let spread = Spread(ratios(of: subject.rounds(quantity), to: contender.rounds(quantity)))
        else { return "" }
        return "\(Quantity.plain(spread.median)) (\(Quantity.plain(spread.least))–\(Quantity.plain(spread.greatest)))"
    }

    /// A line for each kind of failure, behind the table.
    private var notes: [String] {
        let failed = section.contenders.filter { !$0.failures.isEmpty }
        guard !failed.isEmpty else { return [] }
        return [""]
            + failed.map { contender in
                let reasons = Array(Set(contender.failures)).sorted().prefix(3).joined(separator: "; ")
                return
                    "⚠ **\(contender.name)**: \(contender.failures.count) of \(contender.runs.count) runs failed: \(reasons)."
            }
    }

    private func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
}
