// SPDX-License-Identifier: Apache-2.0

/// Where the parts of a syslog message lie in its bytes.
///
/// Made by the parsers of RFC 5424 and RFC 3164, written as JSON by `SyslogMessage`.
/// Invariant: every range lies inside the message; a part that is missing, or `-` (NILVALUE), is nil.
struct SyslogParts: Equatable {
    var facility: Int
    var severity: Int
    var isRFC5424 = false
    var timestamp: Range<Int>?
    var hostname: Range<Int>?
    var appName: Range<Int>?
    var procID: Range<Int>?
    var msgID: Range<Int>?
    var structuredData: Range<Int>?
    var message: Range<Int>
    /// All that the other parts lie in.
    let all: Range<Int>

    /// Nil if `bytes[range]` does not begin with a valid PRI: `<0>` to `<191>`, without leading zeros.
    init?(_ bytes: Span<UInt8>, in range: Range<Int>) {
        var index = range.lowerBound &+ 1
        guard range.count >= 3, bytes[range.lowerBound] == 0x3C else { return nil }
        var priority = 0
        let digits = index
        while index < range.upperBound, index &- digits < 3, isDigit(bytes[index]) {
            priority = priority &* 10 &+ Int(bytes[index] &- 0x30)
            index &+= 1
        }
        guard index > digits, index < range.upperBound, bytes[index] == 0x3E, priority < 192 else { return nil }
        if index &- digits > 1, bytes[digits] == 0x30 { return nil }
        facility = priority &>> 3
        severity = priority & 7
        all = index &+ 1..<Self.textEnd(bytes, index &+ 1..<range.upperBound)
        message = all
        if !parseRFC5424(bytes) { parseRFC3164(bytes) }
    }

    /// The end of the text without a line end or a NUL that the sender put behind it.
    private static func textEnd(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        var end = range.upperBound
        if end > range.lowerBound, bytes[end &- 1] == 0 { end &-= 1 }
        if end > range.lowerBound, bytes[end &- 1] == 0x0A { end &-= 1 }
        if end > range.lowerBound, bytes[end &- 1] == 0x0D { end &-= 1 }
        return end
    }
}
