// SPDX-License-Identifier: Apache-2.0
/// Nanoseconds of the two clocks.
/// Used by timers (monotonic) and for the time that a message carries (realtime).
/// Invariant: the monotonic clock never goes back; it stands still while the machine is suspended.

internal import Glibc

package enum Clock {
    /// Nanoseconds since some fixed moment, the same for all processes since the machine's start.
    package static func monotonic() -> UInt64 { read(CLOCK_MONOTONIC) }

    /// Nanoseconds since 1970-01-01 UTC.
    package static func realtime() -> UInt64 { read(CLOCK_REALTIME) }

    /// So long from now on the monotonic clock; never, if that is beyond its end.
    package static func deadline(after time: Duration) -> UInt64 {
        let (end, overflow) = monotonic().addingReportingOverflow(time.nanoseconds)
        return overflow ? .max : end
    }

    /// Not before that moment of the monotonic clock, whatever signals come.
    package static func sleep(until moment: UInt64) {
        var time = timespec(
            tv_sec: Int(clamping: moment / 1_000_000_000), tv_nsec: Int(truncatingIfNeeded: moment % 1_000_000_000))
        while unsafe clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
    }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        // Cannot fail: both clocks exist on every Linux, and the address is ours.
        _ = unsafe clock_gettime(clock, &time)
        return UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000 &+ UInt64(truncatingIfNeeded: time.tv_nsec)
    }
}

extension Duration {
    /// Whole nanoseconds, 0 if negative, the greatest number if it doesn't fit.
    package var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = whole.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000))
        return overflow || carry ? .max : sum
    }
}
