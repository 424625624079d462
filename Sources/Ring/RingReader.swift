// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// The committer's end of the ring: reads every record once, whoever it is for, and what the shards want of it.
///
/// R0, R1 and R2 are mapped read-only.
///
/// Invariant: it reads records from `committed` up to the head, which the producer leaves alone, or, below that, asks
/// behind each copy whether the record was still held (`isHeld`).
@usableFromInline
package final class RingReader {
    package let control: ControlReader
    @usableFromInline package let geometry: RingGeometry
    let log: SharedWords
    let outcomes: SharedWords
    @usableFromInline let descriptors: SharedWords
    @usableFromInline let arena: SharedWords
    private let acceptorPage: ProcessPage
    private let logMemory: MappedMemory
    private let outcomesMemory: MappedMemory
    private var floors: Floors

    /// - Parameters: all mapped read-only.
    package init(
        control: consuming ControlReader, log: consuming MappedMemory, outcomes: consuming MappedMemory,
        acceptorPage: consuming ProcessPage
    ) throws(RegionError) {
        let header = try RegionHeader.check(.log, log, log: control.logID)
        _ = try RegionHeader.check(.outcomes, outcomes, log: control.logID)
        guard header.geometry == control.geometry else { throw .geometry(region: "log") }
        geometry = header.geometry
        self.log = SharedWords(log)
        descriptors = self.log.advanced(by: RingLayout.Log.descriptors)
        arena = self.log.advanced(by: RingLayout.Log.arena(header.geometry))
        self.outcomes = SharedWords(outcomes)
        floors = Floors(outcomes: self.outcomes)
        self.control = control
        self.acceptorPage = acceptorPage
        logMemory = log
        outcomesMemory = outcomes
    }

    // MARK: how far it is

    /// The next sequence to be published.
    // Acquire: pairs with the release in RingProducer.publish.
    package var head: UInt64 { HeadWord(raw: log.acquire(RingLayout.Log.head)).sequence }

    /// The intake side and the head that it belongs to.
    package func intake() -> (head: UInt64, totals: IntakeTotals) {
        // Acquire: pairs with the release in RingProducer.publish.
        let (word, values) = RingProducer.pairedTotals(log).read { log.acquire(RingLayout.Log.head) }
        return (HeadWord(raw: word).sequence, IntakeTotals(values))
    }

    /// The lowest floor, at most the head and at least a ring behind it: nothing below it is wanted from the ring.
    package func tail() -> UInt64 {
        let head = head
        return max(min(floors.lowest(control), head), head &- min(head, geometry.descriptorCount))
    }

    /// Whether the acceptor says that more than half of the ring is held.
    package var isTight: Bool { acceptorPage.isTight }

    /// Whether more than so many quarters of the records or bytes are held: what the acceptor says may be a while ago.
    package func holds(quarters: UInt64) -> Bool {
        let (head, totals) = intake()
        let tail = tail()
        guard tail < head else { return false }
        let offset = descriptor(tail).relaxed(RingLayout.Descriptor.offset)
        return head &- tail > geometry.descriptorCount / 4 &* quarters
            || totals.arenaNext &- offset > geometry.arenaSize / 4 &* quarters
    }

    /// Where all shards stand; nil while a slot is being changed.
    package func stands() -> [ShardStand]? { floors.stands(control) }

    /// Grows with each batch of datagrams: their senders don't wait.
    package var datagramBatches: UInt64 { intake().totals.nextBatch }

    /// Where the ring has to be spilled to, so that at most a quarter of its records and bytes stays held.
    /// - Parameter end: what is published and committed.
    package func spillTarget(before end: UInt64) -> UInt64 {
        let offset = intake().totals.arenaNext
        var low = max(tail(), end &- min(end, geometry.descriptorCount / 4))
        var high = max(low, end)
        while low < high {
            let middle = low &+ (high &- low) / 2
            if offset &- descriptor(middle).relaxed(RingLayout.Descriptor.offset) <= geometry.arenaSize / 4 {
                high = middle
            } else {
                low = middle &+ 1
            }
        }
        return low
    }

    // MARK: records

    /// Lends out a record, with its whole mask.
    /// - Returns: what `body` returns, or nil if the descriptor is corrupt (it leaves the arena).
    @inline(__always) @inlinable
    package func withRecord<R>(_ sequence: UInt64, _ body: (RecordHeader, Span<UInt8>) -> R) -> R? {
        guard let header = RecordHeader(sequence: sequence, at: descriptor(sequence), geometry: geometry) else {
            return nil
        }
        return arena.withBytes(Int(header.offset & geometry.arenaMask), header.payloadCount) { body(header, $0) }
    }

    /// What is left of a record that `withRecord` can't lend: for whom it is, and nothing in it.
    package func remains(of sequence: UInt64) -> RecordHeader {
        typealias At = RingLayout.Descriptor
        let at = descriptor(sequence)
        return RecordHeader(
            sequence: sequence, mask: at.relaxed(At.mask), time: at.relaxed(At.time), epoch: at.load32(At.epoch),
            sourceHash: at.load32(At.sourceHash), topicHash: at.load32(At.topicHash), wireProtocol: 0, decodedKind: 0,
            isReplayed: false, lengths: (0, 0, 0, 0))
    }

    /// The native sender of a record that is not committed yet, and the number it gave the message.
    package func sender(of sequence: UInt64) -> (id: SenderID, number: UInt64)? {
        let at = descriptor(sequence)
        let place = at.load32(RingLayout.Descriptor.sender)
        guard place != 0, place <= UInt32(RingGeometry.senders) else { return nil }
        // The place stays this sender's until the record is committed: RingProducer.hold.
        let entry = SenderEntries(words: log.advanced(by: RingLayout.Log.senders))[Int(place) - 1]
        let id = SenderID(
            high: entry.relaxed(SenderEntries.At.high), low: entry.relaxed(SenderEntries.At.low))
        return (id, at.relaxed(RingLayout.Descriptor.number))
    }

    /// All senders that are remembered, and the sequence at which each was last used. Some of the numbers may be of
    /// records up to the head as it is behind this call: a checkpoint with them must not be written before those are
    /// committed, or only behind a look at `uncommitted`.
    package func senders() -> [(id: SenderID, last: UInt64, used: UInt64)] {
        let entries = SenderEntries(words: log.advanced(by: RingLayout.Log.senders))
        return (0..<RingGeometry.senders).compactMap { index in
            let high = entries[index].relaxed(SenderEntries.At.high)
            let low = entries[index].relaxed(SenderEntries.At.low)
            guard high != 0 || low != 0 else { return nil }
            return (
                SenderID(high: high, low: low), entries[index].relaxed(SenderEntries.At.last),
                entries[index].relaxed(SenderEntries.At.used)
            )
        }
    }

    /// Whether what was read of a record before this call was read while the producer left it alone. If not, everybody's
    /// floor has passed it.
    package func isHeld(_ sequence: UInt64) -> Bool {
        SharedWords.acquireFence()  // pairs with the release fence in RecordAppender.append
        // The word of its outcomes goes with the first of eight records.
        return log.relaxed(RingLayout.Log.intentSequence) <= (sequence & ~7) &+ geometry.descriptorCount
            && log.relaxed(RingLayout.Log.intentOffset)
                <= descriptor(sequence).relaxed(RingLayout.Descriptor.offset) &+ geometry.arenaSize
    }

    /// The outcome code of a record for one slot.
    package func code(of sequence: UInt64, slot: Int) -> UInt8 { plane(slot).code(of: sequence) }

    func plane(_ slot: Int) -> OutcomePlane { OutcomePlane(outcomes: outcomes, slot: slot, geometry: geometry) }

    @inline(__always) @inlinable func descriptor(_ sequence: UInt64) -> SharedWords {
        descriptors.advanced(by: Int(sequence & geometry.sequenceMask) &* RingLayout.Log.descriptorStride)
    }

    // MARK: bells

    /// Whether the acceptor sleeps with answers that it holds, or for want of space: to be asked behind
    /// `CommitterPage.commit`; if so, ring its bell.
    package func acceptorAwaits() -> Bool {
        SharedWords.fence()  // pairs with the fences in ProcessPage.announceSleep and announceWaiting
        return acceptorPage.isSleeping || acceptorPage.isWaiting
    }

    /// Calls `ring` for each worker that sleeps and has work in what was committed just now.
    /// - Parameters: `mask`: the slots of those records. `everyone`: wake all sleepers, so that idle shards raise their
    ///   floors, each sixteenth of the ring.
    package func forEachSleeper(_ pages: borrowing WorkerPages, mask: UInt64, everyone: Bool, ring: (Int) -> Void) {
        guard mask != 0 || everyone else { return }
        SharedWords.fence()  // pairs with the fence in ProcessPage.announceSleep
        pages.forEachSleeping { worker, interest in
            if everyone || interest & mask != 0 { ring(worker) }
        }
    }
}
