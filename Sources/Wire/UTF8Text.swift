// SPDX-License-Identifier: Apache-2.0

/// Strict UTF-8 (RFC 3629): no surrogates, no over-long forms, nothing above U+10FFFF.
///
/// Used by the JSON scanner and writer, to choose between `body` and `body64`, and to show foreign text.
/// Invariant: a sequence is judged by its own bytes alone, and never read beyond `end`.
package enum UTF8Text {
    package static func isValid(_ bytes: Span<UInt8>) -> Bool {
        var index = 0
        while index < bytes.count {
            if bytes[index] < 0x80 {
                index &+= 1
                continue
            }
            let length = sequenceLength(bytes, at: index, end: bytes.count)
            if length == 0 { return false }
            index &+= length
        }
        return true
    }

    /// The length of the sequence at `index`, 0 if none that is valid begins there.
    package static func sequenceLength(_ bytes: Span<UInt8>, at index: Int, end: Int) -> Int {
        let lead = bytes[index]
        if lead < 0x80 { return 1 }
        guard index &+ 1 < end else { return 0 }
        let second = bytes[index &+ 1]
        switch lead {
        case 0xC2...0xDF:
            return isContinuation(second) ? 2 : 0
        case 0xE0...0xEF:
            let low: UInt8 = lead == 0xE0 ? 0xA0 : 0x80
            let high: UInt8 = lead == 0xED ? 0x9F : 0xBF
            guard index &+ 2 < end, second >= low, second <= high else { return 0 }
            return isContinuation(bytes[index &+ 2]) ? 3 : 0
        case 0xF0...0xF4:
            let low: UInt8 = lead == 0xF0 ? 0x90 : 0x80
            let high: UInt8 = lead == 0xF4 ? 0x8F : 0xBF
            guard index &+ 3 < end, second >= low, second <= high else { return 0 }
            return isContinuation(bytes[index &+ 2]) && isContinuation(bytes[index &+ 3]) ? 4 : 0
        default:
            return 0
        }
    }

    static func append(scalar: UInt32, to out: inout [UInt8]) {
        func byte(_ value: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: value) }
        if scalar < 0x80 {
            out.append(byte(scalar))
        } else if scalar < 0x800 {
            out.append(byte(0xC0 | scalar &>> 6))
            out.append(byte(0x80 | scalar & 0x3F))
        } else if scalar < 0x10000 {
            out.append(byte(0xE0 | scalar &>> 12))
            out.append(byte(0x80 | scalar &>> 6 & 0x3F))
            out.append(byte(0x80 | scalar & 0x3F))
        } else {
            out.append(byte(0xF0 | scalar &>> 18))
            out.append(byte(0x80 | scalar &>> 12 & 0x3F))
            out.append(byte(0x80 | scalar &>> 6 & 0x3F))
            out.append(byte(0x80 | scalar & 0x3F))
        }
    }

    private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
}
