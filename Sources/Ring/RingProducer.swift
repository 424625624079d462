// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// The acceptor's end of the ring: appends records, publishes them in batches, counts what it refuses.
///
/// One thread of one process holds it. A successor attaches to what a dead producer left and goes on from
/// the last head: nothing behind the head has happened, nothing before it is lost.
///
/// Invariant: no record below the lowest floor is overwritten before every floor has passed it, and
/// everything that `publish` makes visible (records, totals, how much of the receive batch is done) becomes
/// visible by its one store of the head.
package final class RingProducer {
    let control: ControlReader
    let page: ProcessPage
    let words: SharedWords
    private var floors: Floors
    package let geometry: RingGeometry
    private let memory: MappedMemory
    private let outcomes: MappedMemory
    /// The datagrams' receive array, in R1: read it through `receive` and `withDatagram`.
    package let datagrams: DatagramArray

    var head: HeadWord
    /// The sequence of the next record to be appended; from the head to here is not published.
    package private(set) var next: UInt64
    var totals: IntakeTotals
    private var isDirty = false
    private var senders: SenderTable
    private var epoch: UInt32
    private var intent: (sequence: UInt64, offset: UInt64)

    /// The oldest sequence and arena offset that must not be overwritten, as last looked up; 0: unknown.
    private var tail: UInt64
    private var tailOffset: UInt64
    /// Both as they were when `keepSpace` was called, until `shareSpace`.
    private var kept: (tail: UInt64, offset: UInt64)?
    /// The slots of all records appended since the last `publish`.
    private var batchMask: UInt64 = 0
    /// The slots of published records of which nobody was told.
    private var unheard: UInt64 = 0
    /// The last sequence and offset at which sleepers were woken only to raise their floors.
    private var nudgedAt: (sequence: UInt64, offset: UInt64)

    /// Attaches to the regions, and enters what a dead predecessor had published but not entered.
    /// - Parameters:
    ///   - log: R1, writable. - outcomes: R2, read-only. - page: this process's own.
    package init(
        control: consuming ControlReader, log: consuming MappedMemory, outcomes: consuming MappedMemory,
        page: consuming ProcessPage
    ) throws(RegionError) {
        let header = try RegionHeader.check(.log, log, log: control.logID)
        _ = try RegionHeader.check(.outcomes, outcomes, log: control.logID)
        guard header.geometry == control.geometry else { throw .geometry(region: "log") }
        geometry = header.geometry
        words = SharedWords(log)
        floors = Floors(outcomes: SharedWords(outcomes))
        // Acquire: pairs with the release in publish() of the producer before this one.
        head = HeadWord(raw: words.acquire(RingLayout.Log.head))
        next = head.sequence
        guard next >= 1 else { throw .corrupt(region: "log", what: "its head is 0") }
        totals = IntakeTotals()
        // Acquire: pairs with the same release.
        totals.words = Self.pairedTotals(words).read { [words] in words.acquire(RingLayout.Log.head) }.values
        datagrams = DatagramArray(
            attaching: log, offset: RingLayout.Log.datagrams, entries: RingLayout.Log.datagramEntries)
        senders = SenderTable(words)
        epoch = control.epoch
        intent = (words.relaxed(RingLayout.Log.intentSequence), words.relaxed(RingLayout.Log.intentOffset))
        tail = 0
        tailOffset = totals.arenaNext
        nudgedAt = (next, totals.arenaNext)
        self.control = control
        self.memory = log
        self.outcomes = outcomes
        self.page = page
        applySenders()
        refreshTail()
    }

    static func pairedTotals(_ words: SharedWords) -> PairedTotals {
        PairedTotals(
            words: words.advanced(by: RingLayout.Log.totals), stride: RingLayout.Log.totalsStride,
            count: IntakeTotals.Word.count)
    }

    // MARK: appending

    package enum AppendResult: Equatable, Sendable {
        case appended(UInt64)
        /// No space until a floor rises.
        case full
        /// It would not fit into an empty ring either.
        case tooLarge
    }

    /// Puts a record behind the last one; nobody sees it before `publish`.
    /// Topic and source may have 65,535 bytes each, all four together half the arena.
    package func append(
        _ meta: RecordMeta, topic: Span<UInt8>, source: Span<UInt8>, decoded: Span<UInt8>, body: Span<UInt8>
    ) -> AppendResult {
        let count = topic.count &+ source.count &+ decoded.count &+ body.count
        guard topic.count <= 0xFFFF, source.count <= 0xFFFF, UInt64(count) <= geometry.arenaSize / 2 else {
            return .tooLarge
        }
        guard let offset = reserve(count), !meta.yields || isShared(offset &+ UInt64(count)) else { return .full }
        let sequence = next
        // Observers look at the intent after they have copied: pairs with the acquire fence in RingObserver.
        raiseIntent(sequence &+ 1, offset &+ UInt64(count))
        var place = RingLayout.Log.arena(geometry) &+ Int(offset & geometry.arenaMask)
        for part in 0..<4 {
            let bytes = part == 0 ? topic : part == 1 ? source : part == 2 ? decoded : body
            words.copy(bytes, to: place)
            place &+= bytes.count
        }
        describe(sequence, meta, offset: offset, topic.count, source.count, decoded.count, body.count)
        totals.words[IntakeTotals.Word.arenaNext] = offset &+ UInt64((count &+ 7) & ~7)
        totals.count(mask: meta.mask, bytes: count)
        batchMask |= meta.mask
        next = sequence &+ 1
        isDirty = true
        return .appended(sequence)
    }

    /// Counts a notification that was not taken.
    /// - Parameter reason: Wire's number of the reason.
    package func refuse(_ reason: Int, count: UInt64 = 1) {
        totals.add(IntakeTotals.Word.refused + reason, count)
        isDirty = true
    }

    /// Counts a notification that the sender had sent before.
    package func countDuplicate() {
        totals.add(IntakeTotals.Word.duplicate)
        isDirty = true
    }

    // MARK: publishing

    /// Makes everything since the last call visible at once: one release store of the head.
    package func publish() {
        guard isDirty else { return }
        let copy = head.copy ^ 1
        Self.pairedTotals(words).write(totals.words, copy: copy)
        let from = head.sequence
        head = HeadWord(sequence: next, copy: copy)
        // Release: pairs with the acquire in RingWorker.head, RingLedger and RingObserver.
        words.release(head.raw, RingLayout.Log.head)
        isDirty = false
        if next != from { applySenders() }
        unheard |= batchMask
        batchMask = 0
    }

    /// The next sequence as everyone sees it.
    package var published: UInt64 { head.sequence }
    package var intake: IntakeTotals { totals }

    /// Calls `ring` for each worker that sleeps and has work in what was published since the last call, or all
    /// sleepers when their floors are needed to free space.
    package func forEachSleeper(_ pages: borrowing WorkerPages, ring: (Int) -> Void) {
        let nudge =
            next &- nudgedAt.sequence >= geometry.descriptorCount / 16
            || totals.arenaNext &- nudgedAt.offset >= geometry.arenaSize / 16
        guard unheard != 0 || nudge else { return }
        let mask = unheard
        unheard = 0
        if nudge { nudgedAt = (next, totals.arenaNext) }
        SharedWords.fence()  // pairs with the fence in ProcessPage.announceSleep
        pages.forEachSleeping { worker, interest in
            if nudge || interest & mask != 0 { ring(worker) }
        }
    }

    // MARK: space

    /// Whether a record of so many bytes fits; looks at the floors only if the last look does not suffice.
    package func hasSpace(_ count: Int) -> Bool { reserve(count) != nil }

    private func reserve(_ count: Int) -> UInt64? {
        var offset = totals.arenaNext
        let within = offset & geometry.arenaMask
        if within &+ UInt64(count) > geometry.arenaSize { offset = offset &- within &+ geometry.arenaSize }
        if fits(offset &+ UInt64(count), tail, tailOffset) { return offset }
        refreshTail()
        return fits(offset &+ UInt64(count), tail, tailOffset) ? offset : nil
    }

    private func fits(_ end: UInt64, _ tail: UInt64, _ tailOffset: UInt64) -> Bool {
        // The oldest and the newest record must not share an outcome word: setting one would wipe the other.
        let oldestWord = tail & ~(OutcomeWord.recordsPerWord &- 1)
        return tail > 0 && end &- tailOffset <= geometry.arenaSize && next &- oldestWord < geometry.descriptorCount
    }

    /// Keeps what becomes free from now on for records that do not yield.
    package func keepSpace() { if kept == nil { kept = (tail, tailOffset) } }
    package func shareSpace() { kept = nil }

    private func isShared(_ end: UInt64) -> Bool {
        guard let kept else { return true }
        return fits(end, kept.tail, kept.offset)
    }

    /// Looks up the lowest floor. A floor beyond the head (a worker gone wrong) counts as the head.
    private func refreshTail() {
        tail = max(tail, min(floors.lowest(control), head.sequence))
        tailOffset = tail < next ? descriptor(tail).relaxed(RingLayout.Descriptor.offset) : totals.arenaNext
    }

    // MARK: senders

    /// Finds or makes a native sender's entry and holds it until `release(_:)`: what it was last accepted with.
    /// - Returns: nil if every place is held by a connection.
    package func hold(_ id: SenderID) -> SenderIndex? {
        // A place changes hands only when the records of its last holder are entered.
        publish()
        return senders.pin(id, now: next)
    }
    package func release(_ sender: SenderIndex) { senders.unpin(sender) }
    /// The last number accepted from a sender, as of the last `publish`.
    package func lastNumber(_ sender: SenderIndex) -> UInt64 { senders.last(sender) }

    /// Enters the numbers of all published records that are not entered yet.
    private func applySenders() {
        // A predecessor that stopped here left at most its last batch; older ones may be overwritten.
        let oldest = head.sequence &- min(head.sequence &- 1, geometry.descriptorCount)
        var sequence = max(words.relaxed(RingLayout.Log.sendersApplied), oldest)
        while sequence < head.sequence {
            let at = descriptor(sequence)
            let sender = at.load32(RingLayout.Descriptor.sender)
            if sender != 0 {
                senders.raise(
                    SenderIndex(value: sender &- 1), to: at.relaxed(RingLayout.Descriptor.number), now: sequence)
            }
            sequence &+= 1
        }
        words.release(head.sequence, RingLayout.Log.sendersApplied)  // pairs with the next producer's attach
    }

    // MARK: descriptors

    /// The intent never falls: what a dead predecessor had begun to overwrite stays marked.
    @inline(__always) private func raiseIntent(_ sequence: UInt64, _ offset: UInt64) {
        if sequence > intent.sequence { intent.sequence = sequence }
        if offset > intent.offset { intent.offset = offset }
        words.store(intent.sequence, RingLayout.Log.intentSequence)
        words.store(intent.offset, RingLayout.Log.intentOffset)
        SharedWords.releaseFence()
    }

    @inline(__always) private func descriptor(_ sequence: UInt64) -> SharedWords {
        words.advanced(
            by: RingLayout.Log.descriptors
                &+ Int(sequence & geometry.sequenceMask) &* RingLayout.Log.descriptorStride)
    }

    @inline(__always) private func describe(
        _ sequence: UInt64, _ meta: RecordMeta, offset: UInt64, _ topic: Int, _ source: Int, _ decoded: Int, _ body: Int
    ) {
        typealias At = RingLayout.Descriptor
        let at = descriptor(sequence)
        at.store(offset, At.offset)
        at.store(meta.mask, At.mask)
        at.store(meta.time, At.time)
        at.store32(UInt32(body), At.bodyLength)
        at.store16(UInt16(topic), At.topicLength)
        at.store16(UInt16(source), At.sourceLength)
        at.store32(UInt32(decoded), At.decodedLength)
        at.store32(epoch, At.epoch)
        at.store32(meta.sourceHash, At.sourceHash)
        at.store32(meta.topicHash, At.topicHash)
        at.store8(meta.wireProtocol, At.wireProtocol)
        at.store8(meta.decodedKind, At.decodedKind)
        at.store32(meta.sender.map { $0.value &+ 1 } ?? 0, At.sender)
        at.store(meta.number, At.number)
    }

    // MARK: what the receive side changes (RingProducer+Datagrams)

    func markConsumed(batch: UInt64, datagrams: UInt64) {
        totals.words[IntakeTotals.Word.nextBatch] = batch
        totals.words[IntakeTotals.Word.consumed] = datagrams
        isDirty = true
    }
}
