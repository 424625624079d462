// SPDX-License-Identifier: Apache-2.0
/// Waits between attempts to connect: 50 ms, doubled up to 2 s, each with some randomness.
///
/// Used by BrokerLink, as docs/protocol.md asks of every client.
/// Invariant: no wait is longer than 2 s.

struct Backoff {
    private var milliseconds: UInt64 = 50

    /// The next wait in nanoseconds: between half of the step and all of it.
    mutating func next() -> UInt64 {
        defer { milliseconds = min(milliseconds * 2, 2000) }
        return .random(in: milliseconds / 2...milliseconds) * 1_000_000
    }
}
