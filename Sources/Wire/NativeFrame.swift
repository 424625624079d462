// SPDX-License-Identifier: Apache-2.0

/// The frames of the native protocol, as they are read: an 8-byte header, then a payload of the length that it tells.
///
/// Used by the acceptor, the client library and `belfry send`; docs/protocol.md has the byte tables.
/// Invariant: `next` never reads beyond the span and never asks for more than a frame of the greatest length.
@usableFromInline package enum NativeFrame {
    @inlinable package static var magic: UInt8 { 0xB5 }
    @inlinable package static var version: UInt8 { 1 }
    @inlinable package static var headerCount: Int { 8 }
    /// What a payload may hold beside a body of `max-message` bytes: number, topic, and room for later versions.
    @inlinable package static var overhead: Int { 512 }

    @usableFromInline package enum Kind: UInt8, CaseIterable, Sendable {
        case hello = 1
        case welcome = 2
        case publish = 3
        case ack = 4
        case error = 5
    }

    @usableFromInline package struct Header: Equatable, Sendable {
        /// Nil if this version knows no such type; the frame can still be skipped.
        @usableFromInline package var kind: Kind?
        @usableFromInline package var flags: UInt8

        @inlinable
        package init(kind: Kind?, flags: UInt8) {
            self.kind = kind
            self.flags = flags
        }
    }

    @usableFromInline package enum Step: Equatable, Sendable {
        /// A whole frame; the next one begins at `next`.
        case frame(Header, payload: Range<Int>, next: Int)
        /// The frame that begins at `from` needs more bytes, or there is none.
        case more(from: Int)
        /// No frame can be told apart from here on: the stream ends.
        case refused(Refusal)
    }

    /// Reads the frame that begins at `start`. `ended`: no more bytes will come.
    @inlinable @inline(__always)
    package static func next(in bytes: Span<UInt8>, from start: Int, ended: Bool, maxMessage: Int) -> Step {
        let available = bytes.count &- start
        if available == 0 { return .more(from: start) }
        guard bytes[start] == magic else { return .refused(.badFrame) }
        if available > 1, bytes[start &+ 1] != version { return .refused(.unknownVersion) }
        guard available >= headerCount else { return ended ? .refused(.truncated) : .more(from: start) }
        let length = Int(bytes.bigEndian(at: start &+ 4, width: 4))
        guard length <= maxMessage &+ overhead else { return .refused(.tooLarge) }
        guard available &- headerCount >= length else { return ended ? .refused(.truncated) : .more(from: start) }
        let payload = start &+ headerCount..<start &+ headerCount &+ length
        let header = Header(kind: Kind(rawValue: bytes[start &+ 2]), flags: bytes[start &+ 3])
        return .frame(header, payload: payload, next: payload.upperBound)
    }

    /// Whether `datagram` is nothing but whole frames, one after the other, of whatever version and type.
    package static func isWhole(_ datagram: Span<UInt8>) -> Bool {
        var start = 0
        while start &+ headerCount <= datagram.count, datagram[start] == magic {
            start &+= headerCount &+ Int(datagram.bigEndian(at: start &+ 4, width: 4))
            if start == datagram.count { return true }
        }
        return false
    }
}
