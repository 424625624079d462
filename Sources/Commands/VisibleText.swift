// SPDX-License-Identifier: Apache-2.0
/// Foreign bytes made fit for a terminal: what would act on it, hide in it or turn its text round is spelled out.
///
/// Used by TailText for all that a sender has written.
/// Invariant: what is appended is UTF-8 without a control or format character but our own colours, whatever is given,
/// and no wider than `columns`.

internal import Wire

struct VisibleText {
    /// How wide it may be; nil is as wide as it gets.
    var columns: Int?
    var isColoured: Bool

    func append(_ bytes: Span<UInt8>, to out: inout [UInt8]) {
        var used = 0
        var index = 0
        /// Up to here there is room for the mark of what was left out.
        var mark = out.count
        while index < bytes.count {
            let length = UTF8Text.sequenceLength(bytes, at: index, end: bytes.count)
            let scalar = length > 0 ? Self.scalar(bytes, at: index, length) : nil
            let escape = scalar.map(Self.escape) ?? Self.hexadecimal(bytes[index])
            let width = escape?.utf8.count ?? scalar.map(Self.width) ?? 1
            if let columns, used + width > columns {
                out.removeLast(out.count - mark)
                out.append(contentsOf: "…".utf8)
                return
            }
            if let escape {
                append(escape: escape, to: &out)
            } else {
                for offset in 0..<length { out.append(bytes[index + offset]) }
            }
            used += width
            index += max(length, 1)
            if used < columns ?? .max { mark = out.count }
        }
    }

    private func append(escape: String, to out: inout [UInt8]) {
        if isColoured { out.append(contentsOf: "\u{1B}[33m".utf8) }
        out.append(contentsOf: escape.utf8)
        if isColoured { out.append(contentsOf: "\u{1B}[0m".utf8) }
    }

    /// Columns that it needs, an escape's included.
    static func width(of text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + (escape($1)?.utf8.count ?? width($1)) }
    }

    /// How a character is spelled that must not reach the terminal; nil if it may.
    static func escape(_ scalar: Unicode.Scalar) -> String? {
        switch scalar.value {
        case 0x20..<0x7F: return nil
        case 0x09: return "\\t"
        case 0x0A: return "\\n"
        case 0x0D: return "\\r"
        case ..<0x80: return hexadecimal(UInt8(scalar.value))
        // They only join letters and pictures.
        case 0x200C, 0x200D: return nil
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
            return "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
        default: return nil
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }

    private static func scalar(_ bytes: Span<UInt8>, at index: Int, _ length: Int) -> Unicode.Scalar {
        if length == 1 { return Unicode.Scalar(bytes[index]) }
        var value = UInt32(bytes[index]) & (0xFF >> UInt32(length + 1))
        for offset in 1..<length { value = value << 6 | UInt32(bytes[index + offset] & 0x3F) }
        return Unicode.Scalar(value) ?? "\u{FFFD}"
    }

    /// Columns of a character in a terminal's font, as near as one can know.
    private static func width(_ scalar: Unicode.Scalar) -> Int {
        if scalar.isASCII { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: return wide.contains { $0.contains(scalar.value) } ? 2 : 1
        }
    }

    /// Two columns each (Unicode's East Asian Width, coarsely) and the pictures.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF,
        0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF,
        0x20000...0x3FFFD,
    ]
}
