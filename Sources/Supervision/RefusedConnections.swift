// SPDX-License-Identifier: Apache-2.0
/// Connections that the acceptor closed as soon as they were made, for one reason, and what an operator is told of them.
///
/// Sampled by the Supervisor on each tick of the watchdog and before a status, out of the acceptor's page. Pure.
/// Invariant: what stood in the page when we began was told by somebody else, or to nobody.

internal import Control

struct RefusedConnections: Equatable, Sendable {
    /// By the counters of the acceptor's page.
    enum Reason: Int, CaseIterable {
        case limit = 2
        case descriptors = 3
    }

    let reason: Reason
    private var last: UInt64
    private var spell = Spell()

    /// - Parameter first: the page's counter when we begin.
    init(_ reason: Reason, first: UInt64) {
        self.reason = reason
        last = first
    }

    /// - Parameter now: monotonic nanoseconds.
    /// - Returns: whether it has begun.
    mutating func sample(_ counter: UInt64, at now: UInt64) -> Bool {
        let more = counter &- last
        last = counter
        return spell.note(more, at: now)
    }

    /// What an operator is told as long as it goes on, and a minute longer; nil if there is nothing to tell.
    /// - Parameters: `limit`: `port.max-connections`. `descriptors`: how many a process of ours may have.
    func warning(at now: UInt64, limit: Int, descriptors: UInt64) -> String? {
        guard spell.isOn(at: now) else { return nil }
        let words = "\(spell.count) connection\(spell.count == 1 ? " was" : "s were") refused \(spell.age(at: now))"
        return switch reason {
        case .limit:
            words + ", as there were port.max-connections (\(limit)) already; raise it, then belfry reload"
        case .descriptors:
            words + ", as there was no descriptor left for them (a process of belfryd may have \(descriptors)); "
                + "raise LimitNOFILE= of its unit, or ulimit -n, and start it again"
        }
    }
}
