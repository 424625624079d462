// SPDX-License-Identifier: Apache-2.0
/// The results as a page to read: goals with their verdicts first, then a table for each section.
///
/// Used by the runner after each row, for docs/benchmarks/results.md.
/// Invariant: it is made of the results alone, so that rows measured at different times stand side by side, each with
/// its date.

import Measures

package struct MarkdownReport {
    private let results: Results

    package init(_ results: Results) { self.results = results }

    package var text: String {
        (head + overview + results.rows.flatMap(row) + machines).joined(separator: "\n") + "\n"
    }

    private var head: [String] {
        [
            "# Results", "",
            "Written by `make bench`; [README.md](README.md) tells how it measures and how to read this. Figures are medians"
                + " over the rounds with the least and the greatest in brackets. Ratios are taken within each round,"
                + " Belfry's figure over the other's. All processes share the machine: compare ratios, not figures, with"
                + " those of another machine or day.", "",
        ]
    }

    private var overview: [String] {
        var lines = ["| row | goal | measured | |", "|---|---|---|---|"]
        for row in results.rows {
            for (index, verdict) in row.verdicts.enumerated() {
                let number = index == 0 ? "[\(row.number)](#\(Self.anchor(row)))" : ""
                lines.append("| \(number) | \(verdict.goal) | \(verdict.figure) | \(Self.word(verdict)) |")
            }
        }
        return lines + [""]
    }

    private func row(_ row: RowResult) -> [String] {
        var lines = ["## \(Self.heading(row))", "", row.work, ""]
        if row.sections.contains(where: { $0.chart != .none }) {
            lines += ["![\(row.title)](row\(row.number).svg)", ""]
        }
        for section in row.sections {
            if row.sections.count > 1 { lines += ["### \(section.title)", ""] }
            lines += SectionTable(section).lines + [""]
        }
        for verdict in row.verdicts {
            lines.append("- \(verdict.goal): \(verdict.figure). **\(Self.word(verdict))**")
        }
        lines += ["", "\(row.date), \(row.rounds) rounds, \(row.seconds) s.", ""]
        return lines + settings(row)
    }

    private func settings(_ row: RowResult) -> [String] {
        var seen: Set<String> = []
        let lines = row.sections.flatMap(\.contenders).compactMap { contender -> String? in
            let line = "- **\(contender.name)**: \(contender.settings)"
            return !contender.settings.isEmpty && seen.insert(line).inserted ? line : nil
        }
        return lines.isEmpty ? [] : ["<details><summary>Settings</summary>", ""] + lines + ["", "</details>", ""]
    }

    private var machines: [String] {
        guard let machine = results.rows.max(by: { $0.date < $1.date })?.machine else { return [] }
        var lines = [
            "## Machine", "", "| | |", "|---|---|", "| processor | \(machine.processor), \(machine.cores) cores |",
            "| memory | \(machine.memory) |", "| system | \(machine.system), Linux \(machine.kernel) |",
        ]
        for (program, version) in machine.versions.sorted(by: { $0.key < $1.key }) {
            lines.append("| \(program) | \(version) |")
        }
        return lines
    }

    static func heading(_ row: RowResult) -> String { "Row \(row.number): \(row.title)" }

    /// As the usual renderers make anchors of headings.
    static func anchor(_ row: RowResult) -> String {
        heading(row).lowercased().compactMap { letter -> Character? in
            if letter == " " { return "-" }
            return letter.isLetter || letter.isNumber || letter == "-" ? letter : nil
        }.reduce(into: "") { $0.append($1) }
    }

    static func word(_ verdict: Verdict) -> String {
        switch verdict.isMet {
        case true: "met"
        case false: "not met"
        default: "not measured"
        }
    }
}
