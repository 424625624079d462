// SPDX-License-Identifier: Apache-2.0

/// A service's place in the ring: one of 64 slots, found by name, a bit in every record's mask.
///
/// The supervisor fills it, acceptor and workers read it. The name is the identity; the incarnation tells
/// a slot's present service from the one that had the slot before.
///
/// Invariant: records below `since` and from `retiringAt` on never carry this slot's bit for this incarnation.
package struct ServiceSlot: Equatable, Sendable {
    package enum State: UInt32, Sendable { case free = 0, active = 1, retiring = 2 }
    /// What must stay in order, see design.md section 4.
    package enum Order: UInt32, Sendable { case none = 0, source = 1, topic = 2, all = 3 }

    package var name: String
    package var state: State
    package var order: Order
    /// Grows with each service that takes the slot; at least 1.
    package var incarnation: UInt64
    /// The first sequence that may be for this service.
    package var since: UInt64
    /// The first sequence that is not any more; `.max` while the service is active.
    package var retiringAt: UInt64
    package var shards: Int
    /// What the intake had counted as matched for the slot's earlier services.
    package var matchedBefore: UInt64 = 0
    /// The first entry of its in-flight tables, and the entries of each shard's.
    package var tableStart: Int
    package var tableCapacity: Int

    package init(
        name: String, order: Order, incarnation: UInt64, since: UInt64, shards: Int, tableStart: Int, tableCapacity: Int
    ) {
        self.name = name
        self.state = .active
        self.order = order
        self.incarnation = incarnation
        self.since = since
        self.retiringAt = .max
        self.shards = shards
        self.tableStart = tableStart
        self.tableCapacity = tableCapacity
    }

    /// Whether everything that other code indexes with these numbers stays inside the regions.
    package var isValid: Bool {
        (1...RingGeometry.shardsPerSlot).contains(shards) && tableStart >= 0 && tableCapacity > 0
            && tableCapacity <= RingGeometry.tableEntries
            && tableStart + shards * tableCapacity <= RingGeometry.tableEntries && incarnation > 0
    }

    /// To which of its shards a record belongs.
    package func shard(of record: RecordHeader) -> Int {
        Int(ShardRule(self).shard(of: record.sequence, source: record.sourceHash, topic: record.topicHash))
    }
}

/// To which shard a record belongs: pure, and the same in every process.
struct ShardRule {
    let order: ServiceSlot.Order
    let shards: UInt64

    init(_ slot: ServiceSlot) {
        order = slot.order
        shards = UInt64(slot.shards)
    }

    @inline(__always) var isSingle: Bool { shards == 1 }

    /// - Parameters source, topic: read only when the order asks for them.
    @inline(__always)
    func shard(of sequence: UInt64, source: @autoclosure () -> UInt32, topic: @autoclosure () -> UInt32) -> UInt64 {
        guard shards > 1 else { return 0 }
        switch order {
        case .none: return sequence % shards
        case .source: return UInt64(source()) % shards
        case .topic: return UInt64(topic()) % shards
        case .all: return 0
        }
    }
}
