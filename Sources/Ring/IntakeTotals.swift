// SPDX-License-Identifier: Apache-2.0

/// The intake side of the ledger, as the producer keeps it between two publications.
///
/// `RingProducer.publish` copies it into the totals that the head does not point to, and then lets the head
/// point there: what is counted and the count of it become visible by one store.
///
/// Invariant: received = published + duplicate + refused; published = routed + unrouted.
package struct IntakeTotals: Equatable, Sendable {
    /// Indices of the words behind the stamp; the order is layout.
    enum Word {
        static let arenaNext = 1
        static let published = 2
        static let duplicate = 3
        static let routed = 4
        static let unrouted = 5
        static let nextBatch = 6
        static let consumed = 7
        static let refused = 8  // 16 reasons
        static let bytes = 24
        static let replayed = 25
        static let matched = 32  // 64 slots
        static let count = 96
    }
    /// Refusal reasons that fit; their numbers and names are Wire's.
    package static let reasons = 16

    var words = InlineArray<96, UInt64>(repeating: 0)

    init() {}

    /// From as many words as `Word.count` says.
    init(_ values: [UInt64]) {
        for index in words.indices { words[index] = values[index] }
    }

    /// What a checkpoint keeps: all that outlives the ring's memory.
    package init(
        published: UInt64, duplicate: UInt64, routed: UInt64, unrouted: UInt64, replayed: UInt64 = 0, bytes: UInt64,
        refused: [UInt64], matched: [UInt64]
    ) {
        words[Word.published] = published
        words[Word.duplicate] = duplicate
        words[Word.routed] = routed
        words[Word.unrouted] = unrouted
        words[Word.replayed] = replayed
        words[Word.bytes] = bytes
        for (reason, count) in refused.prefix(Self.reasons).enumerated() { words[Word.refused + reason] = count }
        for (slot, count) in matched.prefix(RingGeometry.slots).enumerated() { words[Word.matched + slot] = count }
    }

    package static func == (one: IntakeTotals, other: IntakeTotals) -> Bool {
        one.words.indices.allSatisfy { one.words[$0] == other.words[$0] }
    }

    package var published: UInt64 { words[Word.published] }
    package var duplicate: UInt64 { words[Word.duplicate] }
    package var routed: UInt64 { words[Word.routed] }
    package var unrouted: UInt64 { words[Word.unrouted] }
    /// Published ones that are replays of dead letters.
    package var replayed: UInt64 { words[Word.replayed] }
    /// Bytes of the published records.
    package var bytes: UInt64 { words[Word.bytes] }
    package func refused(_ reason: Int) -> UInt64 { words[Word.refused + reason] }
    package func matched(_ slot: Int) -> UInt64 { words[Word.matched + slot] }
    package var refusedInAll: UInt64 { (0..<Self.reasons).reduce(0) { $0 &+ refused($1) } }
    package var received: UInt64 { published &+ duplicate &+ refusedInAll }

    var arenaNext: UInt64 { words[Word.arenaNext] }
    /// The receive batch that is to be read next, or is being published.
    var nextBatch: UInt64 { words[Word.nextBatch] }
    /// Datagrams of that batch that are published or refused already.
    var consumed: UInt64 { words[Word.consumed] }

    @inline(__always) mutating func add(_ word: Int, _ amount: UInt64 = 1) { words[word] = words[word] &+ amount }

    /// Counts a record for each slot in its mask.
    @inline(__always) package mutating func count(mask: UInt64, bytes: Int) {
        add(Word.published)
        add(Word.bytes, UInt64(bytes))
        add(mask == 0 ? Word.unrouted : Word.routed)
        var rest = mask
        while rest != 0 {
            add(Word.matched + rest.trailingZeroBitCount)
            rest &= rest &- 1
        }
    }
}

/// The head word: the next sequence and which copy of the totals belongs to it.
struct HeadWord: Equatable {
    let raw: UInt64
    init(raw: UInt64) { self.raw = raw }
    init(sequence: UInt64, copy: UInt64) { raw = sequence << 1 | copy }
    @inline(__always) var sequence: UInt64 { raw >> 1 }
    @inline(__always) var copy: UInt64 { raw & 1 }
}

/// Two copies of counters and a selector bit: how R1 publishes its totals and R2 each shard's.
///
/// The writer fills the copy that nobody is pointed to, then one release store of the selecting word turns
/// both. A reader holds the copy's stamp against itself to see that it was not being rewritten meanwhile.
struct PairedTotals {
    let words: SharedWords
    let stride: Int
    let count: Int

    /// Writes `values[1...]` into a copy; the selecting word must not point to it.
    @inline(__always) func write(_ values: Span<UInt64>, copy: UInt64) {
        let at = words.advanced(by: Int(copy) &* stride)
        // The stamp changes behind the selector that left this copy and before any value does: pairs with the
        // acquire of the stamp and the acquire fence in read().
        at.release(at.relaxed(0) &+ 1, 0)
        SharedWords.releaseFence()
        var index = 1
        while index < count {
            at.store(values[index], index &* 8)
            index &+= 1
        }
    }

    /// Reads the copy that `selecting()` (an acquire load) names; asks again while a writer overtakes it.
    func read(_ selecting: () -> UInt64) -> (selector: UInt64, values: [UInt64]) {
        var values = [UInt64](repeating: 0, count: count)
        while true {
            let selector = selecting()
            let at = words.advanced(by: Int(selector & 1) * stride)
            let stamp = at.acquire(0)  // pairs with the release in write()
            // While the selector names this copy nobody rewrites it, so the stamp is that of a whole copy.
            guard selecting() == selector else { continue }
            for index in 1..<count { values[index] = at.relaxed(index * 8) }
            SharedWords.acquireFence()  // pairs with the release fence in write()
            if at.relaxed(0) == stamp { return (selector, values) }
        }
    }
}
