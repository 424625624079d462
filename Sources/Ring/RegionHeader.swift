// SPDX-License-Identifier: Apache-2.0

import LinuxIO

/// The first bytes of R0, R1 and R2: what region this is, of which log, and how large.
///
/// The supervisor writes it at creation; every process checks it when it attaches.
///
/// Invariant: after `check` every offset that `RingLayout` computes from the geometry lies inside the mapping.
struct RegionHeader: Equatable {
    enum Kind: UInt8, CaseIterable {
        case control = 0x30
        case log = 0x31
        case outcomes = 0x32

        var name: String {
            switch self {
            case .control: "control"
            case .log: "log"
            case .outcomes: "outcomes"
            }
        }
        /// "BELFRY" and the region's digit, readable in a hex dump.
        var magic: UInt64 {
            var bytes: UInt64 = 0
            for byte in "BELFRY".utf8.reversed() { bytes = bytes << 8 | UInt64(byte) }
            return bytes | UInt64(0x52) << 48 | UInt64(rawValue) << 56
        }
        func size(_ geometry: RingGeometry) -> Int {
            switch self {
            case .control: RingLayout.Control.size
            case .log: RingLayout.Log.size(geometry)
            case .outcomes: RingLayout.Outcomes.size(geometry)
            }
        }
    }

    let logID: UInt64
    let geometry: RingGeometry

    func write(_ kind: Kind, to words: SharedWords, created: UInt64) {
        typealias At = RingLayout.Header
        words.store32(RingLayout.version, At.version)
        words.store(logID, At.logID)
        words.store(created, At.created)
        words.store(geometry.descriptorCount, At.descriptorCount)
        words.store(geometry.arenaSize, At.arenaSize)
        words.store32(UInt32(RingGeometry.slots), At.slots)
        words.store32(UInt32(RingGeometry.shardsPerSlot), At.shards)
        words.store32(UInt32(RingGeometry.tableEntries), At.tableEntries)
        words.store32(UInt32(RingGeometry.senders), At.senders)
        words.store(UInt64(kind.size(geometry)), At.size)
        words.store(kind.magic, At.magic)
    }

    /// Reads and checks a header.
    /// - Parameter log: the log that the region must belong to, or nil for the first one read.
    static func check(_ kind: Kind, _ memory: borrowing MappedMemory, log: UInt64?) throws(RegionError) -> RegionHeader
    {
        typealias At = RingLayout.Header
        let needed = 4_096
        guard memory.count >= needed else {
            throw .tooSmall(region: kind.name, size: memory.count, needed: needed)
        }
        let words = SharedWords(memory)
        guard words.relaxed(At.magic) == kind.magic else { throw .notARegion(region: kind.name) }
        let version = words.load32(At.version)
        guard version == RingLayout.version else {
            throw .layoutVersion(region: kind.name, found: version, known: RingLayout.version)
        }
        let geometry = RingGeometry(
            arenaSize: words.relaxed(At.arenaSize), descriptorCount: words.relaxed(At.descriptorCount))
        guard geometry.isValid, words.load32(At.slots) == UInt32(RingGeometry.slots),
            words.load32(At.shards) == UInt32(RingGeometry.shardsPerSlot),
            words.load32(At.tableEntries) == UInt32(RingGeometry.tableEntries),
            words.load32(At.senders) == UInt32(RingGeometry.senders),
            words.relaxed(At.size) == UInt64(kind.size(geometry))
        else { throw .geometry(region: kind.name) }
        guard memory.count >= kind.size(geometry) else {
            throw .tooSmall(region: kind.name, size: memory.count, needed: kind.size(geometry))
        }
        let found = words.relaxed(At.logID)
        if let log, log != found { throw .foreign(region: kind.name, log: found, expected: log) }
        return RegionHeader(logID: found, geometry: geometry)
    }
}
