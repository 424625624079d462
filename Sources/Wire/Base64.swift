// SPDX-License-Identifier: Apache-2.0

/// Base64 with padding (RFC 4648, section 4), for bodies that are no UTF-8.
///
/// Used by the JSON writer for `body64`.
/// Invariant: the result has no line breaks, and a length that is a multiple of four.
enum Base64 {
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
