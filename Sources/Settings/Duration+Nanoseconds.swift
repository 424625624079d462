// SPDX-License-Identifier: Apache-2.0
/// Durations as the kernel's clocks count them.
///
/// Used by everything that turns a setting into a deadline or a timer.
/// Invariant: never negative, never traps; what is too long for 64 bits is the longest that fits.

extension Duration {
    /// Whole nanoseconds; a negative duration is 0.
    package var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = whole.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
        return overflow || carry ? UInt64.max - 1 : sum
    }
}
