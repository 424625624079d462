// SPDX-License-Identifier: Apache-2.0
/// The results of the benchmark, as they stand in results.json.
///
/// Written by the runner; the Markdown and the plots are made of nothing else.
/// Invariant: figures are kept run by run, so that every ratio and spread can be computed again.

import Foundation
import Measures

package struct Results: Codable, Sendable {
    package var rows: [RowResult] = []

    package init() {}

    /// Puts a row in the place of an earlier result of it.
    package mutating func replace(_ row: RowResult) {
        rows.removeAll { $0.number == row.number }
        rows.append(row)
        rows.sort { $0.number < $1.number }
    }
}

package struct RowResult: Codable, Sendable {
    package var number: Int
    package var title: String
    package var work: String
    /// When it ran, and how long it took in seconds.
    package var date: String
    package var seconds: Int
    package var rounds: Int
    package var machine: Machine
    package var sections: [SectionResult]
    package var verdicts: [Verdict] = []

    package init(
        number: Int, title: String, work: String, date: String, rounds: Int, machine: Machine,
        sections: [SectionResult]
    ) {
        (self.number, self.title, self.work, self.date) = (number, title, work, date)
        (self.rounds, self.machine, self.sections, seconds) = (rounds, machine, sections, 0)
    }
}

/// Contenders that did the same work, and are shown in one table.
package struct SectionResult: Codable, Sendable {
    package enum Chart: String, Codable, Sendable { case bars, curve, line, none }

    package var title: String
    package var quantities: [Quantity]
    package var chart: Chart
    /// What stands on the x axis of a line.
    package var axis: String?
    /// The contender that the others are compared with.
    package var subject: String?
    package var contenders: [ContenderResult]

    package init(
        title: String, quantities: [Quantity], chart: Chart, axis: String?, subject: String?,
        contenders: [ContenderResult]
    ) {
        (self.title, self.quantities, self.chart, self.axis) = (title, quantities, chart, axis)
        (self.subject, self.contenders) = (subject, contenders)
    }

    package subscript(name: String) -> ContenderResult? { contenders.first { $0.name == name } }
}

package struct ContenderResult: Codable, Sendable {
    package var name: String
    /// How it was configured, in words.
    package var settings: String
    /// Its place on the x axis.
    package var place: Double?
    package var runs: [RunResult] = []
    /// Why it did not run at all.
    package var skipped: String?

    package init(name: String, settings: String, place: Double?) {
        (self.name, self.settings, self.place) = (name, settings, place)
    }

    /// The figures of all sound runs.
    package func rounds(_ quantity: Quantity) -> Rounds {
        var rounds: Rounds = [:]
        for run in runs where run.failure == nil { rounds[run.round] = run.values[quantity.rawValue] }
        return rounds
    }

    package func spread(_ quantity: Quantity) -> Spread? { Spread(Array(rounds(quantity).values)) }

    package var failures: [String] { runs.compactMap(\.failure) }
}

package struct RunResult: Codable, Sendable {
    package var round: Int
    package var tally: Tally
    /// By a quantity's raw value.
    package var values: [String: Double] = [:]
    package var failure: String?

    package init(round: Int, tally: Tally = Tally()) {
        (self.round, self.tally) = (round, tally)
        failure = tally.failure
    }

    package subscript(quantity: Quantity) -> Double? {
        get { values[quantity.rawValue] }
        set { values[quantity.rawValue] = newValue }
    }
}

package struct Verdict: Codable, Sendable {
    package var goal: String
    package var figure: String
    /// nil if it could not be measured.
    package var isMet: Bool?
}

/// What it was measured on.
package struct Machine: Codable, Sendable {
    package var processor: String
    package var cores: Int
    package var memory: String
    package var kernel: String
    package var system: String
    /// Program and version.
    package var versions: [String: String]

    package init(
        processor: String, cores: Int, memory: String, kernel: String, system: String, versions: [String: String]
    ) {
        (self.processor, self.cores, self.memory) = (processor, cores, memory)
        (self.kernel, self.system, self.versions) = (kernel, system, versions)
    }
}
