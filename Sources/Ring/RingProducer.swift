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
@safe package final class RingProducer {
    let control: ControlReader
    let page: ProcessPage
    let words: SharedWords
    package let geometry: RingGeometry
    private let memory: MappedMemory
    private let outcomes: MappedMemory
    /// The datagrams' receive array, in R1: read it through `receive` and `withDatagram`.
    package let datagrams: DatagramArray

    /// What changes with each record. It lies behind a pointer, because the runtime would look for overlapping accesses
    /// to a stored property with each record anew.
    // Holds for each use: allocated in init and freed in deinit, and no verb here calls another one while it is in it.
    private let appender: UnsafeMutablePointer<RecordAppender>
    private var head: HeadWord
    private var floors: Floors
    private var senders: SenderTable
    /// The slots of published records of which nobody was told.
    private var unheard: UInt64 = 0
    /// The last sequence and offset at which sleepers were woken only to raise their floors.
    private var nudgedAt: (sequence: UInt64, offset: UInt64)
    let committer: CommitterView

    /// Attaches to the regions, and enters what a dead predecessor had published but not entered.
    /// - Parameters:
    ///   - log: R1, writable. - outcomes: R2, read-only. - page: this process's own.
    ///   - committerPage: read-only; without one nothing waits for the disk.
    package init(
        control: consuming ControlReader, log: consuming MappedMemory, outcomes: consuming MappedMemory,
        page: consuming ProcessPage, committerPage: consuming CommitterPage? = nil
    ) throws(RegionError) {
        let header = try RegionHeader.check(.log, log, log: control.logID)
        _ = try RegionHeader.check(.outcomes, outcomes, log: control.logID)
        guard header.geometry == control.geometry else { throw .geometry(region: "log") }
        geometry = header.geometry
        words = SharedWords(log)
        floors = Floors(outcomes: SharedWords(outcomes))
        // Acquire: pairs with the release in publish() of the producer before this one.
        head = HeadWord(raw: words.acquire(RingLayout.Log.head))
        let next = head.sequence
        guard next >= 1 else { throw .corrupt(region: "log", what: "its head is 0") }
        // Acquire: pairs with the same release.
        let totals = IntakeTotals(
            Self.pairedTotals(words).read { [words] in words.acquire(RingLayout.Log.head) }.values)
        datagrams = DatagramArray(
            attaching: log, offset: RingLayout.Log.datagrams, entries: RingLayout.Log.datagramEntries)
        senders = SenderTable(words)
        unsafe appender = .allocate(capacity: 1)
        unsafe appender.initialize(
            to: RecordAppender(
                words: words, geometry: header.geometry, epoch: control.epoch, next: next, totals: totals))
        nudgedAt = (next, totals.arenaNext)
        self.control = control
        self.memory = log
        self.outcomes = outcomes
        self.page = page
        committer = CommitterView(committerPage)
        let lowest = floors.lowest(self.control)
        // 0: a slot that a supervisor died over, which holds everything.
        guard lowest == 0 || geometry.spans(lowest, next) else {
            throw .corrupt(
                region: "log", what: "its head \(next) lies more than a ring beyond the lowest floor \(lowest)")
        }
        applySenders()
        refreshTail()
    }

    deinit {
        unsafe appender.deinitialize(count: 1)
        unsafe appender.deallocate()
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
        _ meta: borrowing RecordMeta, topic: Span<UInt8>, source: Span<UInt8>, decoded: Span<UInt8>, body: Span<UInt8>
    ) -> AppendResult {
        let count = topic.count &+ source.count &+ decoded.count &+ body.count
        guard topic.count <= 0xFFFF, source.count <= 0xFFFF, UInt64(count) <= geometry.arenaSize / 2 else {
            return .tooLarge
        }
        if unsafe !appender.pointee.hasSpace(for: count, yields: meta.yields) {
            refreshTail()
            guard unsafe appender.pointee.hasSpace(for: count, yields: meta.yields) else { return .full }
        }
        let sequence = unsafe appender.pointee.append(
            meta, topic: topic, source: source, decoded: decoded, body: body)
        FaultPoint.reach(.recordWritten)
        return .appended(sequence)
    }

    /// Counts a notification that was not taken.
    /// - Parameter reason: Wire's number of the reason.
    package func refuse(_ reason: Int, count: UInt64 = 1) { add(count, to: IntakeTotals.Word.refused + reason) }

    /// Counts a notification that the sender had sent before.
    package func countDuplicate() { add(1, to: IntakeTotals.Word.duplicate) }

    func add(_ amount: UInt64, to word: Int) { unsafe appender.pointee.count(word, amount) }

    // MARK: publishing

    /// Makes everything since the last call visible at once: one release store of the head.
    package func publish() {
        guard unsafe appender.pointee.isDirty else { return }
        let copy = head.copy ^ 1
        unsafe appender.pointee.writeTotals(copy: copy)
        FaultPoint.reach(.intakeTotalsWritten)
        head = HeadWord(sequence: next, copy: copy)
        // Release: pairs with the acquire in RingWorker.head, RingLedger and RingObserver.
        words.release(head.raw, RingLayout.Log.head)
        FaultPoint.reach(.headStored)
        if unsafe appender.pointee.hasSenders { applySenders() } else { enteredSenders() }
        unheard |= unsafe appender.pointee.mask
        unsafe appender.pointee.published()
        FaultPoint.reach(.sendersEntered)
    }

    /// The sequence of the next record to be appended; from the head to here is not published.
    package var next: UInt64 { unsafe appender.pointee.next }
    /// The next sequence as everyone sees it.
    package var published: UInt64 { head.sequence }
    package var intake: IntakeTotals { unsafe appender.pointee.totals }

    /// Calls `ring` for each worker that sleeps and has work in what was published since the last call, or all
    /// sleepers when their floors are needed to free space.
    package func forEachSleeper(_ pages: borrowing WorkerPages, ring: (Int) -> Void) {
        let (next, offset) = (next, unsafe appender.pointee.totals.arenaNext)
        let nudge =
            next &- nudgedAt.sequence >= geometry.descriptorCount / 16
            || offset &- nudgedAt.offset >= geometry.arenaSize / 16
        guard unheard != 0 || nudge else { return }
        let mask = unheard
        unheard = 0
        if nudge { nudgedAt = (next, offset) }
        SharedWords.fence()  // pairs with the fence in ProcessPage.announceSleep
        pages.forEachSleeping { worker, interest in
            if nudge || interest & mask != 0 { ring(worker) }
        }
    }

    // MARK: space

    /// Keeps what becomes free from now on for records that do not yield.
    package func keepSpace() { unsafe appender.pointee.keepSpace() }
    package func shareSpace() { unsafe appender.pointee.shareSpace() }

    /// Looks up the lowest floor. A floor beyond the head (a worker gone wrong) counts as the head.
    private func refreshTail() {
        let lowest = min(floors.lowest(control), head.sequence, committed)
        unsafe appender.pointee.raiseTail(to: max(appender.pointee.tail, lowest))
    }

    /// Whether more than half of the ring is held by what somebody still wants; to be asked once a batch.
    package func isTight() -> Bool {
        guard unsafe appender.pointee.isTight else { return false }
        refreshTail()
        return unsafe appender.pointee.isTight
    }

    // MARK: senders

    /// Finds or makes a native sender's entry and holds it until `release(_:)`: what it was last accepted with.
    /// - Returns: nil if every place is held by a connection.
    package func hold(_ id: SenderID) -> SenderIndex? {
        // A place changes hands only when the records of its last holder are entered, and are in the commit log.
        publish()
        return senders.pin(id, now: next, settled: committer.words?.committed ?? .max)
    }
    package func release(_ sender: SenderIndex) { senders.unpin(sender) }
    /// The id of a sender whose place is held.
    package func id(of sender: SenderIndex) -> SenderID { senders.id(at: Int(sender.value)) }
    /// Holds the place of a sender that has one, as it was held by a predecessor that lives and may go on: nothing is changed.
    package func holdKnown(_ id: SenderID) -> SenderIndex? { senders.pinKnown(id) }
    /// The last number accepted from a sender, as of the last `publish`.
    package func lastNumber(_ sender: SenderIndex) -> UInt64 { senders.last(sender) }

    /// Enters the numbers of all published records that are not entered yet.
    private func applySenders() {
        // A predecessor that stopped here left at most its last batch; older ones may be overwritten.
        let oldest = head.sequence &- min(head.sequence &- 1, geometry.descriptorCount)
        var sequence = max(words.relaxed(RingLayout.Log.sendersApplied), oldest)
        let (end, entries) = (head.sequence, senders.entries)
        while sequence < end {
            let at = unsafe appender.pointee.descriptor(sequence)
            let sender = at.load32(RingLayout.Descriptor.sender)
            if sender != 0 {
                entries.raise(
                    SenderIndex(value: sender &- 1), to: at.relaxed(RingLayout.Descriptor.number), now: sequence)
            }
            sequence &+= 1
        }
        enteredSenders()
    }

    private func enteredSenders() {
        words.release(head.sequence, RingLayout.Log.sendersApplied)  // pairs with the next producer's attach
    }

    /// Goes on though a successor has attached: that is gone, and has published nothing.
    package func takeBack() { datagrams.attach() }

    // MARK: what the receive side changes (RingProducer+Datagrams)

    /// The receive batch that is to be read next or is being published, and how many of its datagrams are done.
    var progress: (batch: UInt64, datagrams: UInt64) {
        unsafe (appender.pointee.totals.nextBatch, appender.pointee.totals.consumed)
    }

    func markConsumed(batch: UInt64, datagrams: UInt64) {
        unsafe appender.pointee.totals.words[IntakeTotals.Word.nextBatch] = batch
        unsafe appender.pointee.totals.words[IntakeTotals.Word.consumed] = datagrams
        unsafe appender.pointee.isDirty = true
    }
}
