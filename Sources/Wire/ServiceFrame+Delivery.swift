// SPDX-License-Identifier: Apache-2.0

/// What Belfry sends to a `frames` service: DELIVER, whose payload is a fixed part and then the record as it lies in
/// the ring (topic, source, decoded member, body); and FINISH.
///
/// Written by the worker, read by the client library.
/// Invariant: what is appended here is read back equal, and every range that is read lies inside the payload.
extension ServiceFrame {
    /// The fixed part of a DELIVER.
    @usableFromInline package struct Delivery: Equatable, Sendable {
        /// Bytes; a later version's may be longer.
        @inlinable static var fixedCount: Int { 52 }
        @inlinable static var redelivered: UInt8 { 1 }
        /// Magic, version and type, where they stand in the first word.
        @inlinable static var start: UInt64 { 0xB501_1100_0000_0000 }
        /// Bytes of the frame's header and the fixed part.
        @inlinable package static var headCount: Int { headerCount &+ fixedCount }

        /// 1, 2, 3 … for each process anew.
        @usableFromInline package var number: UInt64
        @usableFromInline package var id: MessageID
        /// Nanoseconds since 1970, when the message was received.
        @usableFromInline package var time: UInt64
        @usableFromInline package var attempt: UInt32
        /// Whether this may be a repetition of a delivery that was already made.
        @usableFromInline package var isRedelivered: Bool
        /// As a WireProtocol and a DecodedMessage.Kind; a later version may know more of both.
        @usableFromInline package var wireProtocol: UInt8
        @usableFromInline package var decodedKind: UInt8

        @inlinable package init(
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

    /// Writes header and fixed part to the `headCount` bytes of `out`, a word at a time: a byte at a time this would be
    /// the most costly part of a delivery. Topic, source, decoded and body of these lengths are to follow.
    /// The caller keeps all together under 4 GiB, and topic and source each under 64 KiB.
    @inline(__always) @inlinable package static func write(
        _ delivery: Delivery, topic: Int, source: Int, decoded: Int, body: Int, to out: inout MutableRawSpan
    ) {
        func put(_ value: some FixedWidthInteger & BitwiseCopyable, at offset: Int) {
            out.storeBytes(of: value.bigEndian, toByteOffset: offset, as: type(of: value))
        }
        let length = Delivery.fixedCount &+ topic &+ source &+ decoded &+ body
        let flags = delivery.isRedelivered ? Delivery.redelivered : 0
        put(Delivery.start | UInt64(flags) << 32 | UInt64(length), at: 0)
        put(delivery.number, at: 8)
        put(delivery.id.log, at: 16)
        put(delivery.id.sequence, at: 24)
        put(delivery.time, at: 32)
        put(delivery.id.epoch << 32 | UInt64(delivery.attempt), at: 40)
        put(UInt64(decoded) << 32 | UInt64(topic) << 16 | UInt64(source), at: 48)
        let kinds = UInt32(delivery.wireProtocol) << 24 | UInt32(delivery.decodedKind) << 16
        put(kinds | UInt32(Delivery.fixedCount), at: 56)
    }

    /// Reads the payload of a DELIVER; nil if its lengths do not fit.
    package static func delivery(
        in bytes: Span<UInt8>, flags: UInt8, payload: Range<Int>
    ) -> (Delivery, Parts)? {
        let start = payload.lowerBound
        guard payload.count >= Delivery.fixedCount else { return nil }
        @inline(__always) func integer(_ offset: Int, _ width: Int) -> UInt64 {
            bytes.bigEndian(at: start &+ offset, width: width)
        }
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
