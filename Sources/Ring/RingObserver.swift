// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// Reads along without holding anything back: it copies a record, then looks whether the producer has begun
/// to overwrite it. Used by `belfry tail`, in a process of its own, on read-only memory.
///
/// What the memory says is believed only as far as it cannot harm: every range is checked before it is read, and a
/// call ends after as many records as the ring can hold, whatever head it is given.
///
/// Invariant: what it gives out is a whole record; every other one below `next` is counted as gone, missed or damaged.
package final class RingObserver {
    /// The log's own random id, part of each message's.
    package let logID: UInt64
    /// When this ring was made, ns since 1970: a log goes on in another ring when belfryd is started anew.
    package let created: UInt64
    /// The next sequence it will look at.
    package private(set) var next: UInt64
    /// Records that were asked for and overwritten before it began.
    package private(set) var gone: UInt64 = 0
    /// Records that were overwritten before it came to them.
    package private(set) var missed: UInt64 = 0
    /// Records whose descriptor no producer would write.
    package private(set) var damaged: UInt64 = 0
    /// Of the record that was given out last: topic, source, decoded member and body.
    package private(set) var payload: [UInt8] = []

    private let memory: MappedMemory
    private let words: SharedWords
    private let geometry: RingGeometry
    /// Overrun again before this sequence means that the producer is faster, and that a head start is needed.
    private var leash: UInt64 = 0

    /// Begins with what is published next.
    /// - Parameter log: R1, read-only.
    package init(log: consuming MappedMemory) throws(RegionError) {
        let header = try RegionHeader.check(.log, log, log: nil)
        geometry = header.geometry
        logID = header.logID
        words = SharedWords(log)
        created = words.relaxed(RingLayout.Header.created)
        memory = log
        next = 0
        next = head
    }

    /// Begins elsewhere, before anything was read: at `sequence`, or at the oldest record if that one is gone (how many
    /// are, says `gone`), or at the next one if it is not there yet.
    package func seek(to sequence: UInt64) {
        let head = self.head
        let wanted = min(max(sequence, 1), head)
        next = oldest(from: wanted, before: head)
        gone = next &- wanted
    }

    /// The next sequence to be published.
    // Acquire: pairs with the release in RingProducer.publish.
    package var head: UInt64 { HeadWord(raw: words.acquire(RingLayout.Log.head)).sequence }

    /// The next whole record below `limit` that is wanted, its payload in `payload`; nil if there is none any more.
    /// - Parameters:
    ///   - limit: a `head` that was read before.
    ///   - wants: gets the record's header, and topic and source as they lie in the payload. The rest is not copied
    ///     unless it is wanted.
    package func read(
        before limit: UInt64, where wants: (RecordHeader, Span<UInt8>) -> Bool
    ) -> RecordHeader? {
        while next < limit {
            switch copy(next, wants) {
            case .wanted(let header):
                next &+= 1
                return header
            case .unwanted: next &+= 1
            case .damaged:
                next &+= 1
                damaged &+= 1
            case .overwritten: fallBack(before: limit)
            }
        }
        return nil
    }

    private enum Copied {
        case wanted(RecordHeader)
        case unwanted
        case overwritten
        case damaged
    }

    private func copy(_ sequence: UInt64, _ wants: (RecordHeader, Span<UInt8>) -> Bool) -> Copied {
        // What lies further back is overwritten for certain, and a wrong head must not make us look at it all.
        guard isWithinLap(sequence, of: head) else { return .overwritten }
        guard let header = RecordHeader(sequence: sequence, at: descriptor(sequence), geometry: geometry),
            UInt64(header.payloadCount) <= geometry.arenaSize / 2
        else { return isWhole(sequence, offset: nil) ? .damaged : .overwritten }
        let place = RingLayout.Log.arena(geometry) &+ Int(header.offset & geometry.arenaMask)
        payload.removeAll(keepingCapacity: true)
        // Holds: RecordHeader has checked that offset and length stay inside the arena.
        words.append(place, header.source.upperBound, to: &payload)
        guard isWhole(sequence, offset: header.offset) else { return .overwritten }
        guard wants(header, payload.span) else { return .unwanted }
        let rest = header.source.upperBound..<header.payloadCount
        words.append(place &+ rest.lowerBound, rest.count, to: &payload)
        return isWhole(sequence, offset: header.offset) ? .wanted(header) : .overwritten
    }

    /// Whether what was copied of a record until now had not begun to be overwritten.
    private func isWhole(_ sequence: UInt64, offset: UInt64?) -> Bool {
        SharedWords.acquireFence()  // pairs with the release fence in RingProducer.append
        guard isWithinLap(sequence, of: words.relaxed(RingLayout.Log.intentSequence)) else { return false }
        guard let offset else { return true }
        return words.relaxed(RingLayout.Log.intentOffset) <= offset &+ geometry.arenaSize
    }

    /// Whether the descriptor of `sequence` stands while those below `end` are written.
    private func isWithinLap(_ sequence: UInt64, of end: UInt64) -> Bool {
        end <= sequence &+ geometry.descriptorCount
    }

    /// Goes on with the oldest record that there is; if the producer catches up at once, with a quarter of the ring as
    /// a head start: one long gap tells more than many short ones.
    private func fallBack(before limit: UInt64) {
        var ahead = max(oldest(from: next, before: limit), next &+ 1)
        if next < leash { ahead &+= (limit &- ahead) / 4 }
        missed &+= ahead &- next
        next = ahead
        leash = ahead &+ (limit &- ahead) / 2
    }

    /// The oldest record of `first..<limit` that is whole at this moment, or `limit`. Offsets rise with the sequence,
    /// so it is found by halving; where the memory lies, any answer is as good.
    private func oldest(from first: UInt64, before limit: UInt64) -> UInt64 {
        let intent = max(words.relaxed(RingLayout.Log.intentSequence), head)
        let intentOffset = words.relaxed(RingLayout.Log.intentOffset)
        // What lies before the first was in an earlier ring of the same log.
        let begin = max(first, words.relaxed(RingLayout.Log.first))
        var low = min(max(begin, intent &- min(intent, geometry.descriptorCount)), limit)
        var high = limit
        while low < high {
            let middle = low &+ (high &- low) / 2
            let offset = descriptor(middle).relaxed(RingLayout.Descriptor.offset)
            if intentOffset <= offset &+ geometry.arenaSize { high = middle } else { low = middle &+ 1 }
        }
        return low
    }

    private func descriptor(_ sequence: UInt64) -> SharedWords {
        words.advanced(
            by: RingLayout.Log.descriptors
                &+ Int(sequence & geometry.sequenceMask) &* RingLayout.Log.descriptorStride)
    }
}
