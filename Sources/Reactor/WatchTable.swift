// SPDX-License-Identifier: Apache-2.0
/// Which descriptor a loop watches for whom. Used by EventLoop to tell an event that is meant from one that is stale: the
/// kernel may already have handed out an event for a descriptor that was closed a moment ago, and whose number, or whose
/// slot here, belongs to another by now.
/// Invariant: a token names exactly one watching; it is void from the moment it is released.

/// A handle to one watched descriptor; stale ones do nothing.
package struct Watch: Equatable, Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32

    init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    init(token: UInt64) { self.init(slot: UInt32(truncatingIfNeeded: token), generation: UInt32(token >> 32)) }

    var token: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}

struct WatchTable {
    private struct Slot {
        var generation: UInt32
        var descriptor: CInt
        var subject: Subject
    }

    private static let free: CInt = -1

    private var slots: [Slot] = []
    private var freeSlots: [UInt32] = []

    var count: Int { slots.count - freeSlots.count }

    mutating func add(_ descriptor: CInt, _ subject: Subject) -> Watch {
        precondition(descriptor >= 0)
        guard let slot = freeSlots.popLast() else {
            slots.append(Slot(generation: 0, descriptor: descriptor, subject: subject))
            return Watch(slot: UInt32(slots.count - 1), generation: 0)
        }
        slots[Int(slot)].descriptor = descriptor
        slots[Int(slot)].subject = subject
        return Watch(slot: slot, generation: slots[Int(slot)].generation)
    }

    func descriptor(_ watch: Watch) -> CInt? { isLive(watch) ? slots[Int(watch.slot)].descriptor : nil }

    func subject(_ watch: Watch) -> Subject? { isLive(watch) ? slots[Int(watch.slot)].subject : nil }

    /// False when it was released before.
    @discardableResult
    mutating func release(_ watch: Watch) -> Bool {
        guard isLive(watch) else { return false }
        slots[Int(watch.slot)].generation &+= 1
        slots[Int(watch.slot)].descriptor = Self.free
        freeSlots.append(watch.slot)
        return true
    }

    private func isLive(_ watch: Watch) -> Bool {
        guard Int(watch.slot) < slots.count else { return false }
        let slot = slots[Int(watch.slot)]
        return slot.generation == watch.generation && slot.descriptor != Self.free
    }
}
