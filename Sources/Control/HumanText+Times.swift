// SPDX-License-Identifier: Apache-2.0
/// Short times, as measured, and durations as a configuration has them.
///
/// Used by the text of the services' report.
/// Invariant: `latency` never needs more than seven characters.

extension HumanText {
    /// "850µs", "2.1ms", "123ms", "1.3s", "12s", then as `age`.
    package static func latency(_ nanoseconds: UInt64) -> String {
        switch nanoseconds {
        case ..<1_000_000: "\(nanoseconds / 1_000)µs"
        case ..<10_000_000: "\(tenths(nanoseconds, of: 1_000_000))ms"
        case ..<1_000_000_000: "\(nanoseconds / 1_000_000)ms"
        case ..<10_000_000_000: "\(tenths(nanoseconds, of: 1_000_000_000))s"
        default: age(nanoseconds / 1_000_000_000)
        }
    }

    /// In the greatest unit that gives a whole number: "500ms", "90s", "5m".
    package static func setting(_ nanoseconds: UInt64) -> String {
        let milliseconds = nanoseconds / 1_000_000
        for (unit, count) in [("d", UInt64(86_400_000)), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)]
        where milliseconds >= count && milliseconds % count == 0 {
            return "\(milliseconds / count)\(unit)"
        }
        return "\(milliseconds)ms"
    }

    private static func tenths(_ value: UInt64, of unit: UInt64) -> String {
        "\(value / unit).\(value % unit * 10 / unit)"
    }
}
