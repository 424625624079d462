// SPDX-License-Identifier: Apache-2.0
/// The name of a segment file: which of the two streams it belongs to, and where its range begins.
///
/// `log-00000000000004d2.seg`, `parked-00000000000004d2.seg`; what was set aside ends in `.corrupt`.
/// Invariant: a file's range ends where that of the next one of its stream begins; what it holds beyond does not count.

/// The two streams of segment files.
package enum SegmentStream: UInt8, Sendable {
    /// Every record, in disk mode, before its sender is acked.
    case log = 1
    /// Records that left the ring although somebody still wants them.
    case parked = 2

    fileprivate var prefix: String {
        switch self {
        case .log: "log-"
        case .parked: "parked-"
        }
    }
}

package struct SegmentName: Hashable, Sendable, CustomStringConvertible {
    package let stream: SegmentStream
    package let first: UInt64

    package init(_ stream: SegmentStream, first: UInt64) {
        self.stream = stream
        self.first = first
    }

    /// Nil if it is not the name of a segment file.
    init?(_ text: String) {
        for stream in [SegmentStream.log, .parked] where text.hasPrefix(stream.prefix) && text.hasSuffix(Self.suffix) {
            let digits = text.dropFirst(stream.prefix.utf8.count).dropLast(Self.suffix.utf8.count)
            guard digits.utf8.count == 16, let first = UInt64(digits, radix: 16) else { return nil }
            self.init(stream, first: first)
            // One sequence has one name: neither capitals nor a sign.
            guard description == text else { return nil }
            return
        }
        return nil
    }

    package var description: String {
        let digits = String(first, radix: 16)
        return stream.prefix + String(repeating: "0", count: 16 - digits.utf8.count) + digits + Self.suffix
    }

    private static let suffix = ".seg"
}
