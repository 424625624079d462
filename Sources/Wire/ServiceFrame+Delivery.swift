// SPDX-License-Identifier: Apache-2.0

/// What Belfry sends to a `frames` service: DELIVER, whose payload is a fixed part and then the record as it lies in
/// the ring (topic, source, decoded member, body); and FINISH.
///
/// Written by the worker, read by the client library.
/// Invariant: what is appended here is read back equal, and every range that is read lies inside the payload.
extension ServiceFrame {
    /// The fixed part of a DELIVER.
    package struct Delivery: Equatable, Sendable {
        /// Bytes; a later version's may be longer.
        static let fixedCount = 52
        static let redelivered: UInt8 = 1

        /// 1, 2, 3 … for each process anew.
        package var number: UInt64
        package var id: MessageID
        /// Nanoseconds since 1970, when the message was received.
        package var time: UInt64
        package var attempt: UInt32
        /// Whether this may be a repetition of a delivery that was already made.
        package var isRedelivered: Bool
        /// As a WireProtocol and a DecodedMessage.Kind; a later version may know more of both.
        package var wireProtocol: UInt8
        package var decodedKind: UInt8

        package init(
            number: UInt64, id: MessageID, time: UInt64, attempt: UInt32, isRedelivered: Bool, wireProtocol: UInt8,
            decodedKind: UInt8
        ) {
            self.number = number
            self.id = id
            self.time = time
            self.attempt = attempt
            self.isRedelivered = isRedelivered
            self.wireProtocol = wireProtocol
            self.decodedKind = decodedKind
        }
    }

    /// Where the parts of a message lie.
    package struct Parts: Equatable, Sendable {
        package var topic: Range<Int>
        package var source: Range<Int>
        package var decoded: Range<Int>
        package var body: Range<Int>
    }

    /// Appends header and fixed part; topic, source, decoded and body of these lengths are to follow.
    /// The caller keeps all together under 4 GiB, and topic and source each under 64 KiB.
    package static func appendDelivery(
        _ delivery: Delivery, topic: Int, source: Int, decoded: Int, body: Int, to out: inout [UInt8]
    ) {
        let length = Delivery.fixedCount &+ topic &+ source &+ decoded &+ body
        appendHeader(.deliver, flags: delivery.isRedelivered ? Delivery.redelivered : 0, length: length, to: &out)
        out.appendBigEndian(delivery.number, width: 8)
        out.appendBigEndian(delivery.id.log, width: 8)
        out.appendBigEndian(delivery.id.sequence, width: 8)
        out.appendBigEndian(delivery.time, width: 8)
        out.appendBigEndian(delivery.id.epoch, width: 4)
        out.appendBigEndian(UInt64(delivery.attempt), width: 4)
        out.appendBigEndian(UInt64(decoded), width: 4)
        out.appendBigEndian(UInt64(topic), width: 2)
        out.appendBigEndian(UInt64(source), width: 2)
        out.append(delivery.wireProtocol)
        out.append(delivery.decodedKind)
        out.appendBigEndian(UInt64(Delivery.fixedCount), width: 2)
    }

    /// Reads the payload of a DELIVER; nil if its lengths do not fit.
    package static func delivery(
        in bytes: Span<UInt8>, flags: UInt8, payload: Range<Int>
    ) -> (Delivery, Parts)? {
        let start = payload.lowerBound
        guard payload.count >= Delivery.fixedCount else { return nil }
        func integer(_ offset: Int, _ width: Int) -> UInt64 { bytes.bigEndian(at: start &+ offset, width: width) }
        let fixed = Int(integer(50, 2))
        let (topic, source, decoded) = (Int(integer(44, 2)), Int(integer(46, 2)), Int(integer(40, 4)))
        guard fixed >= Delivery.fixedCount, fixed &+ topic &+ source &+ decoded <= payload.count else { return nil }
        let delivery = Delivery(
            number: integer(0, 8), id: MessageID(log: integer(8, 8), epoch: integer(32, 4), sequence: integer(16, 8)),
            time: integer(24, 8), attempt: UInt32(truncatingIfNeeded: integer(36, 4)),
            isRedelivered: flags & Delivery.redelivered != 0, wireProtocol: bytes[start &+ 48],
            decodedKind: bytes[start &+ 49])
        let first = start &+ fixed
        return (
            delivery,
            Parts(
                topic: first..<first &+ topic, source: first &+ topic..<first &+ topic &+ source,
                decoded: first &+ topic &+ source..<first &+ topic &+ source &+ decoded,
                body: first &+ topic &+ source &+ decoded..<payload.upperBound)
        )
    }

    /// - Parameter milliseconds: until SIGTERM.
    package static func appendFinish(milliseconds: UInt32, to out: inout [UInt8]) {
        appendHeader(.finish, length: 4, to: &out)
        out.appendBigEndian(UInt64(milliseconds), width: 4)
    }

    /// Reads the payload of a FINISH: milliseconds until SIGTERM.
    package static func finish(in bytes: Span<UInt8>, payload: Range<Int>) -> UInt32? {
        guard payload.count >= 4 else { return nil }
        return UInt32(truncatingIfNeeded: bytes.bigEndian(at: payload.lowerBound, width: 4))
    }
}
