// SPDX-License-Identifier: Apache-2.0

/// How large a ring is: the numbers that every region's header repeats and every process checks.
///
/// Made once by the supervisor from `ring.size`; everyone else reads it from a header and holds it
/// against the mapping's real size before a single offset is computed from it.
///
/// Invariant: both counts are powers of two, so that a virtual offset or sequence becomes a place by a mask.
@usableFromInline
package struct RingGeometry: Equatable, Sendable {
    /// Bytes of the arena, a power of two.
    @usableFromInline package let arenaSize: UInt64
    /// Descriptors, that is records at most, a power of two.
    @usableFromInline package let descriptorCount: UInt64

    /// Service slots: one bit each in a record's mask.
    package static let slots = 64
    /// Shards (instances or lanes) a service may have.
    package static let shardsPerSlot = 64
    /// Indices that workers may have: half of them for each of two generations of belfryd.
    package static let workers = 128
    /// Entries of the in-flight tables of all shards together.
    package static let tableEntries = 131_072
    /// Native senders whose last number is remembered.
    package static let senders = 16_384
    /// The smallest and the largest arena.
    package static let arenaBounds: ClosedRange<UInt64> = (1 << 20)...(1 << 36)

    /// - Parameter ringSize: `ring.size` in bytes; rounded up to a power of two within `arenaBounds`.
    package init(ringSize: Int) {
        let wanted = UInt64(max(ringSize, 1))
        var arena = Self.arenaBounds.lowerBound
        while arena < wanted, arena < Self.arenaBounds.upperBound { arena <<= 1 }
        self.init(arenaSize: arena, descriptorCount: min(max(arena / 256, 4_096), 1 << 20))
    }

    /// A geometry with counts of its own, as tests of the wrap-around want it.
    package init(arenaSize: UInt64, descriptorCount: UInt64) {
        self.arenaSize = arenaSize
        self.descriptorCount = descriptorCount
    }

    /// Whether the counts are ones that the layout can hold.
    var isValid: Bool {
        arenaSize.nonzeroBitCount == 1 && descriptorCount.nonzeroBitCount == 1
            && arenaSize >= 4_096 && arenaSize <= Self.arenaBounds.upperBound
            && descriptorCount >= 16 && descriptorCount <= 1 << 20
    }

    /// The largest message that the arena takes: a quarter of it (design: `max-message` ≤ arena / 4).
    package var largestRecord: Int { Int(arenaSize / 4) }

    /// Whether records from a floor up to a head can lie in one ring; a floor beyond the head holds none.
    func spans(_ floor: UInt64, _ head: UInt64) -> Bool { head <= floor || head &- floor <= descriptorCount }

    @inlinable var sequenceMask: UInt64 { descriptorCount &- 1 }
    @inlinable var arenaMask: UInt64 { arenaSize &- 1 }
    var lapShift: UInt64 { UInt64(descriptorCount.trailingZeroBitCount) }
}
