// SPDX-License-Identifier: Apache-2.0

package import Ring

/// The acceptor's own counters, in its page, where the supervisor reads them for `status`.
///
/// Shared by the parts of the acceptor that count; the page itself also answers the watchdog and asks for space.
/// Invariant: the places are layout: a number never changes its meaning.
package final class PageCounters {
    package enum Counter: Int, Sendable {
        /// How many are open now; the others only grow.
        case connectionsOpen = 0
        case accepted = 1
        case refusedByLimit = 2
        case refusedByDescriptors = 3
        case timedOut = 4
        case protocolErrors = 5
        case datagrams = 6
    }

    package let page: ProcessPage

    package init(_ page: consuming ProcessPage) { self.page = page }

    package func count(_ counter: Counter, _ amount: UInt64 = 1) { page.count(counter.rawValue, amount) }

    package func setConnections(_ open: Int) { page.setCounter(Counter.connectionsOpen.rawValue, UInt64(open)) }
}
