// SPDX-License-Identifier: Apache-2.0

/// What a `frames` service sends: WINDOW, DONE and FAIL.
///
/// Written by the client library, read by the worker from what a user's program wrote, and so trusted in nothing.
/// Invariant: what is appended here is read back equal; a frame that has not the right form is garbage as a whole, but
/// for the ranges of a DONE, each of which stands for itself.
extension ServiceFrame {
    package enum Answer: Equatable, Sendable {
        case window(UInt32)
        /// So many ranges, to be read with `range`.
        case done(Int)
        /// A reason may be empty.
        case fail(UInt64, isFinal: Bool, reason: Range<Int>)
        case garbage
        /// A frame of a type that services don't send, or that this version does not know.
        case unknown
    }

    /// Bytes of a reason that are read.
    package static let maximumReason = 4_096
    private static let rangeCount = 16

    package static func answer(_ kind: Kind?, in bytes: Span<UInt8>, payload: Range<Int>) -> Answer {
        let start = payload.lowerBound
        switch kind {
        case .window:
            guard payload.count >= 4 else { return .garbage }
            return .window(UInt32(truncatingIfNeeded: bytes.bigEndian(at: start, width: 4)))
        case .done:
            guard !payload.isEmpty, payload.count % rangeCount == 0 else { return .garbage }
            return .done(payload.count / rangeCount)
        case .fail:
            guard payload.count >= 9, bytes[start &+ 8] <= 1 else { return .garbage }
            let reason = start &+ 9..<min(payload.upperBound, start &+ 9 &+ maximumReason)
            return .fail(bytes.bigEndian(at: start, width: 8), isFinal: bytes[start &+ 8] == 1, reason: reason)
        case .deliver, .finish, nil: return .unknown
        }
    }

    /// A range of a DONE, which holds that many; nil if its last number is below its first.
    package static func range(_ index: Int, in bytes: Span<UInt8>, payload: Range<Int>) -> ClosedRange<UInt64>? {
        let start = payload.lowerBound &+ index &* rangeCount
        let first = bytes.bigEndian(at: start, width: 8)
        let last = bytes.bigEndian(at: start &+ 8, width: 8)
        return first <= last ? first...last : nil
    }

    package static func appendWindow(_ deliveries: UInt32, to out: inout [UInt8]) {
        appendHeader(.window, length: 4, to: &out)
        out.appendBigEndian(UInt64(deliveries), width: 4)
    }

    /// One frame with all the ranges: 4,096 at most.
    package static func appendDone(_ ranges: [ClosedRange<UInt64>], to out: inout [UInt8]) {
        appendHeader(.done, length: ranges.count &* rangeCount, to: &out)
        for range in ranges {
            out.appendBigEndian(range.lowerBound, width: 8)
            out.appendBigEndian(range.upperBound, width: 8)
        }
    }

    /// - Parameter reason: UTF-8; what is beyond `maximumReason` bytes is left out.
    package static func appendFail(_ number: UInt64, isFinal: Bool, reason: Span<UInt8>, to out: inout [UInt8]) {
        let kept = min(reason.count, maximumReason)
        appendHeader(.fail, length: 9 &+ kept, to: &out)
        out.appendBigEndian(number, width: 8)
        out.append(isFinal ? 1 : 0)
        reason.append(0..<kept, to: &out)
    }
}
