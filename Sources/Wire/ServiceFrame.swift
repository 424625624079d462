// SPDX-License-Identifier: Apache-2.0

/// The frames between Belfry and a `frames` service, as they are cut out of the stream: a header as that of the native
/// protocol, then a payload of the length that it tells.
///
/// Used by the worker and by the client library; docs/protocol.md, section 10, has the tables.
/// Invariant: `next` never reads beyond the span, and never asks for more than a frame of the length that is allowed.
@usableFromInline
package enum ServiceFrame {
    @inlinable package static var headerCount: Int { 8 }
    /// The longest payload that a service may send.
    package static let maximumAnswer = 65_536

    package enum Kind: UInt8, CaseIterable, Sendable {
        /// From the service: how many deliveries it takes open at once.
        case window = 16
        case deliver = 17
        case done = 18
        case fail = 19
        /// From Belfry: nothing more will come.
        case finish = 20
    }

    package enum Step: Equatable, Sendable {
        /// A whole frame; the next one begins behind its payload. No kind: a type that this version does not know.
        case frame(Kind?, flags: UInt8, payload: Range<Int>)
        /// The frame needs more bytes, or there is none.
        case more
        /// No frame begins here, or it is too long: nothing can be told apart from here on.
        case unreadable
    }

    /// Reads the frame that begins at `start`.
    /// - Parameter most: bytes that its payload may have.
    package static func next(in bytes: Span<UInt8>, from start: Int, most: Int) -> Step {
        let available = bytes.count &- start
        if available > 0, bytes[start] != NativeFrame.magic { return .unreadable }
        if available > 1, bytes[start &+ 1] != NativeFrame.version { return .unreadable }
        guard available >= headerCount else { return .more }
        let length = Int(bytes.bigEndian(at: start &+ 4, width: 4))
        guard length <= most else { return .unreadable }
        guard available &- headerCount >= length else { return .more }
        let payload = start &+ headerCount..<start &+ headerCount &+ length
        return .frame(Kind(rawValue: bytes[start &+ 2]), flags: bytes[start &+ 3], payload: payload)
    }

    static func appendHeader(_ kind: Kind, flags: UInt8 = 0, length: Int, to out: inout [UInt8]) {
        out.append(NativeFrame.magic)
        out.append(NativeFrame.version)
        out.append(kind.rawValue)
        out.append(flags)
        out.appendBigEndian(UInt64(length), width: 4)
    }
}
