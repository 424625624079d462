// SPDX-License-Identifier: Apache-2.0
/// When a goal is met.

import Testing

@testable import Measures
@testable import Report

@Suite("Goals")
struct GoalTests {
    static func contender(_ name: String, _ figures: [Double], _ quantity: Quantity = .rate) -> ContenderResult {
        var contender = ContenderResult(name: name, settings: "", place: nil)
        for (index, figure) in figures.enumerated() {
            var run = RunResult(round: index + 1)
            run[quantity] = figure
            contender.runs.append(run)
        }
        return contender
    }

    static func section(_ contenders: [ContenderResult], _ quantity: Quantity = .rate) -> SectionResult {
        SectionResult(
            title: "One", quantities: [quantity], chart: .bars, axis: nil, subject: "Belfry", contenders: contenders)
    }

    @Test("a ratio is that of the best of the others, round by round", arguments: [(2.0, true), (2.1, false)])
    func ratio(least: Double, isMet: Bool) {
        let all = [
            Self.contender("Belfry", [100, 60, 240]), Self.contender("slow", [10, 10, 10]),
            Self.contender("fast", [50, 30, 60]),
        ]
        let verdict = Goal("", .rate, .ratioAtLeast(least)).verdict(on: [Self.section(all)])
        #expect(verdict.isMet == isMet)
        #expect(verdict.figure == "2.00 × (2.00 to 4.00) fast")
    }

    @Test(
        "what is enough beside those that ran is not met while another one is missing, or failed",
        arguments: [false, true])
    func missing(hasFailed: Bool) {
        var fast = Self.contender("fast", hasFailed ? [1000] : [])
        if hasFailed { fast.runs[0].failure = "lost 1 of 10" } else { fast.skipped = "fast is not installed" }
        let all = [Self.contender("Belfry", [100]), Self.contender("slow", [10]), fast]
        let verdict = Goal("", .rate, .ratioAtLeast(2)).verdict(on: [Self.section(all)])
        #expect(verdict.isMet == nil)
        #expect(verdict.figure == "10.0 × (10.0 to 10.0) slow; without fast")
        #expect(Goal("", .rate, .ratioAtLeast(20)).verdict(on: [Self.section(all)]).isMet == false)
    }

    @Test("of latencies the best is the least")
    func latencies() {
        let all = [
            Self.contender("Belfry", [40], .p50), Self.contender("a", [50], .p50), Self.contender("b", [30], .p50),
        ]
        let goal = Goal("", .p50, .ratioAtMost(1))
        #expect(goal.verdict(on: [Self.section(all, .p50)]).isMet == false)
        let against = Goal("", .p50, others: ["a"], .ratioAtMost(1))
        #expect(against.verdict(on: [Self.section(all, .p50)]).isMet == true)
    }

    @Test("a row whose subject lost something is not met, however fast it was")
    func failed() {
        var mine = Self.contender("Belfry", [1000, 1000])
        mine.runs[1].failure = "lost 1 of 10"
        let verdict = Goal("", .rate, .ratioAtLeast(1)).verdict(on: [
            Self.section([mine, Self.contender("a", [1, 1])])
        ])
        #expect(verdict.isMet == false)
        #expect(verdict.figure == "1 of 2 runs failed: lost 1 of 10")
    }

    @Test("with nobody to compare with, a ratio is not measured")
    func alone() {
        #expect(
            Goal("", .rate, .ratioAtLeast(1)).verdict(on: [Self.section([Self.contender("Belfry", [1])])]).isMet == nil)
        #expect(Goal("", section: "Two", .rate, .ratioAtLeast(1)).verdict(on: [Self.section([])]).isMet == nil)
    }

    @Test("flat is the greatest over the least of the medians", arguments: [(0.2, true), (0.1, false)])
    func flat(share: Double, isMet: Bool) {
        let all = [
            Self.contender("1", [10, 9], .cpu), Self.contender("10", [11], .cpu), Self.contender("100", [11.4], .cpu),
        ]
        #expect(Goal("", .cpu, .flat(share)).verdict(on: [Self.section(all, .cpu)]).isMet == isMet)
    }

    @Test(
        "a cliff is a step to the next point, up for a cost and down for a rate",
        arguments: [([10, 15, 31], false), ([10, 19, 20], true)])
    func cliff(figures: [Double], isMet: Bool) {
        let costs = figures.enumerated().map { Self.contender("\($0)", [$1], .cpu) }
        #expect(Goal("", .cpu, .noCliff(2)).verdict(on: [Self.section(costs, .cpu)]).isMet == isMet)
        let rates = figures.reversed().enumerated().map { Self.contender("\($0)", [$1]) }
        #expect(Goal("", .rate, .noCliff(2)).verdict(on: [Self.section(rates)]).isMet == isMet)
    }
}
