// SPDX-License-Identifier: Apache-2.0

/// What came of the last request to restart a shard's process, as its block in R2 tells it: one word.
///
/// Written by the shard's holder, read by the supervisor, which made the request (`ControlWriter.askRestart`).
///
/// Invariant: a request is answered by its own number; what a successor finds unanswered, it answers.
package struct ShardRestart: Equatable, Sendable {
    /// The raw value is part of the layout.
    package enum Outcome: UInt64, Sendable {
        case none = 0
        /// A new process serves, and the one before it has ended.
        case replaced = 1
        /// No process ran: the next one is a new one.
        case idle = 2
        /// The new process did not come up; the one before it serves on.
        case failed = 3
    }

    package var asked: UInt64
    package var outcome: Outcome

    package init(asked: UInt64, outcome: Outcome) {
        self.asked = asked
        self.outcome = outcome
    }

    init(word: UInt64) {
        asked = word >> 2
        // Two bits: there are no others.
        outcome = Outcome(rawValue: word & 3) ?? .none
    }

    var word: UInt64 { asked << 2 | outcome.rawValue }
}
