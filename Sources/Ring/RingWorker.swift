// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// A worker's end of the ring: reads records, opens leases on the shards it was granted, sleeps and wakes.
///
/// R0 and R1 are mapped read-only, R2 writable. One thread of one process holds it.
///
/// Invariant: it reads only records from a lease's floor up to the head, which the producer leaves alone.
@usableFromInline
package final class RingWorker {
    package let control: ControlReader
    package let page: ProcessPage
    @usableFromInline package let geometry: RingGeometry
    let log: SharedWords
    @usableFromInline let descriptors: SharedWords
    @usableFromInline let arena: SharedWords
    let outcomes: SharedWords
    private let acceptorPage: ProcessPage
    let committer: CommitterView
    private let logMemory: MappedMemory
    private let outcomesMemory: MappedMemory

    /// - Parameters:
    ///   - log: R1, read-only. - outcomes: R2, writable. - page: this worker's own. - acceptorPage: read-only.
    ///   - committerPage: read-only; without one nothing is held back for the disk, and nothing parked.
    package init(
        control: consuming ControlReader, log: consuming MappedMemory, outcomes: consuming MappedMemory,
        page: consuming ProcessPage, acceptorPage: consuming ProcessPage, committerPage: consuming CommitterPage? = nil
    ) throws(RegionError) {
        let header = try RegionHeader.check(.log, log, log: control.logID)
        _ = try RegionHeader.check(.outcomes, outcomes, log: control.logID)
        guard header.geometry == control.geometry else { throw .geometry(region: "log") }
        geometry = header.geometry
        let words = SharedWords(log)
        self.log = words
        descriptors = words.advanced(by: RingLayout.Log.descriptors)
        arena = words.advanced(by: RingLayout.Log.arena(header.geometry))
        self.outcomes = SharedWords(outcomes)
        self.control = control
        self.page = page
        self.acceptorPage = acceptorPage
        committer = CommitterView(committerPage)
        logMemory = log
        outcomesMemory = outcomes
    }

    /// Everything below it is there to be read: published, and durable where that is asked for.
    @inline(__always) package var head: UInt64 {
        guard let committer = committer.words else { return published }
        return min(published, committer.committed)
    }

    // Acquire: pairs with the release in RingProducer.publish.
    @inline(__always) private var published: UInt64 { HeadWord(raw: log.acquire(RingLayout.Log.head)).sequence }

    /// Holds a shard against what other processes wrote, so that nobody searches a ring that can't be: to be asked once a
    /// round, before the shard is looked at.
    /// - Parameter head: as it was read for this round.
    package func check(_ lease: ShardLease, head: UInt64) throws(RegionError) {
        guard geometry.spans(lease.floor, head) else { throw Self.farHead(head, lease.slot, lease.floor) }
        // Before the head, which it never passes.
        let spilled = committer.words?.spilled ?? 0
        guard spilled <= published else {
            throw .corrupt(
                region: "page", what: "it says that records up to \(spilled) are parked, which are not there yet")
        }
    }

    private static func farHead(_ head: UInt64, _ slot: ServiceSlot, _ floor: UInt64) -> RegionError {
        .corrupt(region: "log", what: "its head \(head) lies more than a ring beyond floor \(floor) of \(slot.name)")
    }

    /// The slots that a record is for. The sequence lies between a held lease's floor and the head.
    @inline(__always) @inlinable package func mask(at sequence: UInt64) -> UInt64 {
        descriptor(sequence).relaxed(RingLayout.Descriptor.mask)
    }

    /// Lends out a record.
    /// - Returns: what `body` returns, or nil if the descriptor is corrupt (it leaves the arena).
    @inline(__always) @inlinable
    package func withRecord<R>(_ sequence: UInt64, _ body: (RecordHeader, Span<UInt8>) -> R) -> R? {
        guard let header = RecordHeader(sequence: sequence, at: descriptor(sequence), geometry: geometry) else {
            return nil
        }
        return arena.withBytes(Int(header.offset & geometry.arenaMask), header.payloadCount) { body(header, $0) }
    }

    /// The key that `order` compares, of a record.
    @inline(__always) @inlinable package func sourceHash(at sequence: UInt64) -> UInt32 {
        descriptor(sequence).load32(RingLayout.Descriptor.sourceHash)
    }
    @inline(__always) @inlinable package func topicHash(at sequence: UInt64) -> UInt32 {
        descriptor(sequence).load32(RingLayout.Descriptor.topicHash)
    }

    /// When a record was received, ns since 1970.
    package func time(at sequence: UInt64) -> UInt64 { descriptor(sequence).relaxed(RingLayout.Descriptor.time) }

    /// Bytes of its topic, source, decoded member and body.
    package func byteCount(at sequence: UInt64) -> Int {
        typealias At = RingLayout.Descriptor
        let at = descriptor(sequence)
        return Int(at.load16(At.topicLength)) + Int(at.load16(At.sourceLength)) + Int(at.load32(At.decodedLength))
            + Int(at.load32(At.bodyLength))
    }

    /// Whether it is a replay of another one.
    package func isReplayed(at sequence: UInt64) -> Bool {
        descriptor(sequence).load8(RingLayout.Descriptor.flags) & OriginalID.flag != 0
    }

    /// Opens a shard that this worker was granted.
    /// - Throws: `corrupt` if the slot's numbers leave the regions, or its floor and the head are not of one ring.
    package func lease(slot index: Int, shard: Int) throws(RegionError) -> ShardLease {
        guard let slot = try control.slot(index) else {
            throw .corrupt(region: "control", what: "slot \(index) was granted, but is free")
        }
        let floors = Floors(outcomes: outcomes)
        let floor = floors.floor(slot, at: index, shard: shard)
        let parkedTo = floors.parkedTo(slot, at: index, shard: shard)
        let head = published
        guard geometry.spans(floor, head) else { throw Self.farHead(head, slot, floor) }
        guard max(floor, parkedTo) <= head else {
            throw .corrupt(
                region: "outcomes",
                what: "floor \(floor) of \(slot.name), or its end of parking \(parkedTo), lies beyond head \(head)")
        }
        return ShardLease(ring: self, slot: slot, index: index, shard: shard)
    }

    /// Whether a shard that nobody holds may have something to be delivered; a slot that can't be read counts as such.
    package var hasUnheldWork: Bool {
        guard let slots = try? control.slots() else { return true }
        let floors = Floors(outcomes: outcomes)
        let head = head
        return slots.contains { index, slot in
            !control.isPaused(slot: index)
                && (0..<slot.shards).contains { shard in
                    control.holder(slot: index, shard: shard) == nil
                        && (floors.floor(slot, at: index, shard: shard) < min(head, slot.retiringAt)
                            || floors.hasParked(slot, at: index, shard: shard))
                }
        }
    }

    /// Whether the acceptor waits for space: to be asked after floors were raised; if so, ring its bell.
    package func spaceIsAwaited() -> Bool {
        SharedWords.fence()  // pairs with the fence in ProcessPage.announceWaiting
        return acceptorPage.isWaiting
    }

    /// Whether the committer waits for shards to move: to be asked after a freeze, a parking, and what was parked is
    /// settled; if so, ring its bell.
    package func committerWaits() -> Bool {
        SharedWords.fence()  // pairs with the fence in ProcessPage.announceWaiting
        return committer.words?.isWaiting ?? false
    }

    @inline(__always) @inlinable func descriptor(_ sequence: UInt64) -> SharedWords {
        descriptors.advanced(by: Int(sequence & geometry.sequenceMask) &* RingLayout.Log.descriptorStride)
    }
}
