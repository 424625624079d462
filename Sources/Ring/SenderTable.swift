// SPDX-License-Identifier: Apache-2.0
// Native senders: their ids, their places in R1's table, and the last number that was accepted from each.
// Used by RingProducer, which enters the numbers behind the head.
// Invariant: a place changes hands only when no connection holds it.

internal import LinuxIO

/// A native sender's place in the table; a descriptor carries it plus one.
@usableFromInline package struct SenderIndex: Equatable, Sendable {
    @usableFromInline package let value: UInt32
}

/// A native sender's own 16-byte id.
package struct SenderID: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
    var isZero: Bool { high == 0 && low == 0 }
}

/// The last accepted number of each native sender, in R1, so that it outlives the acceptor.
///
/// A record carries its sender's index and number, so what a dead acceptor had published but not entered
/// here is entered from the records. A sender with a connection keeps its place; of the others the one
/// longest unused makes room.
///
/// Invariant: for records below `sendersApplied`, a sender's number here is at least that of its records.
struct SenderTable {
    private typealias At = SenderEntries.At

    let entries: SenderEntries
    private var places: [SenderID: SenderIndex] = [:]
    /// Connections per place; a place with any is not given away.
    private var pins = [UInt16](repeating: 0, count: RingGeometry.senders)
    private var unused: Int = 0

    init(_ log: SharedWords) {
        entries = SenderEntries(words: log.advanced(by: RingLayout.Log.senders))
        for index in 0..<RingGeometry.senders {
            let id = id(at: index)
            if !id.isZero { places[id] = SenderIndex(value: UInt32(index)) }
        }
    }

    /// Finds a sender, or gives it a place, and holds the place until `unpin`.
    /// - Parameters: `now`: the ring's next sequence, as the clock of use. `settled`: a place that was last used at or
    ///   behind it is still named by records that the commit log does not hold.
    /// - Returns: nil if every place is held.
    mutating func pin(_ id: SenderID, now: UInt64, settled: UInt64) -> SenderIndex? {
        if let known = places[id] {
            pins[Int(known.value)] += 1
            entry(Int(known.value)).store(now, At.used)
            return known
        }
        guard let index = vacancy(settled) else { return nil }
        places[self.id(at: index)] = nil
        let entry = entry(index)
        // Releases, so that a successor finds them in this order: nobody's while the place changes hands.
        // They pair with the supervisor's sight of this process's death.
        entry.release(0, At.high)
        entry.release(0, At.low)
        FaultPoint.reach(.senderPlaceCleared)
        // They pair with the same.
        entry.release(0, At.last)
        entry.release(now, At.used)
        entry.release(id.low, At.low)
        entry.release(id.high, At.high)
        FaultPoint.reach(.senderPlaceTaken)
        let place = SenderIndex(value: UInt32(index))
        places[id] = place
        pins[index] = 1
        return place
    }

    /// The same of a sender that has a place, without a word in R1.
    mutating func pinKnown(_ id: SenderID) -> SenderIndex? {
        guard let known = places[id] else { return nil }
        pins[Int(known.value)] += 1
        return known
    }

    mutating func unpin(_ index: SenderIndex) { pins[Int(index.value)] -= 1 }

    func last(_ index: SenderIndex) -> UInt64 { entry(Int(index.value)).relaxed(At.last) }

    /// A place that was never used, else the one of the sender that has been silent longest.
    private mutating func vacancy(_ settled: UInt64) -> Int? {
        while unused < RingGeometry.senders {
            if pins[unused] == 0, id(at: unused).isZero { return unused }
            unused += 1
        }
        return (0..<RingGeometry.senders).filter { pins[$0] == 0 && entry($0).relaxed(At.used) < settled }
            .min { entry($0).relaxed(At.used) < entry($1).relaxed(At.used) }
    }

    func id(at index: Int) -> SenderID {
        SenderID(high: entry(index).relaxed(At.high), low: entry(index).relaxed(At.low))
    }

    private func entry(_ index: Int) -> SharedWords { entries[index] }
}

/// The table's entries as they lie in R1: all that is needed to enter numbers, which happens for each record.
struct SenderEntries {
    enum At {
        static let high = 0
        static let low = 8
        static let last = 16
        static let used = 24
    }

    let words: SharedWords

    @inline(__always) subscript(index: Int) -> SharedWords {
        words.advanced(by: index &* RingLayout.Log.senderStride)
    }

    @inline(__always) func raise(_ index: SenderIndex, to number: UInt64, now: UInt64) {
        guard index.value < UInt32(RingGeometry.senders) else { return }
        let entry = self[Int(index.value)]
        entry.store(max(number, entry.relaxed(At.last)), At.last)
        entry.store(now, At.used)
    }
}
