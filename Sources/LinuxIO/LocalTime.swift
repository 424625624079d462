// SPDX-License-Identifier: Apache-2.0
/// A time as the clock on the wall shows it, in the time zone of whoever looks (TZ, else the machine's).
/// Used by the command-line tool for people; machines get RFC 3339 in UTC (Wire.Timestamp).
/// Invariant: `date` has 10 characters, `clock` 8; both sort as their times do within one offset.

internal import Glibc

package struct LocalTime: Equatable, Sendable {
    /// "2026-11-21".
    package let date: String
    /// "03:36:25".
    package let clock: String

    /// `nanoseconds` since 1970 in UTC.
    package init(_ nanoseconds: UInt64) {
        var seconds = time_t(nanoseconds / 1_000_000_000)
        // Holds: only the zone's name is a pointer, and nobody looks at it.
        var form = unsafe tm()
        // localtime_r need not look at TZ by itself.
        tzset()
        // Holds: both addresses are ours and live during the call.
        _ = unsafe localtime_r(&seconds, &form)
        date = unsafe "\(form.tm_year + 1900)-\(Self.padded(form.tm_mon + 1))-\(Self.padded(form.tm_mday))"
        clock = unsafe "\(Self.padded(form.tm_hour)):\(Self.padded(form.tm_min)):\(Self.padded(form.tm_sec))"
    }

    private static func padded(_ value: CInt) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
