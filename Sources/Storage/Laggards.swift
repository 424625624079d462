// SPDX-License-Identifier: Apache-2.0
/// Which shards hold up the ring's old end, rather than being as busy as everybody. Pure.
///
/// Committer shows it where the shards stand while the ring is tight. A service that is merely slower than the senders
/// for a moment needs no disk: TCP senders wait, and are served from the ring again.
/// Invariant: a shard that moves, and wants nothing that is older than `age`, is no laggard.

import Ring

struct Laggards {
    /// How long a shard may stand still, ns.
    static let patience: UInt64 = 500_000_000
    /// How old the oldest that it wants may be, ns; found out within twice as long.
    static let age: UInt64 = 2_000_000_000

    private struct Rest {
        var stand: ShardStand
        var since: UInt64
    }
    private struct Mark {
        var head: UInt64
        var at: UInt64
    }

    /// Those that want something, and since when they have not moved.
    private var rests: [ShardStand.Name: Rest] = [:]
    /// Heads of a while ago.
    private var marks: (new: Mark?, old: Mark?) = (nil, nil)

    /// - Parameters: `stands`: of all shards. `spilled`: up to where the ring was spilled. `now`: monotonic nanoseconds.
    mutating func see(_ stands: [ShardStand], head: UInt64, spilled: UInt64, at now: UInt64) {
        var next: [ShardStand.Name: Rest] = [:]
        for stand in stands where stand.floor < head {
            let since = rests[stand.name].flatMap { Self.hasMoved($0.stand, to: stand, spilled) ? nil : $0.since }
            next[stand.name] = Rest(stand: stand, since: since ?? now)
        }
        rests = next
        if marks.new.map({ now >= $0.at + Self.age }) ?? true { marks = (Mark(head: head, at: now), marks.new) }
    }

    /// A floor that was raised by a spill alone is no step forward.
    private static func hasMoved(_ old: ShardStand, to new: ShardStand, _ spilled: UInt64) -> Bool {
        var unmoved = old
        if old.floor < spilled, new.floor == spilled { unmoved.floor = spilled }
        return unmoved != new
    }

    /// Up to where laggards alone want something: `.max` if nobody keeps up, nil if there is no laggard.
    func reach(at now: UInt64) -> UInt64? {
        var reach = UInt64.max
        var isLagging = false
        for rest in rests.values {
            if lags(rest, now) { isLagging = true } else { reach = min(reach, rest.stand.floor) }
        }
        return isLagging ? reach : nil
    }

    private func lags(_ rest: Rest, _ now: UInt64) -> Bool {
        now >= rest.since + Self.patience || marks.old.map { rest.stand.floor < $0.head } ?? false
    }
}
