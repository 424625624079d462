// SPDX-License-Identifier: Apache-2.0

/// The reply that nearly all are: `ok ID` on a line of its own, with the id of a message of a certain log and epoch.
///
/// Used by the worker ahead of ServiceReply, since here nothing is parsed but the sequence.
/// Invariant: what it reads, ServiceReply would read as the same id; what it does not read may still be any reply.
package struct UsualReply {
    package let log: UInt64
    package let epoch: UInt64
    /// `ok LOG-EPOCH-`
    private let text: [UInt8]
    /// So many digits can't overflow.
    private static let mostDigits = 19

    package init(log: UInt64, epoch: UInt64) {
        self.log = log
        self.epoch = epoch
        var text = Array("ok ".utf8)
        MessageID(log: log, epoch: epoch, sequence: 0).append(to: &text)
        text.removeLast()
        self.text = text
    }

    /// - Returns: the id of such a reply that begins at `start`, and where the next line begins.
    package func read(_ bytes: Span<UInt8>, at start: Int) -> (id: MessageID, next: Int)? {
        let first = start &+ text.count
        guard first < bytes.count, bytes[first] != 0x30, bytes.holds(text.span, at: start) else { return nil }
        var sequence: UInt64 = 0
        var index = first
        let end = min(bytes.count, first &+ Self.mostDigits)
        while index < end, isDigit(bytes[index]) {
            sequence = sequence &* 10 &+ UInt64(bytes[index] &- 0x30)
            index &+= 1
        }
        guard index > first, index < bytes.count, bytes[index] == 0x0A else { return nil }
        return (MessageID(log: log, epoch: epoch, sequence: sequence), index &+ 1)
    }
}
