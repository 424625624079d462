// SPDX-License-Identifier: Apache-2.0

/// What the producer does for each record, and all that it changes in doing so: the path that every message takes.
///
/// RingProducer holds one and does the rest (publishing, floors, senders). It knows of the floors only what it was told
/// last, so that `full` is an answer to look them up and to ask once more.
/// Invariant: no record that `append` writes reaches a lap beyond `tail` and `tailOffset`.
struct RecordAppender: ~Copyable {
    private let words: SharedWords
    private let descriptors: SharedWords
    private let arena: SharedWords
    private let geometry: RingGeometry
    private let epoch: UInt32

    /// The sequence of the next record.
    private(set) var next: UInt64
    var totals: IntakeTotals
    /// Whether anything was appended or counted since `published` was called.
    var isDirty = false
    /// The slots of all records since then, and whether one of those carries a sender.
    private(set) var mask: UInt64 = 0
    private(set) var hasSenders = false
    private var intent: (sequence: UInt64, offset: UInt64)
    /// The oldest sequence and arena offset that must not be overwritten, as last looked up; 0: unknown.
    private(set) var tail: UInt64 = 0
    private var tailOffset: UInt64
    /// Both as they were when `keepSpace` was called, until `shareSpace`.
    private var kept: (tail: UInt64, offset: UInt64)?

    init(words: SharedWords, geometry: RingGeometry, epoch: UInt32, next: UInt64, totals: IntakeTotals) {
        self.words = words
        descriptors = words.advanced(by: RingLayout.Log.descriptors)
        arena = words.advanced(by: RingLayout.Log.arena(geometry))
        self.geometry = geometry
        self.epoch = epoch
        self.next = next
        self.totals = totals
        intent = (words.relaxed(RingLayout.Log.intentSequence), words.relaxed(RingLayout.Log.intentOffset))
        tailOffset = totals.arenaNext
    }

    // MARK: appending

    /// To be asked for whatever has a place in an empty ring.
    @inline(__always)
    func hasSpace(for count: Int, yields: Bool) -> Bool {
        let end = offset(for: count) &+ UInt64(count)
        return fits(end, tail, tailOffset) && (!yields || isShared(end))
    }

    /// Writes a record; `hasSpace` has said yes.
    @inline(__always)
    mutating func append(
        _ meta: borrowing RecordMeta, topic: Span<UInt8>, source: Span<UInt8>, decoded: Span<UInt8>, body: Span<UInt8>
    ) -> UInt64 {
        let count = topic.count &+ source.count &+ decoded.count &+ body.count
        let offset = offset(for: count)
        let sequence = next
        // Observers look at the intent after they have copied: pairs with the acquire fence in RingObserver.
        raiseIntent(sequence &+ 1, offset &+ UInt64(count))
        var place = Int(truncatingIfNeeded: offset & geometry.arenaMask)
        arena.copy(topic, to: place)
        place &+= topic.count
        arena.copy(source, to: place)
        place &+= source.count
        arena.copy(decoded, to: place)
        arena.copy(body, to: place &+ decoded.count)
        describe(sequence, meta, offset: offset, topic.count, source.count, decoded.count, body.count)
        totals.words[IntakeTotals.Word.arenaNext] = offset &+ UInt64((count &+ 7) & ~7)
        totals.count(mask: meta.mask, bytes: count)
        mask |= meta.mask
        next = sequence &+ 1
        isDirty = true
        return sequence
    }

    /// Adds to a word of the totals.
    mutating func count(_ word: Int, _ amount: UInt64 = 1) {
        totals.add(word, amount)
        isDirty = true
    }

    /// Writes the totals into the copy that the head does not select.
    func writeTotals(copy: UInt64) { RingProducer.pairedTotals(words).write(totals.words.span, copy: copy) }

    /// Everything so far is published.
    mutating func published() {
        isDirty = false
        mask = 0
        hasSenders = false
    }

    // MARK: space

    /// Takes a later tail.
    mutating func raiseTail(to sequence: UInt64) {
        tail = sequence
        tailOffset = tail < next ? descriptor(tail).relaxed(RingLayout.Descriptor.offset) : totals.arenaNext
    }

    /// Whether more than half of the records or of the bytes are held, as far as the tail is known.
    var isTight: Bool {
        next &- tail > geometry.descriptorCount / 2 || totals.arenaNext &- tailOffset > geometry.arenaSize / 2
    }

    mutating func keepSpace() { if kept == nil { kept = (tail, tailOffset) } }
    mutating func shareSpace() { kept = nil }

    /// Where a record of so many bytes begins: behind the last one, or at the next lap if it would straddle the end.
    @inline(__always) private func offset(for count: Int) -> UInt64 {
        let offset = totals.arenaNext
        let within = offset & geometry.arenaMask
        return within &+ UInt64(count) > geometry.arenaSize ? offset &- within &+ geometry.arenaSize : offset
    }

    @inline(__always) private func fits(_ end: UInt64, _ tail: UInt64, _ tailOffset: UInt64) -> Bool {
        // The oldest and the newest record must not share an outcome word: setting one would wipe the other.
        let oldestWord = tail & ~(OutcomeWord.recordsPerWord &- 1)
        return tail > 0 && end &- tailOffset <= geometry.arenaSize && next &- oldestWord < geometry.descriptorCount
    }

    private func isShared(_ end: UInt64) -> Bool {
        guard let kept else { return true }
        return fits(end, kept.tail, kept.offset)
    }

    // MARK: writing

    /// The intent never falls: what a dead predecessor had begun to overwrite stays marked.
    @inline(__always) private mutating func raiseIntent(_ sequence: UInt64, _ offset: UInt64) {
        if sequence > intent.sequence { intent.sequence = sequence }
        if offset > intent.offset { intent.offset = offset }
        words.store(intent.sequence, RingLayout.Log.intentSequence)
        words.store(intent.offset, RingLayout.Log.intentOffset)
        SharedWords.releaseFence()
    }

    @inline(__always) func descriptor(_ sequence: UInt64) -> SharedWords {
        descriptors.advanced(
            by: Int(truncatingIfNeeded: sequence & geometry.sequenceMask) &* RingLayout.Log.descriptorStride)
    }

    @inline(__always) private mutating func describe(
        _ sequence: UInt64, _ meta: borrowing RecordMeta, offset: UInt64, _ topic: Int, _ source: Int, _ decoded: Int,
        _ body: Int
    ) {
        typealias At = RingLayout.Descriptor
        let at = descriptor(sequence)
        at.store(offset, At.offset)
        at.store(meta.mask, At.mask)
        at.store(meta.time, At.time)
        at.store32(UInt32(truncatingIfNeeded: meta.isReplayed ? body &- OriginalID.byteCount : body), At.bodyLength)
        at.store16(UInt16(truncatingIfNeeded: topic), At.topicLength)
        at.store16(UInt16(truncatingIfNeeded: source), At.sourceLength)
        at.store32(UInt32(truncatingIfNeeded: decoded), At.decodedLength)
        at.store32(epoch, At.epoch)
        at.store32(meta.sourceHash, At.sourceHash)
        at.store32(meta.topicHash, At.topicHash)
        at.store8(meta.wireProtocol, At.wireProtocol)
        at.store8(meta.decodedKind, At.decodedKind)
        at.store8(meta.isReplayed ? OriginalID.flag : 0, At.flags)
        var sender: UInt32 = 0
        if let index = meta.sender {
            sender = index.value &+ 1
            hasSenders = true
        }
        at.store32(sender, At.sender)
        at.store(meta.number, At.number)
    }
}
