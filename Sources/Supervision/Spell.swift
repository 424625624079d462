// SPDX-License-Identifier: Apache-2.0
/// Something that should not happen, from its first time until it has not happened for a minute: how often, since when.
///
/// Used by KernelDrops and RefusedConnections, whose warnings last as long as it does. Pure.
/// Invariant: what happened before the spell that is on does not count in it.

internal import Control

struct Spell: Equatable, Sendable {
    /// Nanoseconds without any, after which it is over.
    private static let pause: UInt64 = 60_000_000_000

    private(set) var count: UInt64 = 0
    private var began: UInt64 = 0
    private var last: UInt64 = 0

    /// - Parameter now: monotonic nanoseconds.
    /// - Returns: whether it has begun.
    mutating func note(_ more: UInt64, at now: UInt64) -> Bool {
        guard more > 0 else { return false }
        let goesOn = isOn(at: now)
        if !goesOn { (began, count) = (now, 0) }
        last = now
        count &+= more
        return !goesOn
    }

    func isOn(at now: UInt64) -> Bool { count > 0 && now &- last < Self.pause }

    /// "just now", "in the last 20s".
    func age(at now: UInt64) -> String {
        let seconds = (now &- began) / 1_000_000_000
        return seconds < 1 ? "just now" : "in the last \(HumanText.age(seconds))"
    }
}
