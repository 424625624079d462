// SPDX-License-Identifier: Apache-2.0

/// The payloads of native frames, as they are read: by the acceptor (HELLO, PUBLISH) and by clients (the rest).
///
/// Each reader takes the whole span and the payload's range, and answers nil if the payload has not the right form.
/// Invariant: every range that is handed out lies inside the payload.
extension NativeFrame {
    @usableFromInline package struct Publish: Equatable, Sendable {
        @usableFromInline package var number: UInt64
        @usableFromInline package var topic: Range<Int>
        @usableFromInline package var body: Range<Int>

        @inlinable
        init(number: UInt64, topic: Range<Int>, body: Range<Int>) {
            self.number = number
            self.topic = topic
            self.body = body
        }
    }

    package struct Welcome: Equatable, Sendable {
        /// The last number that the broker took from this sender; 0 if it knows of none.
        package var lastAccepted: UInt64
        package var maxMessage: UInt32

        package init(lastAccepted: UInt64, maxMessage: UInt32) {
            self.lastAccepted = lastAccepted
            self.maxMessage = maxMessage
        }
    }

    package struct Fault: Equatable, Sendable {
        /// The number of the notification that was refused; 0 if the stream as a whole is meant.
        package var number: UInt64
        package var code: UInt16
        /// A sentence in UTF-8.
        package var sentence: Range<Int>
    }

    package static func hello(in bytes: Span<UInt8>, payload: Range<Int>) -> SenderID? {
        guard payload.count == SenderID.count else { return nil }
        let start = payload.lowerBound
        return SenderID(high: bytes.bigEndian(at: start, width: 8), low: bytes.bigEndian(at: start &+ 8, width: 8))
    }

    @inlinable @inline(__always)
    package static func publish(in bytes: Span<UInt8>, payload: Range<Int>) -> Publish? {
        guard payload.count >= 10 else { return nil }
        let topicStart = payload.lowerBound &+ 10
        let topicCount = Int(bytes.bigEndian(at: payload.lowerBound &+ 8, width: 2))
        guard topicCount <= payload.upperBound &- topicStart else { return nil }
        let bodyStart = topicStart &+ topicCount
        return Publish(
            number: bytes.bigEndian(at: payload.lowerBound, width: 8),
            topic: topicStart..<bodyStart, body: bodyStart..<payload.upperBound)
    }

    package static func welcome(in bytes: Span<UInt8>, payload: Range<Int>) -> Welcome? {
        guard payload.count >= 12 else { return nil }
        let start = payload.lowerBound
        return Welcome(
            lastAccepted: bytes.bigEndian(at: start, width: 8),
            maxMessage: UInt32(truncatingIfNeeded: bytes.bigEndian(at: start &+ 8, width: 4)))
    }

    /// The cumulative number of an ACK.
    package static func ack(in bytes: Span<UInt8>, payload: Range<Int>) -> UInt64? {
        payload.count >= 8 ? bytes.bigEndian(at: payload.lowerBound, width: 8) : nil
    }

    package static func fault(in bytes: Span<UInt8>, payload: Range<Int>) -> Fault? {
        guard payload.count >= 10 else { return nil }
        let start = payload.lowerBound
        return Fault(
            number: bytes.bigEndian(at: start, width: 8),
            code: UInt16(truncatingIfNeeded: bytes.bigEndian(at: start &+ 8, width: 2)),
            sentence: start &+ 10..<payload.upperBound)
    }
}
