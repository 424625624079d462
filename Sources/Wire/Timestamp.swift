// SPDX-License-Identifier: Apache-2.0

/// A time as everybody outside sees it: RFC 3339, UTC, nanoseconds, always 30 characters.
///
/// Used for the `time` of a message, in the environment of services, in `status` and in logs; read back by the
/// command-line tool, which shows people their own clock.
/// Invariant: texts of the same form sort as their times do.
package enum Timestamp {
    /// Appends `2026-11-21T03:36:25.000000001Z`. `nanoseconds` since 1970 in UTC, leap seconds not counted.
    package static func append(_ nanoseconds: UInt64, to out: inout [UInt8]) {
        let seconds = nanoseconds / 1_000_000_000
        let date = civil(day: seconds / 86_400)
        let time = seconds % 86_400
        append(date.year, width: 4, to: &out)
        out.append(0x2D)
        append(date.month, width: 2, to: &out)
        out.append(0x2D)
        append(date.day, width: 2, to: &out)
        out.append(0x54)
        append(time / 3600, width: 2, to: &out)
        out.append(0x3A)
        append(time / 60 % 60, width: 2, to: &out)
        out.append(0x3A)
        append(time % 60, width: 2, to: &out)
        out.append(0x2E)
        append(nanoseconds % 1_000_000_000, width: 9, to: &out)
        out.append(0x5A)
    }

    package static func rfc3339(_ nanoseconds: UInt64) -> String {
        var bytes: [UInt8] = []
        append(nanoseconds, to: &bytes)
        return String(decoding: bytes, as: Unicode.UTF8.self)
    }

    /// Nanoseconds since 1970 of a text in the form that `rfc3339` gives; nil for any other form.
    package static func parse(_ text: String) -> UInt64? {
        let bytes = Array(text.utf8)
        guard bytes.count == 30, zip(bytes, "0000-00-00T00:00:00.000000000Z".utf8).allSatisfy(fits),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]),
            let fraction = number(bytes[20..<29]),
            year >= 1970, 1...12 ~= month, 1...31 ~= day, hour < 24, minute < 60, second < 60
        else { return nil }
        let seconds = dayNumber(year, month, day) &* 86_400 &+ hour &* 3600 &+ minute &* 60 &+ second
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = whole.addingReportingOverflow(fraction)
        return overflow || carry ? nil : sum
    }

    private static func fits(_ byte: UInt8, _ pattern: UInt8) -> Bool {
        pattern == 0x30 ? isDigit(byte) : byte == pattern
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        UInt64(String(decoding: digits, as: Unicode.UTF8.self))
    }

    /// The inverse of `civil`.
    private static func dayNumber(_ year: UInt64, _ month: UInt64, _ day: UInt64) -> UInt64 {
        let shifted = month > 2 ? year : year &- 1
        let yearOfEra = shifted % 400
        let dayOfYear = (153 &* (month > 2 ? month &- 3 : month &+ 9) &+ 2) / 5 &+ day &- 1
        let dayOfEra = yearOfEra &* 365 &+ yearOfEra / 4 &- yearOfEra / 100 &+ dayOfYear
        return shifted / 400 &* 146_097 &+ dayOfEra &- 719_468
    }

    /// The Gregorian date of a day counted from 1970-01-01, by eras of 400 years that begin on 1 March: so the leap day
    /// is the last of its year, and the months need no table.
    private static func civil(day: UInt64) -> (year: UInt64, month: UInt64, day: UInt64) {
        let shifted = day &+ 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra &- dayOfEra / 1_460 &+ dayOfEra / 36_524 &- dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra &- (365 &* yearOfEra &+ yearOfEra / 4 &- yearOfEra / 100)
        let month = (5 &* dayOfYear &+ 2) / 153
        let year = yearOfEra &+ era &* 400 &+ (month >= 10 ? 1 : 0)
        return (year, month < 10 ? month &+ 3 : month &- 9, dayOfYear &- (153 &* month &+ 2) / 5 &+ 1)
    }

    private static func append(_ value: UInt64, width: Int, to out: inout [UInt8]) {
        var divisor: UInt64 = 1
        for _ in 1..<width { divisor &*= 10 }
        while divisor > 0 {
            out.append(UInt8(truncatingIfNeeded: value / divisor % 10) &+ 0x30)
            divisor /= 10
        }
    }
}
