// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// Reads along without holding anything back: it copies a record, then looks whether the producer has begun
/// to overwrite it.
///
/// Invariant: what it returns is a whole record; what it missed it counts.
package final class RingObserver {
    /// The next sequence it will read.
    package private(set) var next: UInt64
    /// Records that were overwritten before it came to them.
    package private(set) var missed: UInt64 = 0

    private let memory: MappedMemory
    private let words: SharedWords
    private let geometry: RingGeometry

    /// - Parameters:
    ///   - log: R1, read-only.
    ///   - since: the first sequence wanted; as far back as the ring reaches if it is older. Nil: only new ones.
    package init(log: consuming MappedMemory, logID: UInt64, since: UInt64?) throws(RegionError) {
        geometry = try RegionHeader.check(.log, log, log: logID).geometry
        words = SharedWords(log)
        memory = log
        // Acquire: pairs with the release in RingProducer.publish.
        let head = HeadWord(raw: words.acquire(RingLayout.Log.head)).sequence
        next = min(since ?? head, head)
    }

    /// The next record and its payload, copied; nil if there is none yet.
    package func read() -> (header: RecordHeader, payload: [UInt8])? {
        while true {
            // Acquire: pairs with the release in RingProducer.publish.
            let head = HeadWord(raw: words.acquire(RingLayout.Log.head)).sequence
            guard next < head else { return nil }
            if let record = copy(next) {
                next += 1
                return record
            }
            skip(to: head)
        }
    }

    /// Copies a record; nil if it was overwritten meanwhile.
    private func copy(_ sequence: UInt64) -> (RecordHeader, [UInt8])? {
        let descriptor = words.advanced(
            by: RingLayout.Log.descriptors + Int(sequence & geometry.sequenceMask) * RingLayout.Log.descriptorStride)
        guard let header = RecordHeader(sequence: sequence, at: descriptor, geometry: geometry) else { return nil }
        let place = RingLayout.Log.arena(geometry) + Int(header.offset & geometry.arenaMask)
        let payload = words.bytes(place, header.payloadCount)
        SharedWords.acquireFence()  // pairs with the release fence in RingProducer.append
        let intentSequence = words.relaxed(RingLayout.Log.intentSequence)
        let intentOffset = words.relaxed(RingLayout.Log.intentOffset)
        guard intentSequence <= sequence &+ geometry.descriptorCount,
            intentOffset <= header.offset &+ geometry.arenaSize
        else { return nil }
        return (header, payload)
    }

    /// Goes on where the ring surely still reaches to: a quarter of it ahead of what is being overwritten.
    private func skip(to head: UInt64) {
        let ahead = next &+ max(1, (head &- next) / 4)
        missed += ahead &- next
        next = ahead
    }
}
