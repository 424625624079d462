// SPDX-License-Identifier: Apache-2.0

package import Ring
import Wire

/// A connection that speaks the native protocol: who it is, the last number it was promised, and what is to be acked.
///
/// Used by Connections on what such a connection holds. The ack itself is written after the round's `publish`.
/// Invariant: `lastNumber` never falls, and a number is acked only once everything up to it is published, known as a
/// duplicate, or refused by an ERROR frame that goes out before the ack.
package struct NativeSession: Equatable, Sendable {
    /// Its place in the ring's table, held as long as the connection lives; nil without HELLO.
    package private(set) var sender: SenderIndex?
    package private(set) var lastNumber: UInt64 = 0
    private(set) var isAckDue = false
    /// Why the stream ends, to be told behind the last ack.
    private(set) var farewell: Refusal?
    /// HELLO is only for the first frame.
    private(set) var hasBegun = false
    /// The greatest body that WELCOME told, in bytes.
    private(set) var promised = 0

    package init() {}

    /// Goes on with one that a predecessor has begun.
    init(_ handed: HandedSession, as sender: SenderIndex?) {
        self.sender = sender
        lastNumber = handed.lastNumber
        isAckDue = handed.isAckDue
        farewell = handed.farewell
        hasBegun = handed.hasBegun
        promised = handed.promised
    }

    /// Enters what HELLO brought, and welcomes the sender.
    package mutating func begin(as sender: SenderIndex, last: UInt64, maxMessage: Int, _ replies: inout Replies) {
        self.sender = sender
        lastNumber = last
        promised = maxMessage
        let welcome = NativeFrame.Welcome(lastAccepted: last, maxMessage: UInt32(clamping: maxMessage))
        NativeFrame.appendWelcome(welcome, to: &replies.bytes)
    }

    /// The longest body that can be read: a frame within what it was told is refused by its number, not by the end of the
    /// stream.
    package func longest(_ maxMessage: Int) -> Int { max(maxMessage, promised) }

    /// Appends what is to be said now that the round is published: an ack, and behind it why the stream ends.
    package mutating func appendVerdict(to replies: inout Replies) {
        if isAckDue { NativeFrame.appendAck(lastNumber, to: &replies.bytes) }
        if let farewell { NativeFrame.appendError(number: 0, farewell, to: &replies.bytes) }
        isAckDue = false
        farewell = nil
    }

    /// Works off whole frames. Stops behind a HELLO, which the caller answers with `begin`.
    package mutating func run(
        on bytes: Span<UInt8>, ended: Bool, from origin: borrowing Origin, _ intake: Intake, _ replies: inout Replies
    ) -> SessionStep {
        var start = 0
        while replies.isOpen {
            switch NativeFrame.next(
                in: bytes, from: start, ended: ended, maxMessage: longest(intake.maxMessage))
            {
            case .more(let from): return SessionStep(consumed: from, reason: .needsMore)
            case .refused(let refusal): return end(refusal, at: start, intake)
            case .frame(let header, let payload, let next):
                switch header.kind {
                case .publish:
                    let result = publish(payload, in: bytes, from: origin, intake, &replies)
                    if result == .full { return SessionStep(consumed: start, reason: .full) }
                    if case .refused(let refusal) = result { return end(refusal, at: start, intake) }
                case .hello:
                    guard !hasBegun, let id = NativeFrame.hello(in: bytes, payload: payload), id.high | id.low != 0
                    else { return end(.badFrame, at: start, intake) }
                    hasBegun = true
                    return SessionStep(consumed: next, reason: .hello(id))
                default:
                    // It is whole, so the stream goes on behind it.
                    intake.refuse(.unknownType)
                    NativeFrame.appendError(number: 0, .unknownType, to: &replies.bytes)
                }
                hasBegun = true
                start = next
            }
        }
        return SessionStep(consumed: start, reason: .answers)
    }

    /// `.refused` only where the stream can't go on; it is not counted yet.
    private mutating func publish(
        _ payload: Range<Int>, in bytes: Span<UInt8>, from origin: borrowing Origin, _ intake: Intake,
        _ replies: inout Replies
    ) -> Intake.Result {
        guard let publish = NativeFrame.publish(in: bytes, payload: payload) else { return .refused(.badFrame) }
        if sender != nil {
            // A sender that numbers from 0 would lose its first message as a duplicate of none.
            guard publish.number > 0 else { return .refused(.badFrame) }
            if publish.number <= lastNumber {
                intake.producer.countDuplicate()
                isAckDue = true
                return .taken
            }
        }
        switch intake.take(publish, in: bytes, from: origin, sender: sender) {
        case .full: return .full
        case .refused(let refusal): NativeFrame.appendError(number: publish.number, refusal, to: &replies.bytes)
        case .taken: break
        }
        lastNumber = publish.number
        isAckDue = true
        return .taken
    }

    private mutating func end(_ refusal: Refusal, at start: Int, _ intake: Intake) -> SessionStep {
        intake.refuse(refusal)
        farewell = refusal
        return SessionStep(consumed: start, reason: .refused(refusal))
    }
}
