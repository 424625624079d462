// SPDX-License-Identifier: Apache-2.0

/// The name of a message for everybody outside: `<log>-<epoch>-<sequence>`, stable over redelivery and replay.
///
/// The log's own random id is made with the ring, the epoch grows with each recovery. Services get it as `id` and give
/// it back in their replies.
/// Invariant: text and value are one to one, so that two ids are equal exactly when their texts are.
@usableFromInline
package struct MessageID: Hashable, Sendable, CustomStringConvertible {
    /// The greatest length of the text: 16 digits, a dash, 20, a dash, 20.
    package static let maximumCount = 58

    @usableFromInline package var log: UInt64
    @usableFromInline package var epoch: UInt64
    @usableFromInline package var sequence: UInt64

    @inlinable package init(log: UInt64, epoch: UInt64, sequence: UInt64) {
        self.log = log
        self.epoch = epoch
        self.sequence = sequence
    }

    /// Reads `text`, all of it; nil if it is not exactly what `append` writes.
    package init?(_ text: Span<UInt8>) {
        self.init(text, in: text.indices)
    }

    package init?(_ bytes: Span<UInt8>, in range: Range<Int>) {
        let start = range.lowerBound
        guard range.count >= 20, range.count <= Self.maximumCount, bytes[start &+ 16] == Self.dash else { return nil }
        let rest = start &+ 17..<range.upperBound
        guard let second = bytes.first(Self.dash, in: rest),
            let log = Self.hex(bytes, in: start..<start &+ 16),
            let epoch = Self.decimal(bytes, in: rest.lowerBound..<second),
            let sequence = Self.decimal(bytes, in: second &+ 1..<range.upperBound)
        else { return nil }
        self.init(log: log, epoch: epoch, sequence: sequence)
    }

    package func append(to out: inout [UInt8]) {
        out.appendHex(log, width: 16)
        out.append(Self.dash)
        out.appendDecimal(epoch)
        out.append(Self.dash)
        out.appendDecimal(sequence)
    }

    @usableFromInline package var description: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: Unicode.UTF8.self)
    }

    private static let dash: UInt8 = 0x2D

    private static func hex(_ bytes: Span<UInt8>, in range: Range<Int>) -> UInt64? {
        var value: UInt64 = 0
        for index in range {
            let byte = bytes[index]
            let digit = isDigit(byte) ? byte &- 0x30 : byte &- 0x57
            guard isDigit(byte) || (0x61...0x66).contains(byte) else { return nil }
            value = value &<< 4 | UInt64(digit)
        }
        return value
    }

    private static func decimal(_ bytes: Span<UInt8>, in range: Range<Int>) -> UInt64? {
        guard !range.isEmpty, range.count == 1 || bytes[range.lowerBound] != 0x30 else { return nil }
        var value: UInt64 = 0
        for index in range {
            guard isDigit(bytes[index]) else { return nil }
            let (shifted, tooLong) = value.multipliedReportingOverflow(by: 10)
            let (sum, tooLarge) = shifted.addingReportingOverflow(UInt64(bytes[index] &- 0x30))
            if tooLong || tooLarge { return nil }
            value = sum
        }
        return value
    }
}
