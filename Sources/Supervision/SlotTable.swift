// SPDX-License-Identifier: Apache-2.0
/// Which service stands in which of the ring's 64 slots, with its extent of the in-flight tables; and what becomes of
/// that when the services change.
///
/// Kept by the Supervisor, which writes each change into R0. Pure: a change that can't be made throws and changes nothing.
/// A change of shards, of order, or of a window that its tables don't hold is a new slot under the same name; the old
/// one retires.
/// Invariant: extents do not overlap; an incarnation is never used twice in a slot; a service with an order is held back
/// while an older slot of its own has something pending.

package import Ring
package import Settings

package struct SlotTable: Equatable, Sendable {
    package struct Entry: Equatable, Sendable {
        package var slot: ServiceSlot
        /// As it is now, or as it was last if it retires.
        package var service: Settings.Service
        package var state = Settings.Service.Placement.State.active
        /// Slots that retire and must be free before this one's shards hand out anything.
        package var follows: Set<Int> = []
        /// Where it begins, or ends if it retires, is known: the acceptor has told.
        package var isBound = false
        /// Everybody knows of it: its shards may be granted.
        package var isOpen = false
    }

    package private(set) var entries: [Entry?] = Array(repeating: nil, count: RingGeometry.slots)
    /// The active slots in the order of the file.
    private var order: [Int] = []
    private var incarnations: [UInt64] = Array(repeating: 0, count: RingGeometry.slots)

    package init() {}

    /// As an earlier start has left it. What retires has its end, for nobody routes to it any more.
    package init(resuming entries: [(index: Int, entry: Entry)]) {
        for (index, entry) in entries {
            self.entries[index] = entry
            self.entries[index]?.isBound = true
            self.entries[index]?.isOpen = true
            incarnations[index] = entry.slot.incarnation
            if entry.state == .active { order.append(index) }
        }
        for index in order { follow(index, after: self.entries[index]?.slot.name) }
    }

    /// As an earlier generation has it while nothing changes.
    /// - Parameters: `services`: with their placements, those of the file first and in its order. `slot`: what R0 says of
    ///   one. `incarnations`: by slot, the last ones.
    package init?(
        resuming services: [Settings.Service], incarnations: [UInt64], slot: (Int) throws -> ServiceSlot?
    ) rethrows {
        var entries: [(index: Int, entry: Entry)] = []
        for service in services {
            guard let place = service.placement else { return nil }
            guard let slot = try slot(place.slot), slot.incarnation == place.incarnation else {
                // What retired when these settings were made may be free by now.
                if place.state == .active { return nil } else { continue }
            }
            var entry = Entry(slot: slot, service: service, state: place.state)
            entry.service.placement = nil
            entries.append((place.slot, entry))
        }
        self.init(resuming: entries)
        for index in self.incarnations.indices { self.incarnations[index] = incarnations[index] }
    }

    /// By slot, the incarnation that it had last.
    package var lastIncarnations: [UInt64] { incarnations }

    // MARK: looking

    package subscript(index: Int) -> Entry? { entries[index] }

    package var indices: [Int] { entries.indices.filter { entries[$0] != nil } }

    /// The services in the order of the file, and behind them those that retire, all with their placements.
    package var services: [Settings.Service] {
        (order + indices.filter { entries[$0]?.state != .active }).compactMap { index in
            guard let entry = entries[index] else { return nil }
            var service = entry.service
            service.placement = .init(slot: index, incarnation: entry.slot.incarnation, state: entry.state)
            return service
        }
    }

    /// Those of the file alone, as it has them.
    package var active: [Settings.Service] { order.compactMap { entries[$0]?.service } }

    /// Shards that may be granted.
    package var openShards: [LeaseTable.Shard] {
        indices.flatMap { index -> [LeaseTable.Shard] in
            guard let entry = entries[index], entry.isOpen else { return [] }
            return (0..<entry.slot.shards).map { LeaseTable.Shard(slot: index, shard: $0) }
        }
    }

    /// Names that services go by in the other table, a later one, instead of those here.
    func renamed(in other: SlotTable) -> [(from: String, to: String)] {
        indices.compactMap { index in
            guard let old = entries[index]?.slot, let new = other.entries[index]?.slot,
                old.incarnation == new.incarnation, old.name != new.name
            else { return nil }
            return (old.name, new.name)
        }
    }

    /// Whether a slot's holders have to wait until an older slot of the service is free. They are granted all the same: a
    /// shard without a holder would keep the ring from being spilled.
    package func isHeldBack(_ index: Int) -> Bool { entries[index].map { !$0.follows.isEmpty } ?? false }

    // MARK: changing

    /// Goes over to these services.
    /// - Parameters: `head`: of the log, as it is now. `matched`: what the intake has counted for a slot so far.
    package mutating func change(
        to services: [Settings.Service], head: UInt64, matched: (Int) -> UInt64
    ) throws(SlotFault) {
        var next = self
        let pairs = ServicePairs(running: active, new: services)
        for service in pairs.removed {
            next.retire(next.index(of: service.name), as: service.onRemove.state)
        }
        // All that goes, goes before anything comes: a name may pass from one service to another.
        let places = pairs.new.map { pair in pair.old.flatMap { next.index(of: $0.name) } }
        next.order = []
        for (pair, place) in zip(pairs.new, places) {
            if let place, let entry = next.entries[place], entry.fits(pair.new) {
                next.entries[place]?.service = pair.new
                next.order.append(place)
            } else {
                next.retire(place, as: .draining)
                next.order.append(try next.place(pair.new, after: pair.old?.name, head: head, matched: matched))
            }
            if let old = pair.old?.name, old != pair.new.name { next.rename(old, to: pair.new.name) }
        }
        self = next
    }

    /// The acceptor has gone over at this head: new services begin there, those that retire end there.
    package mutating func bind(at head: UInt64) {
        for index in indices where entries[index]?.isBound == false {
            entries[index]?.isBound = true
            if entries[index]?.state == .active {
                entries[index]?.slot.since = head
            } else {
                entries[index]?.slot.retiringAt = head
            }
        }
    }

    /// All roles have gone over.
    package mutating func open() {
        for index in indices where entries[index]?.isBound == true { entries[index]?.isOpen = true }
    }

    /// Lets go of a slot that has retired.
    package mutating func free(_ index: Int) {
        entries[index] = nil
        for other in indices { entries[other]?.follows.remove(index) }
    }

    // MARK: one slot

    private func index(of name: String) -> Int? {
        indices.first { entries[$0]?.state == .active && entries[$0]?.service.name == name }
    }

    private mutating func retire(_ index: Int?, as state: Settings.Service.Placement.State) {
        guard let index else { return }
        entries[index]?.state = state
        entries[index]?.slot.state = .retiring
        entries[index]?.isBound = false
    }

    /// What retires under the old name goes by the new one, too: they are one service's.
    private mutating func rename(_ old: String, to new: String) {
        if let index = order.last { entries[index]?.slot.name = new }
        for index in indices where entries[index]?.slot.name == old && entries[index]?.state != .active {
            entries[index]?.slot.name = new
        }
    }

    private mutating func place(
        _ service: Settings.Service, after name: String?, head: UInt64, matched: (Int) -> UInt64
    ) throws(SlotFault) -> Int {
        guard let index = entries.firstIndex(where: { $0 == nil }) else {
            throw .noSlot(service.name, retiring: retiring)
        }
        let wanted = service.shards * service.tableCapacity
        guard let start = room(for: wanted) else {
            throw .noRoom(service.name, wanted: wanted, retiring: retiring)
        }
        incarnations[index] += 1
        var slot = ServiceSlot(
            name: service.name, order: service.slotOrder, incarnation: incarnations[index], since: head,
            shards: service.shards, tableStart: start, tableCapacity: service.tableCapacity)
        slot.matchedBefore = matched(index)
        entries[index] = Entry(slot: slot, service: service)
        follow(index, after: name ?? service.name)
        return index
    }

    /// A slot with an order, or behind one with an order, waits for those that retire under the name.
    private mutating func follow(_ index: Int, after name: String?) {
        let isOrdered = entries[index]?.slot.order != ServiceSlot.Order.none
        let retiring = indices.filter { place in
            guard let entry = entries[place], entry.state != .active, entry.slot.name == name else { return false }
            return entry.slot.order != .none || isOrdered
        }
        entries[index]?.follows = Set(retiring)
    }

    /// The first gap between the extents that is wide enough.
    private func room(for wanted: Int) -> Int? {
        var start = 0
        for extent in entries.compactMap({ $0?.slot.extent }).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if extent.lowerBound - start >= wanted { return start }
            start = extent.upperBound
        }
        return RingGeometry.tableEntries - start >= wanted ? start : nil
    }

    private var retiring: Int { indices.count { entries[$0]?.state != .active } }
}

extension SlotTable.Entry {
    /// Whether the service can go on in this slot.
    fileprivate func fits(_ service: Settings.Service) -> Bool {
        slot.shards == service.shards && slot.order == service.slotOrder
            && slot.tableCapacity >= service.tableCapacity
    }
}

extension ServiceSlot {
    fileprivate var extent: Range<Int> { tableStart..<tableStart + shards * tableCapacity }
}

extension Settings.Service {
    fileprivate var slotOrder: ServiceSlot.Order {
        switch order {
        case .none: .none
        case .source: .source
        case .topic: .topic
        case .all: .all
        }
    }
}
