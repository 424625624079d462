// SPDX-License-Identifier: Apache-2.0

/// Base64 with padding (RFC 4648, section 4), for bodies that are no UTF-8; and back, for whoever reads our JSON.
///
/// Used by the JSON writer for `body64`.
/// Invariant: the result has no line breaks, and a length that is a multiple of four.
package enum Base64 {
    static func append(_ bytes: Span<UInt8>, to out: inout [UInt8]) {
        var index = 0
        while index < bytes.count {
            let left = bytes.count &- index
            let first = UInt32(bytes[index])
            let second = left > 1 ? UInt32(bytes[index &+ 1]) : 0
            let third = left > 2 ? UInt32(bytes[index &+ 2]) : 0
            let group = first &<< 16 | second &<< 8 | third
            out.append(digit(group &>> 18))
            out.append(digit(group &>> 12))
            out.append(left > 1 ? digit(group &>> 6) : 0x3D)
            out.append(left > 2 ? digit(group) : 0x3D)
            index &+= 3
        }
    }

    /// nil if it is not exactly what `append` writes.
    package static func decode(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 4 == 0 else { return nil }
        let padding = digits.reversed().prefix(2).prefix { $0 == 0x3D }.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 4 * 3)
        for start in stride(from: 0, to: digits.count, by: 4) {
            var group: UInt32 = 0
            for index in start..<start &+ 4 {
                guard let value = index >= digits.count &- padding ? 0 : value(digits[index]) else { return nil }
                group = group &<< 6 | value
            }
            for shift in [16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: group &>> shift)) }
        }
        bytes.removeLast(padding)
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt32? {
        switch digit {
        case 0x41...0x5A: UInt32(digit &- 0x41)
        case 0x61...0x7A: UInt32(digit &- 0x47)
        case 0x30...0x39: UInt32(digit &+ 4)
        case 0x2B: 62
        case 0x2F: 63
        default: nil
        }
    }

    private static func digit(_ group: UInt32) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: group & 0x3F)
        switch value {
        case 0..<26: return value &+ 0x41
        case 26..<52: return value &+ 0x47
        case 52..<62: return value &- 4
        case 62: return 0x2B
        default: return 0x2F
        }
    }
}
