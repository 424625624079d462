// SPDX-License-Identifier: Apache-2.0
/// A row of the benchmark: who does what against whom, and what it is to show.
///
/// Rows are listed in Rows.swift; RowRunner carries them out.
/// Invariant: all contenders of a row run in turn, round by round, so that a slow minute of the machine hits them alike.

import Report

struct Row: Sendable {
    let number: Int
    let title: String
    /// What is done, in a sentence or two.
    let work: String
    let sections: [Section]
    let goals: [Goal]
}

struct Section: Sendable {
    let title: String
    let quantities: [Quantity]
    var chart: SectionResult.Chart = .bars
    var axis: String?
    var subject: String? = "Belfry"
    /// Where it is not the usual number: fewer for many runs in a few minutes, more for a goal that a few would miss by luck.
    var rounds: Int?
    let contenders: [Contender]
}

/// One that does the work: Belfry, a peer, or the bare machine.
struct Contender: Sendable {
    let name: String
    /// How it is configured, for the report.
    let settings: String
    /// On the x axis of a line.
    var place: Double?
    let perform: @Sendable (_ stage: Stage, _ round: Int) throws -> RunResult

    init(
        _ name: String, settings: String, place: Double? = nil,
        perform: @escaping @Sendable (_ stage: Stage, _ round: Int) throws -> RunResult
    ) {
        (self.name, self.settings, self.place, self.perform) = (name, settings, place, perform)
    }

    /// One with a sender and consumers.
    init(
        _ name: String, settings: String, place: Double? = nil, _ load: Load,
        setUp: @escaping SetUp
    ) {
        self.init(name, settings: settings, place: place) { stage, round in
            try Trial(stage, load).run(round: round, setUp)
        }
    }
}
