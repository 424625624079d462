// SPDX-License-Identifier: Apache-2.0
// What a checkpoint keeps, as the ring's own types have it: taken by the committer, given back by a new ring.
// Used by the committer (to a checkpoint) and by the supervisor (from one).
// Invariant: a holder that goes on from what was given back hands out all that was pending, and nothing that was settled.

package import Ring

extension Checkpoint.Intake {
    package init(_ totals: IntakeTotals) {
        self.init()
        (published, duplicate) = (totals.published, totals.duplicate)
        (routed, unrouted, bytes) = (totals.routed, totals.unrouted, totals.bytes)
        replayed = totals.replayed
        refused = refused.indices.map { totals.refused($0) }
        matched = matched.indices.map { totals.matched($0) }
    }

    package var totals: IntakeTotals {
        IntakeTotals(
            published: published, duplicate: duplicate, routed: routed, unrouted: unrouted, replayed: replayed,
            bytes: bytes, refused: refused, matched: matched)
    }
}

extension Checkpoint.Shard {
    /// - Parameters:
    ///   - state: as `RingReader.state` read it.
    ///   - runs: the outcomes of the shard's own records from the floor to the checkpoint's head.
    ///   - offset: of the time of day over the monotonic clock, ns.
    package init(_ state: ShardState, runs: [Checkpoint.Run], offset: UInt64) {
        self.init(floor: state.floor)
        for (code, count) in state.counts.enumerated() { totals[code] = count }
        lastSettled = state.lastSettled
        (parkedFrom, parkedTo) = (state.parkedBehind, state.parkedTo)
        self.runs = runs
        entries = state.entries.map { entry in
            let waits = entry.state == .backingOff
            return .init(
                sequence: entry.sequence, attempt: entry.attempt,
                notBefore: waits ? entry.notBefore &+ (entry.notBefore > 0 ? offset : 0) : nil)
        }
    }

    /// - Parameters:
    ///   - incarnation: the slot's.
    ///   - offset: of the time of day over the monotonic clock, ns.
    package func state(incarnation: UInt64, offset: UInt64) -> ShardState {
        var state = ShardState()
        state.incarnation = incarnation
        state.floor = floor
        for code in state.counts.indices { state.counts[code] = totals[code] }
        (state.parkedFrom, state.parkedTo) = (parkedFrom, parkedTo)
        state.entries = entries.map { entry in
            // What was never handed out waits for its turn: as taken it would stand for all parked ones before it.
            let waits = entry.notBefore != nil || entry.attempt == 0
            let due = entry.notBefore ?? 0
            return .init(
                sequence: entry.sequence, attempt: entry.attempt, state: waits ? .backingOff : .inFlight,
                notBefore: due > offset ? due - offset : 0)
        }
        return state
    }
}
