// SPDX-License-Identifier: Apache-2.0

/// The id of the record that another one replays: the last bytes of the replay's payload, behind its body.
///
/// Written by the acceptor when it takes a replay in, read by whoever hands the record out.
///
/// Invariant: 20 bytes, little-endian: log, epoch, sequence.
@usableFromInline
package struct OriginalID: Equatable, Sendable {
    package let log: UInt64
    package let epoch: UInt32
    package let sequence: UInt64

    /// Bit of the descriptor's flags.
    @inlinable static var flag: UInt8 { 1 }
    @inlinable package static var byteCount: Int { 20 }

    package init(log: UInt64, epoch: UInt32, sequence: UInt64) {
        self.log = log
        self.epoch = epoch
        self.sequence = sequence
    }

    /// - Returns: nil if there are not as many bytes as it needs.
    package init?(_ bytes: Span<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        func word(_ range: Range<Int>) -> UInt64 {
            range.reversed().reduce(0) { $0 << 8 | UInt64(bytes[$1]) }
        }
        self.init(log: word(0..<8), epoch: UInt32(truncatingIfNeeded: word(8..<12)), sequence: word(12..<20))
    }

    package var bytes: [UInt8] {
        [(log, 8), (UInt64(epoch), 4), (sequence, 8)].flatMap { word, count in
            (0..<count).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
        }
    }
}
