// SPDX-License-Identifier: Apache-2.0

/// A time as everybody outside sees it: RFC 3339, UTC, nanoseconds, always 30 characters.
///
/// Used for the `time` of a message, in the environment of services, in `status` and in logs.
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
