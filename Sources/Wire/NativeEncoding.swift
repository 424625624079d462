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

    /// Bytes of a PUBLISH before its topic: header, number, and the topic's length.
    package static let publishHead = 18

    /// Sets number and length in a frame that `appendPublish` made, or in its beginning.
    package static func set(number: UInt64, payload length: Int, inPublish frame: inout [UInt8]) {
        var bytes = frame.mutableSpan
        // Here, once: the compiler leaves out the check of each byte.
        precondition(bytes.count >= publishHead)
        let start = UInt64(magic) << 56 | UInt64(version) << 48 | UInt64(Kind.publish.rawValue) << 40
        bytes.setWord(at: 0, start | UInt64(length))
        bytes.setWord(at: headerCount, number)
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
