// SPDX-License-Identifier: Apache-2.0
/// Where a tail begins: with what comes next, or as far back as it was told and the ring reaches.
///
/// Made of `--since`; a message's id does as well as its bare sequence, and says of which ring it is.
/// Invariant: whatever was asked for and can't be shown is told.

internal import Ring
internal import Wire

struct TailStart: Equatable {
    private let sequence: UInt64
    private let log: UInt64?

    /// A sequence, from 1, or a message's id.
    init?(_ text: String) {
        if let id = MessageID(Array(text.utf8).span) {
            (sequence, log) = (id.sequence, id.log)
        } else if let number = UInt64(text), number > 0 {
            (sequence, log) = (number, nil)
        } else {
            return nil
        }
    }

    /// The observer on this ring, and what its user has to be told before anything is shown.
    func begin(_ observer: RingObserver) -> String? {
        if let log, log != observer.logID {
            observer.seek(to: 1)
            return "that message was of another ring, before belfryd was started anew; this one has no memory of it; "
                + "showing from \(observer.next) on"
        }
        let head = observer.head
        observer.seek(to: sequence)
        if sequence > head { return "\(sequence) is not there yet; the next notification is \(head)" }
        guard observer.gone > 0 else { return nil }
        let last = observer.next - 1
        let which = sequence == last ? "\(last) is" : "\(sequence) to \(last) are"
        return "\(which) gone: the ring reaches back to \(observer.next)"
    }
}
