// SPDX-License-Identifier: Apache-2.0
/// Counts what the kernel dropped at the UDP socket since we have had it, out of a counter of 32 bits that wraps.
///
/// Sampled by the Supervisor on each tick of the watchdog and before each report. Pure.
/// Invariant: never goes back, as long as samples are less than 2^32 drops apart.

package struct KernelDrops: Equatable, Sendable {
    package private(set) var total: UInt64 = 0
    private var last: UInt32

    /// - Parameter first: the socket's counter when we got it.
    package init(first: UInt32) { last = first }

    package mutating func sample(_ counter: UInt32) {
        total &+= UInt64(counter &- last)
        last = counter
    }
}
