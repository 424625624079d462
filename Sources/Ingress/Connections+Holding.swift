// SPDX-License-Identifier: Apache-2.0

import Ring

/// How answers wait for the disk: where every record is committed before its sender is told, an answer is held until all
/// that was published before it is.
///
/// Part of Connections. Without a commit log everything counts as committed, and nothing is ever held.
/// Invariant: a connection stands in `held` once at most, and those in it are in the order of what they wait for.
extension Connections {
    /// Whether somebody waits for a commit: then the committer must ring.
    package var isHolding: Bool { earliestHold != .max }

    /// Whether a commit has come for which somebody waits.
    var isReleasable: Bool { isHolding && earliestHold <= intake.producer.committed }

    /// Lets nothing more out of a connection until the log is committed up to this sequence.
    func hold(_ connection: Connection, until sequence: UInt64) {
        connection.hold = (sequence, connection.unsent)
        held.append(connection)
        earliestHold = min(earliestHold, sequence)
    }

    /// Lets go what waited for no more than this; those connections are looked at once more by `settle`.
    func release(_ committed: UInt64) {
        guard earliestHold <= committed else { return }
        var done = 0
        while done < held.count {
            let connection = held[done]
            if let hold = connection.hold {
                guard hold.until <= committed else { break }
                connection.firm = hold.upTo
                connection.hold = nil
                touch(connection)
            }
            done += 1
        }
        held.removeFirst(done)
        earliestHold = held.first?.hold?.until ?? .max
    }
}
