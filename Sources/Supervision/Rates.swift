// SPDX-License-Identifier: Apache-2.0
/// What came in and went out per second, out of the ledger's totals taken at two moments.
///
/// Sampled by the Supervisor on the watchdog's tick, so that measuring causes no wake-up of its own. Pure.
/// Invariant: totals only grow; two samples at the same moment change nothing.

package struct Rates: Equatable, Sendable {
    /// Notifications a second.
    package private(set) var received: UInt64 = 0
    /// Deliveries a second, over all services.
    package private(set) var delivered: UInt64 = 0
    private var last: (at: UInt64, received: UInt64, delivered: UInt64)

    package init(at now: UInt64) { last = (now, 0, 0) }

    /// - Parameter now: monotonic nanoseconds.
    package mutating func sample(received: UInt64, delivered: UInt64, at now: UInt64) {
        guard now > last.at else { return }
        let seconds = Double(now - last.at) / 1e9
        self.received = UInt64(Double(received &- last.received) / seconds + 0.5)
        self.delivered = UInt64(Double(delivered &- last.delivered) / seconds + 0.5)
        last = (now, received, delivered)
    }

    package static func == (left: Rates, right: Rates) -> Bool {
        left.received == right.received && left.delivered == right.delivered && left.last == right.last
    }
}
