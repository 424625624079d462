// SPDX-License-Identifier: Apache-2.0

/// The two forms of time that stand in syslog messages: RFC 3339, and `Mmm dd hh:mm:ss` of RFC 3164.
///
/// Only their form is judged here: the text is handed on as it came.
/// Invariant: nothing outside the given range is read.
enum SyslogTime {
    /// The end of a time at the start of `range` that has a space behind it.
    static func end(_ bytes: Span<UInt8>, in range: Range<Int>) -> Int? {
        // A day of one digit without its padding makes the text one shorter.
        for count in 14...15 where count < range.count {
            let end = range.lowerBound &+ count
            if bytes[end] == 0x20, isRFC3164(bytes, in: range.lowerBound..<end) { return end }
        }
        guard let end = bytes.first(0x20, in: range.lowerBound..<min(range.upperBound, range.lowerBound &+ 40)),
            isRFC3339(bytes, in: range.lowerBound..<end)
        else { return nil }
        return end
    }

    /// `2003-10-11T22:14:15.003Z`, or with an offset from UTC such as `-07:00`. Any number of digits of a second.
    static func isRFC3339(_ bytes: Span<UInt8>, in range: Range<Int>) -> Bool {
        guard range.count >= 20,
            hasForm(bytes, at: range.lowerBound, 0x2D00_002D_0000_0000),  // 0000-00-
            hasForm(bytes, at: range.lowerBound &+ 8, 0x0000_3A00_0054_0000),  // 00T00:00
            bytes[range.lowerBound &+ 16] == 0x3A, hasDigits(bytes, at: range.lowerBound &+ 17)
        else { return false }
        var index = range.lowerBound &+ 19
        if bytes[index] == 0x2E {
            let digits = index &+ 1
            index = digits
            while index < range.upperBound, isDigit(bytes[index]) { index &+= 1 }
            if index == digits || index == range.upperBound { return false }
        }
        switch bytes[index] {
        case 0x5A: return index &+ 1 == range.upperBound
        case 0x2B, 0x2D:
            return index &+ 6 == range.upperBound && bytes[index &+ 3] == 0x3A
                && hasDigits(bytes, at: index &+ 1) && hasDigits(bytes, at: index &+ 4)
        default: return false
        }
    }

    /// `Oct 11 22:14:15`, `Oct  1 22:14:15` or `Oct 1 22:14:15`.
    private static func isRFC3164(_ bytes: Span<UInt8>, in range: Range<Int>) -> Bool {
        guard isMonth(bytes, at: range.lowerBound) else { return false }
        let day = range.lowerBound &+ 3
        guard hasForm(bytes, at: range.upperBound &- 8, 0x0000_3A00_003A_0000) else { return false }  // 00:00:00
        guard bytes[day] == 0x20, bytes[range.upperBound &- 9] == 0x20, isDigit(bytes[range.upperBound &- 10]) else {
            return false
        }
        return range.count == 14 || bytes[day &+ 1] == 0x20 || isDigit(bytes[day &+ 1])
    }

    /// Whether the eight bytes at `start`, the first one lowest, are those of `form`, and digits where that has a 0.
    private static func hasForm(_ bytes: Span<UInt8>, at start: Int, _ form: UInt64) -> Bool {
        let word = bytes.word(at: start)
        // 0xFF where a digit belongs: the literals are below 0x80, so that no byte borrows from another.
        let high: UInt64 = 0x8080_8080_8080_8080
        let digits = ((((form | high) &- 0x0101_0101_0101_0101) & high) ^ high) &>> 7 &* 0xFF
        let values = (word & digits) ^ (0x3030_3030_3030_3030 & digits)
        // A value above 9 carries into the highest bit; one that has it already is no digit either.
        let isDigits = ((values & ~high) &+ 0x7676_7676_7676_7676 | values) & high & digits == 0
        return isDigits && word & ~digits == form
    }

    private static func isMonth(_ bytes: Span<UInt8>, at start: Int) -> Bool {
        let name = bytes.bigEndian(at: start, width: 3)
        switch name {
        case 0x4A616E, 0x466562, 0x4D6172, 0x417072, 0x4D6179, 0x4A756E: return true
        case 0x4A756C, 0x417567, 0x536570, 0x4F6374, 0x4E6F76, 0x446563: return true
        default: return false
        }
    }

    /// Whether the two bytes at `start` are digits.
    private static func hasDigits(_ bytes: Span<UInt8>, at start: Int) -> Bool {
        isDigit(bytes[start]) && isDigit(bytes[start &+ 1])
    }
}
