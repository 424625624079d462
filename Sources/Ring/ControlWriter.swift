// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// The supervisor's end of R0: service slots, grants, the epoch and the watchdog's question.
///
/// Only the supervisor maps R0 writable.
///
/// Invariant: a shard's grant names at most one worker, and it passes from one to another only by way of
/// nobody, once the old one has confirmed (`grantsApplied`) or its death has been seen on its pidfd.
package struct ControlWriter: ~Copyable {
    private let memory: MappedMemory
    private let words: SharedWords

    /// - Parameter memory: R0 mapped writable, with its header written (`RingFiles.create`).
    package init(_ memory: consuming MappedMemory) throws(RegionError) {
        _ = try RegionHeader.check(.control, memory, log: nil)
        words = SharedWords(memory)
        self.memory = memory
    }

    /// Puts a service into a slot, or changes what stands there, as one step for every reader. What the operator has
    /// asked of the service meanwhile stays, unless the incarnation is another.
    package func install(_ slot: ServiceSlot, at index: Int) {
        precondition(slot.isValid && (0..<RingGeometry.slots).contains(index), "slot out of the ring's bounds")
        change(index) { at in
            typealias At = RingLayout.Slot
            let name = Array(slot.name.utf8.prefix(At.nameLimit))
            if at.relaxed(At.incarnation) != slot.incarnation {
                at.store(0, At.paused)
                at.store(0, At.retryAsked)
                at.store(0, At.restartAsked)
            }
            at.store32(slot.order.rawValue, At.order)
            at.store(slot.incarnation, At.incarnation)
            at.store(slot.since, At.since)
            at.store(slot.retiringAt, At.retiringAt)
            at.store32(UInt32(slot.shards), At.shards)
            at.store32(UInt32(slot.tableStart), At.tableStart)
            at.store32(UInt32(slot.tableCapacity), At.tableCapacity)
            at.store(slot.matchedBefore, At.matchedBefore)
            at.store32(UInt32(name.count), At.nameLength)
            at.copy(name.span, to: At.name)
            at.store32(slot.state.rawValue, At.state)
        }
    }

    /// Takes the service out of a slot. None of its shards may be granted, none of its records pending.
    package func free(slot index: Int) {
        precondition((0..<RingGeometry.slots).contains(index), "slot out of the ring's bounds")
        let freed = words.relaxed(RingLayout.Control.slotsFreed)
        // Release: pairs with the acquire in ControlReader.slotsFreed; before the slot is seen to be free.
        words.release(freed &+ 1, RingLayout.Control.slotsFreed)
        // The incarnation stays: the next service's must be another.
        change(index) { $0.store32(ServiceSlot.State.free.rawValue, RingLayout.Slot.state) }
    }

    private func change(_ index: Int, _ fields: (SharedWords) -> Void) {
        let at = words.advanced(by: RingLayout.Control.slots + index * RingLayout.Control.slotStride)
        let stamp = at.relaxed(RingLayout.Slot.stamp)
        // Odd: readers wait. The fence keeps the fields behind it; pairs with the acquire in ControlReader.slot.
        at.store(stamp | 1, RingLayout.Slot.stamp)
        SharedWords.releaseFence()
        fields(at)
        // Release: pairs with the acquire in ControlReader.slot.
        at.release((stamp | 1) &+ 1, RingLayout.Slot.stamp)
        let version = words.relaxed(RingLayout.Control.slotsVersion)
        // Release: pairs with the acquire in ControlReader.slotsVersion.
        words.release(version &+ 1, RingLayout.Control.slotsVersion)
    }

    /// Names the worker of a shard, or nobody. Workers look only after `publishGrants`.
    package func grant(slot: Int, shard: Int, to worker: Int?) {
        let place = RingLayout.Control.grants + (slot * RingGeometry.shardsPerSlot + shard) * 8
        // Release: pairs with the acquire in ControlReader.holder, behind the old holder's last store.
        words.release(worker.map { UInt64($0) + 1 } ?? 0, place)
    }

    /// Makes the grants written so far the ones that count.
    /// - Returns: their version, which a worker repeats in its page once it acts on them.
    @discardableResult
    package func publishGrants() -> UInt64 {
        let version = words.relaxed(RingLayout.Control.grantsVersion) &+ 1
        // Release: pairs with the acquire in ControlReader.grantsVersion.
        words.release(version, RingLayout.Control.grantsVersion)
        return version
    }

    /// Has the slot's service handed nothing more, or again what waits for it. Every bell is to be rung then.
    package func setPaused(_ isPaused: Bool, slot: Int) { setHold(isPaused, RingLayout.Slot.pausedBit, slot) }

    /// Has the slot's service handed nothing before an older slot of its own is empty, or lets it begin. Every bell is to
    /// be rung then.
    package func setHeldBack(_ isHeldBack: Bool, slot: Int) {
        setHold(isHeldBack, RingLayout.Slot.heldBackBit, slot)
    }

    private func setHold(_ isSet: Bool, _ bit: UInt64, _ slot: Int) {
        let at = slotWords(slot)
        let word = at.relaxed(RingLayout.Slot.paused)
        // Release: pairs with the acquires in ControlReader.isPaused and isHeldBack, behind the old slot's last outcome.
        at.release(isSet ? word | bit : word & ~bit, RingLayout.Slot.paused)
    }

    /// Has what backs off of the slot's service tried at once. Every bell is to be rung then.
    package func askRetry(slot: Int) {
        let at = slotWords(slot)
        // Release: pairs with the acquire in ControlReader.retryAsked.
        at.release(at.relaxed(RingLayout.Slot.retryAsked) &+ 1, RingLayout.Slot.retryAsked)
    }

    /// Has the next processes of the slot's service take over from those that run. Every bell is to be rung then.
    /// - Returns: the number by which each shard answers (`RingLedger.restart`).
    package func askRestart(slot: Int) -> UInt64 {
        let at = slotWords(slot)
        let number = at.relaxed(RingLayout.Slot.restartAsked) &+ 1
        // Release: pairs with the acquire in ControlReader.restartAsked.
        at.release(number, RingLayout.Slot.restartAsked)
        return number
    }

    private func slotWords(_ index: Int) -> SharedWords {
        precondition((0..<RingGeometry.slots).contains(index), "slot out of the ring's bounds")
        return words.advanced(by: RingLayout.Control.slots + index * RingLayout.Control.slotStride)
    }

    /// Puts the watchdog's next question; every role answers it in its page.
    package func ask() -> UInt64 {
        let question = words.relaxed(RingLayout.Control.question) &+ 1
        // Release: pairs with the acquire in ControlReader.question.
        words.release(question, RingLayout.Control.question)
        return question
    }

    /// Counts a recovery of the producer; records published from now on carry the new epoch in their id.
    package func beginEpoch() {
        let epoch = words.relaxed(RingLayout.Control.epoch) &+ 1
        // Release: pairs with the acquire in ControlReader.epoch.
        words.release(epoch, RingLayout.Control.epoch)
    }
}
