// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// Everyone else's end of R0, mapped read-only: geometry, slots, grants, epoch, question.
///
/// Invariant: what it returns was whole in memory at one moment (slots are read under their stamp).
package struct ControlReader: ~Copyable {
    private let memory: MappedMemory
    private let words: SharedWords
    private let header: RegionHeader

    package init(_ memory: consuming MappedMemory) throws(RegionError) {
        header = try RegionHeader.check(.control, memory, log: nil)
        words = SharedWords(memory)
        self.memory = memory
    }

    package var geometry: RingGeometry { header.geometry }
    /// The log's own random id, the first part of every message id.
    package var logID: UInt64 { header.logID }
    // Acquire: pairs with the release in ControlWriter.beginEpoch.
    package var epoch: UInt32 { UInt32(truncatingIfNeeded: words.acquire(RingLayout.Control.epoch)) }
    // Acquire: pairs with the release in ControlWriter.publishGrants.
    package var grantsVersion: UInt64 { words.acquire(RingLayout.Control.grantsVersion) }
    // Acquire: pairs with the release in ControlWriter.ask.
    package var question: UInt64 { words.acquire(RingLayout.Control.question) }

    /// Grows with each change of a slot.
    // Acquire: pairs with the release in ControlWriter.install.
    package var slotsVersion: UInt64 { words.acquire(RingLayout.Control.slotsVersion) }
    /// How many slots were freed since the ring was made: what they had counted is elsewhere.
    // Acquire: pairs with the release in ControlWriter.free.
    package var slotsFreed: UInt64 { words.acquire(RingLayout.Control.slotsFreed) }

    /// Whether nothing more is to be handed to the slot's service. The slot is one of the ring's.
    package func isPaused(slot: Int) -> Bool {
        holds(slot) & RingLayout.Slot.pausedBit != 0
    }

    /// Whether the slot's service has to wait until an older slot of its own is empty. The slot is one of the ring's.
    package func isHeldBack(slot: Int) -> Bool { holds(slot) & RingLayout.Slot.heldBackBit != 0 }

    private func holds(_ slot: Int) -> UInt64 {
        // Acquire: pairs with the release in ControlWriter.setPaused and setHeldBack.
        words.acquire(RingLayout.Control.slots + slot * RingLayout.Control.slotStride + RingLayout.Slot.paused)
    }

    /// Grows each time somebody asks for the slot's service to be tried again at once. The slot is one of the ring's.
    package func retryAsked(slot: Int) -> UInt64 {
        // Acquire: pairs with the release in ControlWriter.askRetry.
        words.acquire(RingLayout.Control.slots + slot * RingLayout.Control.slotStride + RingLayout.Slot.retryAsked)
    }

    /// Grows each time somebody asks for new processes of the slot's service. The slot is one of the ring's.
    package func restartAsked(slot: Int) -> UInt64 {
        // Acquire: pairs with the release in ControlWriter.askRestart.
        words.acquire(RingLayout.Control.slots + slot * RingLayout.Control.slotStride + RingLayout.Slot.restartAsked)
    }

    /// Whose shard this is, or nil.
    package func holder(slot: Int, shard: Int) -> Int? {
        let place = RingLayout.Control.grants + (slot * RingGeometry.shardsPerSlot + shard) * 8
        // Acquire: pairs with the release in ControlWriter.grant.
        let word = words.acquire(place)
        return word == 0 || word > UInt64(RingGeometry.workers) ? nil : Int(word - 1)
    }

    /// The service in a slot, or nil if the slot is free.
    /// - Throws: `corrupt` if its numbers leave the regions, or if the slot stays half written, as a supervisor
    ///   that died in `install` leaves it.
    package func slot(_ index: Int) throws(RegionError) -> ServiceSlot? {
        let at = words.advanced(by: RingLayout.Control.slots + index * RingLayout.Control.slotStride)
        for _ in 0..<1_000 {
            // Acquire: pairs with the release in ControlWriter.install.
            let before = at.acquire(RingLayout.Slot.stamp)
            guard before & 1 == 0 else { continue }
            let result = Self.read(at)
            SharedWords.acquireFence()
            guard at.relaxed(RingLayout.Slot.stamp) == before else { continue }
            guard let slot = result else { return nil }
            guard slot.isValid else { throw .corrupt(region: "control", what: "slot \(index) leaves the regions") }
            return slot
        }
        throw .corrupt(region: "control", what: "slot \(index) is half written")
    }

    /// All slots that are not free.
    package func slots() throws(RegionError) -> [(index: Int, slot: ServiceSlot)] {
        var found: [(index: Int, slot: ServiceSlot)] = []
        for index in 0..<RingGeometry.slots {
            if let slot = try slot(index) { found.append((index, slot)) }
        }
        return found
    }

    private static func read(_ at: SharedWords) -> ServiceSlot? {
        typealias At = RingLayout.Slot
        guard let state = ServiceSlot.State(rawValue: at.load32(At.state)), state != .free else { return nil }
        let name = at.bytes(At.name, min(Int(at.load32(At.nameLength)), At.nameLimit))
        var slot = ServiceSlot(
            name: String(decoding: name, as: UTF8.self),
            order: ServiceSlot.Order(rawValue: at.load32(At.order)) ?? .none,
            incarnation: at.relaxed(At.incarnation), since: at.relaxed(At.since), shards: Int(at.load32(At.shards)),
            tableStart: Int(at.load32(At.tableStart)), tableCapacity: Int(at.load32(At.tableCapacity)))
        slot.state = state
        slot.retiringAt = at.relaxed(At.retiringAt)
        slot.matchedBefore = at.relaxed(At.matchedBefore)
        return slot
    }
}
