// SPDX-License-Identifier: Apache-2.0
/// A disk at whose writes the power may go: what is on the platters, and what is only on its way there.
/// Used by PowerCutTests. (SegmentsTests has the same for a disk in memory; here real files are laid out.)
/// Invariant: what was synced is there after any cut; what was not may be there whole, in part, by sectors or not at all, in
/// any order.

import Foundation

struct CutDisk {
    /// How the disk treats what is on its way.
    enum Manner: CaseIterable { case drops, keeps, reorders, tears }

    private var onDisk: [Int: [DiskRecord.Change]] = [:]
    private var onTheWay: [Int: [DiskRecord.Change]] = [:]
    private var names: [String: Int] = [:]
    private var namesOnTheWay: [DiskRecord.Change] = []

    mutating func apply(_ change: DiskRecord.Change) {
        switch change {
        case .written(let file, _, _), .grown(let file, _), .cut(let file, _):
            onTheWay[file, default: []].append(change)
        case .synced(let file): onDisk[file, default: []] += onTheWay.removeValue(forKey: file) ?? []
        case .created, .renamed, .removed: namesOnTheWay.append(change)
        case .folderSynced:
            for done in namesOnTheWay { Self.change(&names, done) }
            namesOnTheWay = []
        }
    }

    /// The power goes now: lays out the files as they are found when it is back.
    func lay(_ manner: Manner, into folder: String, using random: inout some RandomNumberGenerator) throws {
        var names = names
        for change in namesOnTheWay where keeps(manner, &random) { Self.change(&names, change) }
        for (name, file) in names.sorted(by: { $0.key < $1.key }) {
            var laid = try LaidFile("\(folder)/\(name)")
            for change in onDisk[file] ?? [] { try laid.apply(change) }
            var changes = onTheWay[file] ?? []
            if manner == .reorders || manner == .tears { changes.shuffle(using: &random) }
            for change in changes where keeps(manner, &random) {
                for piece in manner == .tears ? Self.sectors(of: change, &random) : [change] { try laid.apply(piece) }
            }
            try laid.close()
        }
    }

    private func keeps(_ manner: Manner, _ random: inout some RandomNumberGenerator) -> Bool {
        switch manner {
        case .drops: false
        case .keeps: true
        case .reorders: Bool.random(using: &random)
        case .tears: Int.random(in: 0..<4, using: &random) > 0
        }
    }

    /// Some of the sectors that a write consists of.
    private static func sectors(
        of change: DiskRecord.Change, _ random: inout some RandomNumberGenerator
    ) -> [DiskRecord.Change] {
        guard case .written(let file, let position, let bytes) = change else { return [change] }
        return stride(from: 0, to: bytes.count, by: 512).compactMap { start in
            guard Bool.random(using: &random) else { return nil }
            return .written(file, at: position + UInt64(start), bytes.dropFirst(start).prefix(512))
        }
    }

    private static func change(_ names: inout [String: Int], _ change: DiskRecord.Change) {
        switch change {
        case .created(let name, let file): names[name] = file
        case .renamed(let file, let name, let other):
            if names[name] == file { names[name] = nil }
            names[other] = file
        case .removed(let name): names[name] = nil
        default: break
        }
    }
}

/// A file that is made of such changes.
private struct LaidFile {
    private let file: FileHandle
    private var size: UInt64 = 0

    init(_ path: String) throws {
        try Data().write(to: URL(fileURLWithPath: path))
        file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }

    mutating func apply(_ change: DiskRecord.Change) throws {
        switch change {
        case .written(_, let position, let bytes):
            try file.seek(toOffset: position)
            try file.write(contentsOf: bytes)
            size = max(size, position + UInt64(bytes.count))
        case .grown(_, let count): if count > size { try resize(count) }
        case .cut(_, let count): if count < size { try resize(count) }
        default: break
        }
    }

    private mutating func resize(_ count: UInt64) throws {
        try file.truncate(atOffset: count)
        size = count
    }

    func close() throws { try file.close() }
}
