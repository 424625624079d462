// SPDX-License-Identifier: Apache-2.0

/// From bytes to a message: the one place where it is decided which decoder takes a datagram or a frame of a stream.
///
/// Called by the acceptor for every notification that is not a native frame.
/// Invariant: bytes that no decoder takes become `raw`, untouched; only a bad or reserved name is refused.
package enum DatagramContent: Equatable, Sendable {
    /// One message, decoded.
    case message
    /// Whole native frames, to be read one by one with `NativeFrame.next`.
    case native
    case refused(Refusal)
}

/// `bytes`: one datagram, after the offload's segments were split.
package func decodeDatagram(_ bytes: Span<UInt8>, into message: inout DecodedMessage) -> DatagramContent {
    guard bytes.count > 0 else {
        message.setRaw(count: 0)
        return .message
    }
    var refusal: Refusal?
    switch bytes[0] {
    case NativeFrame.magic where NativeFrame.isWhole(bytes):
        return .native
    case 0x7B:
        refusal = JSONMessage.decode(bytes, into: &message)
    case 0x3C:
        SyslogMessage.decode(bytes, in: bytes.indices, into: &message)
    case 0x31...0x39:
        decodeCounted(bytes, into: &message)
    default:
        message.setRaw(count: bytes.count)
    }
    return refusal.map { .refused($0) } ?? .message
}

/// `bytes`: one frame of a connection (a line without its end, or a counted syslog message) that speaks `stream`.
/// Nil if it is a message, else why it is refused.
package func decodeFrame(
    _ bytes: Span<UInt8>, speaking stream: StreamProtocol, into message: inout DecodedMessage
) -> Refusal? {
    switch stream {
    case .json:
        return JSONMessage.decode(bytes, into: &message)
    case .syslogLines, .syslogCounted:
        SyslogMessage.decode(bytes, in: bytes.indices, into: &message)
        return nil
    default:
        message.setRaw(count: bytes.count)
        return nil
    }
}

/// A datagram that is exactly one syslog message with its octets counted, but for line ends behind it, is that message;
/// else it is text that begins with a number.
private func decodeCounted(_ bytes: Span<UInt8>, into message: inout DecodedMessage) {
    let step = OctetCountFramer(limit: bytes.count).next(in: bytes, from: 0, ended: true)
    if case .frame(let range, let next) = step, bytes.isLineEnds(from: next) {
        SyslogMessage.decode(bytes, in: range, into: &message)
        if message.wireProtocol == .syslog { return }
    }
    message.setRaw(count: bytes.count)
}
