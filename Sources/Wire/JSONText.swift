// SPDX-License-Identifier: Apache-2.0

/// The inside of JSON that the scanner has found valid: unescaping strings, comparing names, taking out white space.
///
/// Used by the decoders of JSON and CloudEvents.
/// Invariant: given the inside of a valid string, the result is valid UTF-8; half a surrogate pair becomes U+FFFD.
package enum JSONText {
    /// Appends what the string between the quotes at `range` stands for.
    package static func appendUnescaped(_ bytes: Span<UInt8>, in range: Range<Int>, to out: inout [UInt8]) {
        var index = range.lowerBound
        while index < range.upperBound {
            let plainEnd = bytes.first(0x5C, in: index..<range.upperBound) ?? range.upperBound
            bytes.append(index..<plainEnd, to: &out)
            index = plainEnd
            if index < range.upperBound { appendEscape(bytes, at: &index, end: range.upperBound, to: &out) }
        }
    }

    package static func hasEscape(_ bytes: Span<UInt8>, in range: Range<Int>) -> Bool {
        bytes.first(0x5C, in: range) != nil
    }

    /// Whether the inside of a string stands for `text`. Only a name with escapes, which is rare, costs an allocation.
    static func equals(_ bytes: Span<UInt8>, in range: Range<Int>, _ text: String) -> Bool {
        guard hasEscape(bytes, in: range) else { return bytes.equals(text, in: range) }
        var name: [UInt8] = []
        appendUnescaped(bytes, in: range, to: &name)
        return name.span.equals(text, in: name.indices)
    }

    /// Whether `value` is a string; its inside is then without the first and the last byte.
    static func isString(_ bytes: Span<UInt8>, in value: Range<Int>) -> Bool {
        bytes[value.lowerBound] == 0x22
    }

    static func inside(_ value: Range<Int>) -> Range<Int> {
        value.lowerBound &+ 1..<value.upperBound &- 1
    }

    /// Appends a valid value without the white space between its tokens, so that it stands on one line.
    static func appendCompact(_ bytes: Span<UInt8>, in range: Range<Int>, to out: inout [UInt8]) {
        var inString = false
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes[index]
            if inString, byte == 0x5C {
                out.append(byte)
                index &+= 1
                out.append(bytes[index])
            } else {
                if byte == 0x22 { inString.toggle() }
                if inString || byte > 0x20 { out.append(byte) }
            }
            index &+= 1
        }
    }

    /// Whether all of it may stand in a JSON string as it is, and is ASCII.
    static func isPlain(_ text: Span<UInt8>) -> Bool {
        let count = text.count
        guard count >= 8 else { return isPlainByBytes(text) }
        if count < 32 {
            var marks: UInt64 = 0
            var index = 0
            while index < count {
                // The last word reaches back into the one before it.
                marks |= exceptions(text.word(at: min(index, count &- 8)))
                index &+= 8
            }
            return marks == 0
        }
        // A whole number of vectors, and words for the rest.
        let marks = exceptions(text.word(at: count &- 16)) | exceptions(text.word(at: count &- 8))
        return marks == 0 && isPlainByBytes(text.extracting(0..<count & ~15))
    }

    @inline(__always)
    private static func isPlainByBytes(_ text: Span<UInt8>) -> Bool {
        // Without a way out of the loop, so that it looks at many bytes at once.
        var least = UInt8.max
        var greatest: UInt8 = 0
        for index in text.indices {
            least = min(least, min(text[index] ^ 0x22, text[index] ^ 0x5C))
            greatest = max(greatest, text[index] &- 0x20)
        }
        return least != 0 && greatest < 0x5F
    }

    /// Not 0 if one of the eight bytes is not plain.
    @inline(__always)
    private static func exceptions(_ word: UInt64) -> UInt64 {
        let ones = Span<UInt8>.ones
        // The highest bit of a byte below 0x20 (it borrows), above 0x7E, of a quote, of a backslash. A byte that borrows or
        // carries may mark its neighbour, too, but is marked itself.
        let edges = word | (word &- 0x20 &* ones) | (word &+ ones)
        let quotes = (word ^ 0x22 &* ones) &- ones
        let slashes = (word ^ 0x5C &* ones) &- ones
        return (edges | quotes | slashes) & Span<UInt8>.highBits
    }

    static func hexValue(_ byte: UInt8) -> UInt32? {
        if isDigit(byte) { return UInt32(byte &- 0x30) }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? UInt32(letter) &+ 10 : nil
    }

    private static func appendEscape(
        _ bytes: Span<UInt8>, at index: inout Int, end: Int, to out: inout [UInt8]
    ) {
        let byte = bytes[index &+ 1]
        if byte == 0x75 {
            appendScalar(bytes, at: &index, end: end, to: &out)
            return
        }
        index &+= 2
        switch byte {
        case 0x62: out.append(0x08)
        case 0x66: out.append(0x0C)
        case 0x6E: out.append(0x0A)
        case 0x72: out.append(0x0D)
        case 0x74: out.append(0x09)
        default: out.append(byte)
        }
    }

    private static func appendScalar(
        _ bytes: Span<UInt8>, at index: inout Int, end: Int, to out: inout [UInt8]
    ) {
        let unit = codeUnit(bytes, at: index)
        index &+= 6
        guard (0xD800..<0xE000).contains(unit) else {
            UTF8Text.append(scalar: unit, to: &out)
            return
        }
        if unit < 0xDC00, index &+ 6 <= end, bytes[index] == 0x5C, bytes[index &+ 1] == 0x75 {
            let second = codeUnit(bytes, at: index)
            if (0xDC00..<0xE000).contains(second) {
                index &+= 6
                let scalar = 0x10000 &+ (unit &- 0xD800) &<< 10 &+ (second &- 0xDC00)
                UTF8Text.append(scalar: scalar, to: &out)
                return
            }
        }
        UTF8Text.append(scalar: 0xFFFD, to: &out)
    }

    /// The four digits of the escape at `index`, which the scanner has seen to be there.
    private static func codeUnit(_ bytes: Span<UInt8>, at index: Int) -> UInt32 {
        var unit: UInt32 = 0
        for place in index &+ 2..<index &+ 6 { unit = unit &<< 4 | (hexValue(bytes[place]) ?? 0) }
        return unit
    }
}
