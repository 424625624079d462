// SPDX-License-Identifier: Apache-2.0
/// Carries a row out: all contenders in turn, round by round, each on a stage of its own.
///
/// Used by the command.
/// Invariant: a run that fails is reported as failed; it stops neither its row nor the others, and leaves no process.

import Foundation
import Report

struct RowRunner {
    private static let usualRounds = 5

    let tools: Tools
    let ports: Ports
    /// As many as were asked for; sections with a number of their own run no more than that.
    let rounds: Int?
    let machine: Machine

    func run(_ row: Row) -> RowResult {
        let start = now()
        say("row \(row.number): \(row.title)")
        var sections = row.sections.map(Self.blank)
        let counts = row.sections.map(count)
        for round in 1...(counts.max() ?? 1) {
            for (index, section) in row.sections.enumerated() where round <= counts[index] {
                for (place, contender) in section.contenders.enumerated() {
                    guard sections[index].contenders[place].skipped == nil else { continue }
                    perform(contender, round, "row\(row.number)", section, &sections[index].contenders[place])
                }
            }
        }
        var result = RowResult(
            number: row.number, title: row.title, work: row.work, date: Self.date,
            rounds: Self.rounds(sections), machine: machine,
            sections: sections)
        result.verdicts = row.goals.map { $0.verdict(on: sections) }
        result.seconds = Int(now() - start)
        for verdict in result.verdicts {
            say(
                "  \(verdict.goal): \(verdict.figure): \(verdict.isMet.map { $0 ? "met" : "NOT met" } ?? "not measured")"
            )
        }
        return result
    }

    private func count(_ section: Section) -> Int {
        section.rounds.map { min($0, rounds ?? $0) } ?? rounds ?? Self.usualRounds
    }

    private func perform(
        _ contender: Contender, _ round: Int, _ row: String, _ section: Section, _ result: inout ContenderResult
    ) {
        do {
            let run = try run(contender, round, named: "\(row)-\(Self.plain(contender.name))-\(round)")
            result.runs.append(run)
            say("  \(round) \(contender.name): \(Self.words(run, section.quantities))")
        } catch let missing as Missing {
            result.skipped = "skipped: \(missing)"
            say("  \(contender.name): skipped: \(missing)")
        } catch {
            var run = RunResult(round: round)
            run.failure = "\(error)"
            result.runs.append(run)
            say("  \(round) \(contender.name): FAILED: \(error)")
        }
    }

    private func run(_ contender: Contender, _ round: Int, named name: String) throws -> RunResult {
        let stage = try Stage(tools, ports: ports)
        do {
            let result = try contender.perform(stage, round)
            stage.end(keepingLogsAs: result.failure == nil ? nil : name)
            return result
        } catch {
            stage.end(keepingLogsAs: error is Missing ? nil : name)
            throw error
        }
    }

    private static func blank(_ section: Section) -> SectionResult {
        SectionResult(
            title: section.title, quantities: section.quantities, chart: section.chart, axis: section.axis,
            subject: section.subject,
            contenders: section.contenders.map {
                ContenderResult(name: $0.name, settings: $0.settings, place: $0.place)
            })
    }

    /// As many as the longest section had.
    private static func rounds(_ sections: [SectionResult]) -> Int {
        sections.flatMap(\.contenders).map(\.runs.count).max() ?? 0
    }

    private static func words(_ run: RunResult, _ quantities: [Quantity]) -> String {
        let figures = quantities.filter(\.isTold).compactMap { quantity in
            run[quantity].map { "\(quantity.text($0)) \(quantity.title)" }
        }
        return (run.failure.map { ["FAILED: \($0)"] } ?? [] + figures).joined(separator: ", ")
    }

    private static func plain(_ name: String) -> String {
        String(name.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "-" })
    }

    /// `2026-01-31 12:34 UTC`
    private static var date: String {
        let stamp = Date.now.formatted(.iso8601)
        return "\(stamp.prefix(10)) \(stamp.dropFirst(11).prefix(5)) UTC"
    }
}

func say(_ line: String) {
    print(line)
    // Swift's stdout is buffered when it is no terminal, and somebody may be reading along.
    fflush(nil)
}
