// SPDX-License-Identifier: Apache-2.0

/// What is done with the outcome of one accept.
///
/// Decided here without any effect, so that running out of descriptors can be tested; Listener does it.
/// Invariant: while nothing can be accepted the answer is never to try again at once.
package enum AcceptAction: Equatable, Sendable {
    case open
    /// Closed at once and counted: more than `max-connections`.
    case refuse
    /// Out of descriptors: the spare one is given up to take the connection and close it.
    case refuseBySpare
    /// Out of descriptors, and the spare one is gone too: nothing is accepted for a while.
    case pause
    case again
    case stop

    package enum Outcome: Equatable, Sendable { case accepted, wouldBlock, aborted, exhausted }

    package static func of(_ outcome: Outcome, open: Int, limit: Int, hasSpare: Bool) -> AcceptAction {
        switch outcome {
        case .accepted: open < limit ? .open : .refuse
        case .exhausted: hasSpare ? .refuseBySpare : .pause
        case .aborted: .again
        case .wouldBlock: .stop
        }
    }
}
