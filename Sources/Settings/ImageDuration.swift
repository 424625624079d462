// SPDX-License-Identifier: Apache-2.0
/// Durations as the settings image holds them: whole nanoseconds in 64 bits.
///
/// Used by ImageWriter and ImageReader alone; LinuxIO has the public face of the same for everybody else.
/// Invariant: never the bit pattern that means "none".

extension Duration {
    /// A negative duration is 0, one that does not fit the greatest number below "none".
    var imageNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = whole.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
        return overflow || carry ? ImageWriter.noDuration - 1 : min(sum, ImageWriter.noDuration - 1)
    }
}
