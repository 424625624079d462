// SPDX-License-Identifier: Apache-2.0

/// When the UDP socket is looked at: as soon as it says that something has come, or, where much comes, now and then.
///
/// Pure; Acceptor asks it. To be woken for each datagram costs as much as to read three, of the sender's time, too, as it is
/// the one that wakes: above some 64,000 a second they wait for each other for a moment.
/// Invariant: a look that did not bring all that waits is followed by another one at once; and a socket at which little
/// comes is watched.

struct DatagramPace {
    /// Nanoseconds between two looks. The kernel may add as much (its timers' slack), in which a buffer of the least size
    /// that Linux gives does not fill.
    static let pause: UInt64 = 50_000
    /// How long is counted, at least, before it is decided anew.
    private static let window: UInt64 = 1_000_000
    /// Datagrams or trains within a window: so many are worth it, and so few are not any more.
    private static let (many, few) = (64, 32)

    /// Whether the socket is looked at by the clock, and need not be watched.
    private(set) var isPolling = false
    /// When the next look is due, monotonic nanoseconds; `.max` as long as the socket is watched.
    private(set) var nextLook = UInt64.max
    private var begun: UInt64 = 0
    private var count = 0

    /// - Parameters:
    ///   - found: datagrams or trains that a look has brought.
    ///   - isAll: whether there was room for more.
    mutating func looked(at now: UInt64, found: Int, isAll: Bool) {
        count &+= found
        let elapsed = now &- begun
        if elapsed >= Self.window {
            let least = UInt64(isPolling ? Self.few : Self.many)
            isPolling = UInt64(count) &* Self.window >= least &* elapsed
            (begun, count) = (now, 0)
        }
        nextLook = isPolling ? (isAll ? now &+ Self.pause : now) : .max
    }
}
