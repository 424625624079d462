// SPDX-License-Identifier: Apache-2.0
/// Who has not answered for too long. Pure: questions and answers come in as numbers, time as an argument.
///
/// The Supervisor asks twice within the limit, by a number in R0 and a ring of every bell, and reads the answers from
/// the roles' pages.
/// Invariant: a role is called stuck only when it had the whole limit to answer, by a clock that ran for it as well.

package struct Watchdog: Equatable, Sendable {
    package private(set) var interval: UInt64
    private var limit: UInt64
    private var lastAsked: UInt64?
    /// By place of the role: since when it owes an answer, and the last one that it gave.
    private var since: [UInt64?]
    private var answered: [UInt64]

    /// - Parameter limit: nanoseconds without an answer.
    package init(roles: Int, limit: UInt64) {
        self.limit = limit
        interval = Self.interval(limit)
        since = Array(repeating: nil, count: roles)
        answered = Array(repeating: 0, count: roles)
    }

    /// Goes by another number of roles, and another limit, from now on.
    package mutating func adopt(roles: Int, limit: UInt64) {
        self.limit = limit
        interval = Self.interval(limit)
        since = (0..<roles).map { since.indices.contains($0) ? since[$0] : nil }
        answered = (0..<roles).map { answered.indices.contains($0) ? answered[$0] : 0 }
    }

    private static func interval(_ limit: UInt64) -> UInt64 { max(limit / 2, 1_000_000) }

    /// The role has been started anew: it owes nothing.
    package mutating func forget(_ role: Role) { since[role.place] = nil }

    /// Judges the answers to the questions so far; the caller then puts the next one.
    /// - Parameters:
    ///   - question: the last one put.
    ///   - answers: what each role's page holds, by place; nil for one that is not ready, and is not judged.
    /// - Returns: the places of those that are stuck.
    package mutating func judge(question: UInt64, answers: [UInt64?], at now: UInt64) -> [Int] {
        // Asked far too late: we ourselves, or the whole machine, stood still, and perhaps they did, too.
        let stoodStill = lastAsked.map { now &- $0 > 2 &* interval } ?? false
        lastAsked = now
        var stuck: [Int] = []
        for place in answers.indices {
            guard let answer = answers[place] else {
                since[place] = nil
                continue
            }
            let hasMoved = answer != answered[place]
            answered[place] = answer
            if answer >= question {
                // It will owe an answer to the question that comes now.
                since[place] = now
            } else if let start = since[place], !hasMoved, !stoodStill {
                if now &- start >= limit { stuck.append(place) }
            } else {
                since[place] = now
            }
        }
        return stuck
    }
}
