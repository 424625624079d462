// SPDX-License-Identifier: Apache-2.0

/// The frames of the native protocol, as they are written: each verb appends one whole frame.
///
/// Used by clients (HELLO, PUBLISH) and by the acceptor (WELCOME, ACK, ERROR).
/// Invariant: what is appended here is read back equal by `next` and the payload readers.
extension NativeFrame {
    package static func appendHello(_ sender: SenderID, to out: inout [UInt8]) {
        appendHeader(.hello, length: SenderID.count, to: &out)
        out.appendBigEndian(sender.high, width: 8)
        out.appendBigEndian(sender.low, width: 8)
    }

    package static func appendWelcome(_ welcome: Welcome, to out: inout [UInt8]) {
        appendHeader(.welcome, length: 12, to: &out)
        out.appendBigEndian(welcome.lastAccepted, width: 8)
        out.appendBigEndian(UInt64(welcome.maxMessage), width: 4)
    }

    /// The caller keeps `topic` and `body` within the limits of the broker; both together must be under 4 GiB.
    package static func appendPublish(
        number: UInt64, topic: Span<UInt8>, body: Span<UInt8>, to out: inout [UInt8]
    ) {
        appendHeader(.publish, length: 10 &+ topic.count &+ body.count, to: &out)
        out.appendBigEndian(number, width: 8)
        out.appendBigEndian(UInt64(topic.count), width: 2)
        topic.append(topic.indices, to: &out)
        body.append(body.indices, to: &out)
    }

    /// Gives a frame that `appendPublish` made another number.
    package static func setNumber(_ number: UInt64, inPublish frame: inout [UInt8]) {
        for index in 0..<8 {
            frame[headerCount &+ index] = UInt8(truncatingIfNeeded: number &>> UInt64(56 &- 8 &* index))
        }
    }

    package static func appendAck(_ number: UInt64, to out: inout [UInt8]) {
        appendHeader(.ack, length: 8, to: &out)
        out.appendBigEndian(number, width: 8)
    }

    /// `number` 0: the stream as a whole is refused.
    package static func appendError(number: UInt64, _ refusal: Refusal, to out: inout [UInt8]) {
        let sentence = refusal.sentence.utf8
        appendHeader(.error, length: 10 &+ sentence.count, to: &out)
        out.appendBigEndian(number, width: 8)
        out.appendBigEndian(UInt64(refusal.code), width: 2)
        out.append(contentsOf: sentence)
    }

    private static func appendHeader(_ kind: Kind, length: Int, to out: inout [UInt8]) {
        out.append(magic)
        out.append(version)
        out.append(kind.rawValue)
        out.append(0)
        out.appendBigEndian(UInt64(length), width: 4)
    }
}
