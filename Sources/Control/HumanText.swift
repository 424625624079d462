// SPDX-License-Identifier: Apache-2.0
/// Numbers, sizes and times as people read them.
///
/// Used by the text reports and by the command-line tool.
/// Invariant: `count` and `age` never need more than seven characters, so that tables keep their columns.

package enum HumanText {
    /// "0", "1234567", "12.3M": exact up to seven digits.
    package static func count(_ value: UInt64) -> String {
        guard value > 9_999_999 else { return String(value) }
        let units = ["M", "G", "T", "P", "E"]
        var scaled = value / 100_000
        var unit = 0
        while scaled > 99_999, unit < units.count - 1 {
            scaled /= 1000
            unit += 1
        }
        return scaled > 9_999 ? "\(scaled / 10)\(units[unit])" : "\(scaled / 10).\(scaled % 10)\(units[unit])"
    }

    /// "512 B", "64 KiB", "1.5 MiB".
    package static func bytes(_ value: UInt64) -> String {
        let units = ["KiB", "MiB", "GiB", "TiB"]
        guard value >= 1024 else { return "\(value) B" }
        var unit = 0
        var divisor: UInt64 = 1024
        while value / divisor >= 1024, unit < units.count - 1 {
            divisor *= 1024
            unit += 1
        }
        let tenths = value % divisor * 10 / divisor
        return tenths == 0 ? "\(value / divisor) \(units[unit])" : "\(value / divisor).\(tenths) \(units[unit])"
    }

    /// Seconds in the two greatest units: "7s", "3m12s", "5h02m", "12d03h", "1234d".
    package static func age(_ seconds: UInt64) -> String {
        switch seconds {
        case ..<60: "\(seconds)s"
        case ..<3600: "\(seconds / 60)m\(padded(seconds % 60))s"
        case ..<86_400: "\(seconds / 3600)h\(padded(seconds / 60 % 60))m"
        case ..<8_640_000: "\(seconds / 86_400)d\(padded(seconds / 3600 % 24))h"
        default: "\(seconds / 86_400)d"
        }
    }

    /// Nanoseconds as a setting would be written: "500ms", "10s", else as `age`.
    package static func duration(_ nanoseconds: UInt64) -> String {
        let milliseconds = nanoseconds / 1_000_000
        return milliseconds < 1000 ? "\(milliseconds)ms" : age(milliseconds / 1000)
    }

    private static func padded(_ value: UInt64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
