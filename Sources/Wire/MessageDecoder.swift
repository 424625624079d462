// SPDX-License-Identifier: Apache-2.0

/// From bytes to a message: the one place where it is decided which decoder takes a datagram or a frame of a stream.
///
/// Called by the acceptor for every notification that is not a native frame.
/// Invariant: bytes that no decoder takes are `raw`, untouched; only a bad or reserved name is refused.
package enum DecodedContent: Equatable, Sendable {
    /// One message, decoded.
    case message
    /// Text: all the bytes are the body, under the topic `raw`.
    case raw
    /// Whole native frames, to be read one by one with `NativeFrame.next`.
    case native
    case refused(Refusal)
}

/// `bytes`: one datagram, after the offload's segments were split.
package func decodeDatagram(_ bytes: Span<UInt8>, into message: inout DecodedMessage) -> DecodedContent {
    guard bytes.count > 0 else { return .raw }
    switch bytes[0] {
    case NativeFrame.magic: return NativeFrame.isWhole(bytes) ? .native : .raw
    case 0x7B: return JSONMessage.decode(bytes, into: &message)
    case 0x3C: return SyslogMessage.decode(bytes, in: bytes.indices, into: &message) ? .message : .raw
    case 0x31...0x39: return decodeCounted(bytes, into: &message)
    default: return .raw
    }
}

/// `bytes`: one frame of a connection (a line without its end, or a counted syslog message) that speaks `stream`.
/// Never `native`.
package func decodeFrame(
    _ bytes: Span<UInt8>, speaking stream: StreamProtocol, into message: inout DecodedMessage
) -> DecodedContent {
    switch stream {
    case .json: JSONMessage.decode(bytes, into: &message)
    case .syslogLines, .syslogCounted:
        SyslogMessage.decode(bytes, in: bytes.indices, into: &message) ? .message : .raw
    default: .raw
    }
}

/// A datagram that is exactly one syslog message with its octets counted, but for line ends behind it, is that message;
/// else it is text that begins with a number.
private func decodeCounted(_ bytes: Span<UInt8>, into message: inout DecodedMessage) -> DecodedContent {
    let step = OctetCountFramer(limit: bytes.count).next(in: bytes, from: 0, ended: true)
    if case .frame(let range, let next) = step, bytes.isLineEnds(from: next),
        SyslogMessage.decode(bytes, in: range, into: &message)
    {
        return .message
    }
    return .raw
}
