// SPDX-License-Identifier: Apache-2.0
/// What a round does about a restart of a service's shard, case by case.

import Testing

@testable import Delivery

@Suite("The steps of a service's restart")
struct ReplacementStepTests {
    struct Row: CustomTestStringConvertible {
        var isServing = true
        var isAsked = true
        var present = ReplacementStep.Present.running
        var next: ReplacementStep.Next?
        var last: ReplacementStep.Last?
        let step: ReplacementStep
        let testDescription: String

        init(_ testDescription: String, _ step: ReplacementStep, change: (inout Self) -> Void = { _ in }) {
            self.testDescription = testDescription
            self.step = step
            change(&self)
        }
    }

    static let rows = [
        Row("a request starts the next process beside the one that serves", .launchNext),
        Row("without a process there is nothing to restart", .answerIdle) { $0.present = .absent },
        Row("a process on its way to the end is waited for", .nothing) { $0.present = .ending },
        Row("what was answered is not begun again", .nothing) { $0.isAsked = false },
        Row("a shard that changes hands leaves the request to its successor", .nothing) { $0.isServing = false },
        Row("the old one serves until the next one is up", .nothing) { $0.next = .starting },
        Row("one that is up takes over", .takeOver) { $0.next = .up },
        Row("also if there is no old one any more", .takeOver) { ($0.next, $0.present) = (.up, .absent) },
        Row("one that fails is waited for", .nothing) { $0.next = .ending },
        Row("a shard that changes hands needs none", .dismissNext) { ($0.next, $0.isServing) = (.starting, false) },
        Row("nor one that is up", .dismissNext) { ($0.next, $0.isServing) = (.up, false) },
        Row("which is not asked twice to end", .nothing) { ($0.next, $0.isServing) = (.ending, false) },
        Row("the old one may answer what it holds", .nothing) { $0.last = .holding },
        Row("and is asked to end when it holds nothing", .dismissLast) { $0.last = .done },
        Row("once", .nothing) { $0.last = .ending },
        Row("another request waits until it has ended", .nothing) { ($0.last, $0.isAsked) = (.ending, true) },
    ]

    @Test("follow from what there is", arguments: rows)
    func steps(_ row: Row) {
        let step = ReplacementStep(
            isServing: row.isServing, isAsked: row.isAsked, present: row.present, next: row.next, last: row.last)
        #expect(step == row.step)
    }
}
