// SPDX-License-Identifier: Apache-2.0
/// Time and waiting.
///
/// Used wherever the runner waits for another process.
/// Invariant: every wait has a deadline; the runner looks seldom enough to cost nothing that would be measured.

import Glibc

/// CLOCK_MONOTONIC in seconds.
func now() -> Double {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func pause(_ seconds: Double) {
    // A signal ends it early; the runner's signals end the runner.
    usleep(useconds_t(seconds * 1e6))
}

/// Looks every few milliseconds until it is so; false if it was not within `seconds`.
func wait(_ seconds: Double, every interval: Double = 0.004, until isSo: () throws -> Bool) rethrows -> Bool {
    let deadline = now() + seconds
    while try !isSo() {
        if now() > deadline { return false }
        pause(interval)
    }
    return true
}
