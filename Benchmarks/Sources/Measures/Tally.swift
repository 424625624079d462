// SPDX-License-Identifier: Apache-2.0
/// What became of the messages of one run, out of the scoreboards of all its consumers.
///
/// Used by the runner after each run, and kept in the results.
/// Invariant: wanted = received + lost; a run is sound only if nothing was lost, doubled, garbled or refused.

/// The account of one run.
package struct Tally: Codable, Hashable, Sendable {
    /// Messages times consumers that each of them was for.
    package var wanted = 0
    package var received = 0
    package var duplicates = 0
    package var outOfOrder = 0
    package var garbage = 0
    /// Refused or failed at the sender.
    package var errors = 0
    /// What the broker acked to the sender; nil if its protocol has no acks.
    package var senderAcks: Int?
    /// What the consumers acked, as the broker says; nil if there are no acks, or it does not tell.
    package var serviceAcks: Int?
    /// From the first send to the last receipt, or the last ack if that was later.
    package var seconds = 0.0

    package var lost: Int { max(0, wanted - received) }
    /// Deliveries a second.
    package var rate: Double { seconds > 0 ? Double(received) / seconds : 0 }

    package init() {}

    /// The sender's words are those of the first board.
    package init(_ boards: [ScoreboardImage], count: Int, hasSenderAcks: Bool) {
        guard let sender = boards.first else { return }
        wanted = count * boards.count
        for board in boards {
            received += Int(board[.received])
            duplicates += Int(board[.duplicates])
            outOfOrder += Int(board[.outOfOrder])
            garbage += Int(board[.garbage])
        }
        errors = Int(sender[.errors])
        if hasSenderAcks { senderAcks = Int(sender[.acks]) }
        let last = max(boards.map { $0[.lastReceipt] }.max() ?? 0, sender[.lastAck])
        if last > sender[.firstSend] { seconds = Double(last - sender[.firstSend]) / 1e9 }
    }

    /// Why the run has failed, however fast it was; nil if it is sound.
    package var failure: String? {
        var faults: [String] = []
        if lost > 0 { faults.append("lost \(lost) of \(wanted)") }
        if duplicates > 0 { faults.append("doubled \(duplicates)") }
        if garbage > 0 { faults.append("garbled \(garbage)") }
        if errors > 0 { faults.append("\(errors) refused") }
        return faults.isEmpty ? nil : faults.joined(separator: ", ")
    }
}
