// SPDX-License-Identifier: Apache-2.0
/// Gives each service its slot in the ring, and its shards their extents in the in-flight tables.
///
/// Used once at start by the Supervisor. Pure.
/// Invariant: extents do not overlap and lie within the layout's entries; the place of a service is its slot.

package import Ring
package import Settings

package enum SlotLayout {
    /// What the services together ask for is more than the layout has room for.
    package struct Overfull: Error, Equatable, CustomStringConvertible {
        package let service: String
        package let wanted: Int

        package var description: String {
            "service \(service): in-flight and concurrency of all services together ask for \(wanted) places "
                + "in the in-flight tables, there are \(RingGeometry.tableEntries): "
                + "lower in-flight, concurrency, instances or lanes"
        }
    }

    package static func slots(for services: [Settings.Service]) throws(Overfull) -> [ServiceSlot] {
        var start = 0
        var slots: [ServiceSlot] = []
        for service in services {
            let capacity = service.tableCapacity
            let end = start + capacity * service.shards
            guard end <= RingGeometry.tableEntries else { throw Overfull(service: service.name, wanted: end) }
            slots.append(
                ServiceSlot(
                    name: service.name, order: order(service.order), incarnation: 1, since: 1, shards: service.shards,
                    tableStart: start, tableCapacity: capacity))
            start = end
        }
        return slots
    }

    private static func order(_ order: Settings.Service.Order) -> ServiceSlot.Order {
        switch order {
        case .none: .none
        case .source: .source
        case .topic: .topic
        case .all: .all
        }
    }
}
