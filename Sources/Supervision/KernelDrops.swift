// SPDX-License-Identifier: Apache-2.0
/// Counts what the kernel dropped at the UDP socket since we have had it, out of a counter of 32 bits that wraps, and
/// knows whether it goes on.
///
/// Sampled by the Supervisor on each tick of the watchdog and before each report. Pure.
/// Invariant: never goes back, as long as samples are less than 2^32 drops apart.

internal import Control

package struct KernelDrops: Equatable, Sendable {
    package private(set) var total: UInt64
    /// The socket's counter as of the last sample.
    package var counter: UInt32 { last }
    private var last: UInt32
    private var spell = Spell()

    /// - Parameters: `first`: the socket's counter when we got it. `before`: what was counted before, at other sockets.
    package init(first: UInt32, before: UInt64) {
        last = first
        total = before
    }

    /// - Parameter now: monotonic nanoseconds.
    /// - Returns: whether it has begun to drop.
    package mutating func sample(_ counter: UInt32, at now: UInt64) -> Bool {
        let count = UInt64(counter &- last)
        last = counter
        total &+= count
        return spell.note(count, at: now)
    }

    /// What an operator is told as long as it goes on, and a minute longer; nil if there is nothing to tell.
    /// - Parameters: `wanted`: `port.receive-buffer`. `granted`: what the kernel gives of it, if that is less.
    package func warning(at now: UInt64, wanted: Int, granted: Int?) -> String? {
        guard spell.isOn(at: now) else { return nil }
        let words =
            "the kernel dropped at least \(spell.count) datagrams \(spell.age(at: now)), "
            + "as they came faster than they were read"
        guard let granted else {
            return words
                + "; raise port.receive-buffer (\(HumanText.bytes(UInt64(wanted)))), and net.core.rmem_max with it"
        }
        return words + "; raise net.core.rmem_max: the kernel gives \(HumanText.bytes(UInt64(granted))) of the "
            + "\(HumanText.bytes(UInt64(wanted))) of port.receive-buffer"
    }
}
