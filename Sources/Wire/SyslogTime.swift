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
        guard range.count >= 20, matches(bytes, at: range.lowerBound, "0000-00-00T00:00:00") else { return false }
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
            return index &+ 6 == range.upperBound && matches(bytes, at: index &+ 1, "00:00")
        default: return false
        }
    }

    /// `Oct 11 22:14:15`, `Oct  1 22:14:15` or `Oct 1 22:14:15`.
    private static func isRFC3164(_ bytes: Span<UInt8>, in range: Range<Int>) -> Bool {
        guard isMonth(bytes, at: range.lowerBound) else { return false }
        let day = range.lowerBound &+ 3
        if range.count == 14 { return matches(bytes, at: day, " 0 00:00:00") }
        return matches(bytes, at: day, " 00 00:00:00") || matches(bytes, at: day, "  0 00:00:00")
    }

    private static func isMonth(_ bytes: Span<UInt8>, at start: Int) -> Bool {
        let name = bytes.bigEndian(at: start, width: 3)
        switch name {
        case 0x4A616E, 0x466562, 0x4D6172, 0x417072, 0x4D6179, 0x4A756E: return true
        case 0x4A756C, 0x417567, 0x536570, 0x4F6374, 0x4E6F76, 0x446563: return true
        default: return false
        }
    }

    /// Whether the bytes at `start`, which are enough, have the form of `form`, where `0` stands for any digit.
    private static func matches(_ bytes: Span<UInt8>, at start: Int, _ form: String) -> Bool {
        var index = start
        for expected in form.utf8 {
            let byte = bytes[index]
            guard expected == 0x30 ? isDigit(byte) : byte == expected else { return false }
            index &+= 1
        }
        return true
    }
}
