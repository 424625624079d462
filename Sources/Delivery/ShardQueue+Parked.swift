// SPDX-License-Identifier: Apache-2.0
/// A queue's dealings with parked records: they come before any of the ring, and while the committer looks which records
/// are to be parked, none of those is taken.
///
/// Pure; Shard+Parking tells it what the lease says.
/// Invariant: `old` is the number of entries whose records lie below `ringFrom`, where the ring has them no more.

extension ShardQueue {
    var isFull: Bool { vacancies == 0 }
    var isFrozen: Bool { frozenTo != 0 }

    /// The lowest entry whose record lies in the ring.
    var firstOfRing: Int? {
        guard old > 0 else { return bySequence.first }
        let young = count - old
        guard young > 0 else { return nil }
        // From the end that is nearer.
        guard young <= old else { return step(from: bySequence.first, old, bySequence.after) }
        return step(from: bySequence.last, young - 1, bySequence.before)
    }

    /// From where on records of the ring were passed over behind one that is not in the ring any more.
    var firstPassedOver: UInt64 { max(held.firstPassedOver, ringFrom) }

    private func step(from start: Int?, _ count: Int, _ next: (Int) -> Int?) -> Int? {
        var place = start
        for _ in 0..<count { place = place.flatMap(next) }
        return place
    }

    /// Takes no new record below `target` from the ring until it is parked, or `thaw`.
    func freeze(to target: UInt64) {
        frozenTo = max(frozenTo, target)
        decide()
    }

    func thaw() {
        guard isFrozen else { return }
        frozenTo = 0
        decide()
    }

    /// What has no entry below `target` is parked, if it is pending at all.
    /// - Parameter hasParked: whether anything is, from now on or from before.
    func park(below target: UInt64, hasParked: Bool) {
        frozenTo = 0
        ringFrom = target
        cursor = max(cursor, target)
        old = 0
        var place = bySequence.first
        while let index = place, entries[index].sequence < target {
            old += 1
            place = bySequence.after(index)
        }
        self.hasParked = hasParked
        isBehind = true
        decide()
    }

    /// The lowest parked record without an entry gets one; it is due at once, or waits in its key's line.
    /// - Returns: its place; nil if there is none free.
    func take(_ sequence: UInt64, key: UInt32) -> Int? {
        guard vacancies > 0 else { return nil }
        vacancies &-= 1
        let place = Int(vacant[vacancies])
        enter(place, sequence, key: key)
        old += 1
        if isOrdered, held.blocks(sequence, key: key) { held.hold(sequence, key: key) } else { push(place) }
        return place
    }

    /// Every parked record has an entry: what is in the ring comes next.
    func endParked() {
        hasParked = false
        decide()
    }

    /// All that have an entry.
    func forEach(_ body: (_ index: Int, _ sequence: UInt64) -> Void) {
        for index in entries.indices where entries[index].state != .free { body(index, entries[index].sequence) }
    }

    /// Nothing that has no entry is pending below it.
    func pass(to sequence: UInt64) { cursor = max(cursor, sequence) }

    /// Those that are to be handed out again, or were only looked at, by sequence.
    var waiting: [Int] {
        var found: [Int] = []
        guard count > inFlight else { return found }
        var place = bySequence.first
        while let index = place {
            if entries[index].state == .waiting { found.append(index) }
            place = bySequence.after(index)
        }
        return found
    }

    /// Those that are not in flight.
    func forEachWaiting(_ body: (_ index: Int, _ sequence: UInt64) -> Void) {
        for index in entries.indices where entries[index].state == .waiting { body(index, entries[index].sequence) }
    }

    func decide() { seeks = isBehind && !hasParked && cursor >= frozenTo }
}
