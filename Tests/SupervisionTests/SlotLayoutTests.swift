// SPDX-License-Identifier: Apache-2.0
/// Slots and table extents of services.

import Ring
import Settings
import Testing

@testable import Supervision

private func service(_ name: String, _ change: (inout Settings.Service) -> Void = { _ in }) -> Settings.Service {
    var service = Settings.Service(name: name, topics: [">"], command: ["/bin/true"])
    change(&service)
    return service
}

@Suite("Slot layout")
struct SlotLayoutTests {
    @Test("services take the slots in their order, and their extents lie one behind the other")
    func extents() throws {
        let slots = try SlotLayout.slots(for: [
            service("a") { $0.lanes = 3 },
            service("b") {
                $0.mode = .stream
                $0.instances = 2
                $0.inFlight = 100
            },
            service("c"),
        ])
        #expect(slots.map(\.name) == ["a", "b", "c"])
        #expect(slots.map(\.tableStart) == [0, 3 * 128, 3 * 128 + 2 * 256])
        #expect(slots.map(\.shards) == [3, 2, 1])
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
        #expect(SettingsLimits.workers.upperBound == RingGeometry.workers)
        #expect(SettingsLimits.shards.upperBound == RingGeometry.shardsPerSlot)
    }

    @Test("services that ask for more than there is are refused by name")
    func overfull() {
        let wide = (0..<5).map { index in service("wide-\(index)") { $0.inFlight = 16_384 } }
        #expect(throws: SlotLayout.Overfull(service: "wide-4", wanted: 163_840)) { try SlotLayout.slots(for: wide) }
    }
}
