// SPDX-License-Identifier: Apache-2.0
/// Slots and table extents of services, as these come, change and go.

import Ring
import Settings
import Testing

@testable import Supervision

func service(_ name: String, _ change: (inout Settings.Service) -> Void = { _ in }) -> Settings.Service {
    var service = Settings.Service(name: name, topics: [">"], command: ["/bin/true"])
    change(&service)
    return service
}

extension SlotTable {
    /// Goes over to the services, at a head of 10.
    fileprivate mutating func change(to services: [Settings.Service]) throws {
        try change(to: services, head: 10) { UInt64($0) * 100 }
    }

    /// What they look like once all roles have gone over at a head of 20.
    fileprivate func settled() -> SlotTable {
        var table = self
        table.bind(at: 20)
        table.open()
        return table
    }

    /// "name/state" by slot.
    fileprivate var words: [String] {
        indices.compactMap { self[$0].map { "\($0.slot.name)/\($0.state)" } }
    }

    fileprivate static func of(_ services: Settings.Service...) throws -> SlotTable {
        var table = SlotTable()
        try table.change(to: services)
        return table.settled()
    }
}

@Suite("Slot table")
struct SlotTableTests {
    @Test("services take the slots in their order, and their extents lie one behind the other")
    func extents() throws {
        let table = try SlotTable.of(
            service("a") { $0.lanes = 3 },
            service("b") {
                $0.mode = .stream
                $0.instances = 2
                $0.inFlight = 100
            },
            service("c"))
        let slots = table.indices.compactMap { table[$0]?.slot }
        #expect(slots.map(\.name) == ["a", "b", "c"])
        #expect(slots.map(\.tableStart) == [0, 3 * 128, 3 * 128 + 2 * 256])
        #expect(slots.map(\.shards) == [3, 2, 1])
        #expect(slots.map(\.matchedBefore) == [0, 100, 200])
        #expect(table.openShards.count == 6)
    }

    @Test("what fits into its slot stays there, whatever else changes")
    func stays() throws {
        let old = try SlotTable.of(service("a"), service("b"))
        var table = old
        let changed = service("a") {
            $0.command = ["/bin/false"]
            $0.topics = ["x"]
            $0.inFlight = 32
        }
        try table.change(to: [service("b"), changed])
        #expect(table.indices.map { table[$0]?.slot } == old.indices.map { old[$0]?.slot })
        #expect(table.services.map(\.name) == ["b", "a"])
        #expect(table.services.map { $0.placement?.slot } == [1, 0])
        #expect(table.services[1].command == ["/bin/false"])
    }

    @Test(
        "another number of shards, another order or a wider window is a new slot, and the old one drains",
        arguments: [
            { $0.lanes = 2 }, { $0.order = .source }, { $0.inFlight = 65 },
        ] as [@Sendable (inout Settings.Service) -> Void])
    func replaced(change: @Sendable (inout Settings.Service) -> Void) throws {
        var table = try SlotTable.of(service("a"))
        try table.change(to: [service("a", change)])
        #expect(table.words == ["a/draining", "a/active"])
        #expect(table[0]?.slot.state == .retiring && table[0]?.slot.retiringAt == .max)
        #expect(table[1]?.slot.since == 10)
        let settled = table.settled()
        #expect(settled[0]?.slot.retiringAt == 20 && settled[1]?.slot.since == 20)
    }

    @Test("shards of a new slot are not granted before all roles know of it")
    func opened() throws {
        var table = try SlotTable.of(service("a"))
        try table.change(to: [service("a"), service("b")])
        #expect(table.openShards.map(\.slot) == [0])
        table.bind(at: 20)
        #expect(table.openShards.map(\.slot) == [0])
        table.open()
        #expect(table.openShards.map(\.slot) == [0, 1])
    }

    @Test("with an order the new slot is granted, but held back until the old one is free, without one not even that")
    func follows() throws {
        for (old, new, waits) in [(false, false, false), (true, false, true), (false, true, true), (true, true, true)] {
            var table = try SlotTable.of(service("a") { $0.order = old ? .source : .none })
            try table.change(
                to: [
                    service("a") {
                        $0.order = new ? .source : .none
                        $0.lanes = 2
                    }
                ])
            table = table.settled()
            #expect(table.openShards.filter { $0.slot == 1 }.count == 2)
            #expect(table.isHeldBack(1) == waits && !table.isHeldBack(0))
            table.free(0)
            #expect(table.openShards.map(\.slot) == [1, 1])
            #expect(!table.isHeldBack(1))
        }
    }

    @Test("a service that is taken out and put back before it has drained follows itself")
    func back() throws {
        var table = try SlotTable.of(service("a") { $0.order = .topic })
        try table.change(to: [])
        table = table.settled()
        try table.change(to: [service("a") { $0.order = .topic }])
        table = table.settled()
        #expect(table.words == ["a/draining", "a/active"])
        #expect(table[1]?.follows == [0])
    }

    @Test(
        "a removed service retires as its own settings said, and keeps its last definition",
        arguments: [
            (.drain, "draining"), (.drop, "dropping"), (.dead, "burying"),
        ] as [(Settings.Service.OnRemove, String)])
    func removed(onRemove: Settings.Service.OnRemove, state: String) throws {
        let gone = service("gone") { $0.onRemove = onRemove }
        var table = try SlotTable.of(service("a"), gone)
        try table.change(to: [service("a")])
        #expect(table.words == ["a/active", "gone/\(state)"])
        #expect(table.services.map(\.name) == ["a", "gone"])
        #expect(table.active.map(\.name) == ["a"])
    }

    @Test("a renamed service keeps slot and incarnation; what it left retiring goes by the new name, too")
    func renamed() throws {
        var table = try SlotTable.of(service("old"))
        try table.change(to: [service("old") { $0.lanes = 2 }])
        table = table.settled()
        let before = table
        try table.change(
            to: [
                service("new") {
                    $0.lanes = 2
                    $0.renamedFrom = "old"
                }
            ])
        #expect(table.words == ["new/draining", "new/active"])
        #expect(table.indices.map { table[$0]?.slot.incarnation } == [1, 1])
        #expect(before.renamed(in: table).allSatisfy { $0 == ("old", "new") })
        #expect(before.renamed(in: table).count == 2)
    }

    @Test("a name that is still in use was not given up")
    func notRenamed() throws {
        var table = try SlotTable.of(service("old"))
        try table.change(to: [service("old"), service("new") { $0.renamedFrom = "old" }])
        #expect(table.words == ["old/active", "new/active"])
    }

    @Test("a free slot and its extent are taken again, under another incarnation")
    func reused() throws {
        var table = try SlotTable.of(service("a"), service("b"), service("c"))
        try table.change(to: [service("a"), service("c")])
        table = table.settled()
        table.free(1)
        try table.change(to: [service("a"), service("c"), service("d")])
        #expect(table[1]?.slot.name == "d" && table[1]?.slot.incarnation == 2 && table[1]?.slot.tableStart == 128)
    }

    @Test("retiring slots count among the 64, and the fault says so; nothing is changed then")
    func full() throws {
        var table = SlotTable()
        try table.change(to: (0..<40).map { service("s\($0)") })
        table = table.settled()
        let before = table
        #expect(throws: SlotFault.noSlot("n24", retiring: 40)) {
            try table.change(to: (0..<40).map { service("n\($0)") })
        }
        #expect(table == before)
        #expect("\(SlotFault.noSlot("n24", retiring: 40))".contains("40 of them by services that retire"))
    }

    @Test("services that ask for more places than there are in a row are refused by name")
    func overfull() {
        let wide = (0..<5).map { index in service("wide-\(index)") { $0.inFlight = 16_384 } }
        #expect(throws: SlotFault.noRoom("wide-4", wanted: 32_768, retiring: 0)) {
            var table = SlotTable()
            try table.change(to: wide)
        }
    }

    @Test(
        "a shard's table holds twice what may be in flight, in whole 64s",
        arguments: [(1, 1, 64), (32, 1, 64), (33, 1, 128), (64, 1, 128), (1, 1024, 2048), (16_384, 1, 32_768)])
    func capacity(inFlight: Int, concurrency: Int, expected: Int) {
        let one = service("a") {
            $0.inFlight = inFlight
            $0.concurrency = concurrency
        }
        #expect(one.tableCapacity == expected)
    }

    @Test("what the settings allow is what the ring's layout has room for")
    func limits() {
        #expect(SettingsLimits.tableEntries == RingGeometry.tableEntries)
        #expect(SettingsLimits.services == RingGeometry.slots)
        #expect(SettingsLimits.workers.upperBound == Role.half)
        #expect(SettingsLimits.shards.upperBound == RingGeometry.shardsPerSlot)
    }

    @Test("through random changes extents never overlap, and no slot's incarnation comes twice")
    func random() throws {
        for seed in 0..<100 as Range<UInt64> {
            var random = Xorshift(seed)
            var table = SlotTable()
            var seen: Set<[UInt64]> = []
            for _ in 0..<60 {
                let wanted = (0..<Int(random.next(12))).map { _ in Int(random.next(30)) }
                let services = Set(wanted).sorted().map { number in
                    service("s\(number)") {
                        $0.lanes = Int(random.next(5)) + 1
                        $0.inFlight = Int(random.next(2000)) + 1
                        $0.order = random.next(3) == 0 ? .source : .none
                    }
                }
                let old = table
                try? table.change(to: services)
                table = table.settled()
                for index in table.indices where table[index]?.state != .active && random.next(2) == 0 {
                    table.free(index)
                }
                let entries = table.indices.compactMap { index in table[index].map { (index, $0) } }
                let starts = entries.map(\.1.slot).sorted { $0.tableStart < $1.tableStart }
                for (slot, next) in zip(starts, starts.dropFirst()) {
                    #expect(slot.tableStart + slot.shards * slot.tableCapacity <= next.tableStart, "seed \(seed)")
                }
                let last = starts.last.map { $0.tableStart + $0.shards * $0.tableCapacity } ?? 0
                #expect(last <= RingGeometry.tableEntries)
                for (index, entry) in entries {
                    let isNew = old[index]?.slot.incarnation != entry.slot.incarnation
                    #expect(!isNew || seen.insert([UInt64(index), entry.slot.incarnation]).inserted, "seed \(seed)")
                    #expect(entry.follows.allSatisfy { table[$0].map { $0.state != .active } ?? false })
                }
            }
        }
    }

    @Test("a successor's table, of the settings, R0 and the incarnations, is the same, without what is free by now")
    func resumed() throws {
        var table = try SlotTable.of(
            service("a") { $0.order = .all }, service("b"), service("c") { $0.order = .source })
        try table.change(to: [service("c") { $0.order = .topic }, service("a") { $0.order = .all }])
        table = table.settled()
        let services = table.services
        table.free(1)
        let resumed = SlotTable(resuming: services, incarnations: table.lastIncarnations) {
            table[$0]?.slot
        }
        #expect(resumed == table)
        // A slot that was freed goes on counting.
        var later = try #require(resumed)
        try later.change(to: later.active + [service("d")])
        #expect(later[1]?.slot.incarnation == 2)
    }

    @Test("settings that don't belong to the ring make no table")
    func foreign() throws {
        let table = try SlotTable.of(service("a"))
        #expect(
            SlotTable(resuming: table.services, incarnations: table.lastIncarnations, slot: { _ in nil }) == nil)
    }
}
