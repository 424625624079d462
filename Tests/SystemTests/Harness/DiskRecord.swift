// SPDX-License-Identifier: Apache-2.0
/// What a belfryd did to its segments folder, call by call, as Tests/Tools/scribe.c has written it down.
/// Used by PowerCutTests.
/// Invariant: the changes are in their order; what anybody was told behind a sync comes when the record is at least as long
/// as `end` of that sync.

import Foundation

struct DiskRecord {
    enum Change {
        /// Files go by number, as names come and go.
        case created(String, Int)
        case written(Int, at: UInt64, Data)
        case grown(Int, to: UInt64)
        case cut(Int, to: UInt64)
        case synced(Int)
        /// Of a file, which gets the name even if its old one never came to the disk.
        case renamed(Int, String, to: String)
        case removed(String)
        case folderSynced
    }

    struct Entry {
        let change: Change
        /// How long the record is with it.
        let end: Int
    }

    struct NotARecord: Error { let at: Int }

    private(set) var entries: [Entry] = []
    /// By inode, which is used again when a file is gone.
    private var files: [UInt64: Int] = [:]
    private var names: [String: Int] = [:]

    init(_ path: String) throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        var position = 0
        while position < bytes.count {
            guard position + Self.headCount <= bytes.count else { throw NotARecord(at: position) }
            let head = (0..<6).map { field in
                (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[position + 8 * field + $1]) << UInt64(8 * $1) }
            }
            let end = position + Self.headCount + Int(head[3] + head[4] + head[5])
            guard end <= bytes.count else { throw NotARecord(at: position) }
            var rest = bytes[(position + Self.headCount)..<end]
            func take(_ count: UInt64) -> Data {
                defer { rest = rest.dropFirst(Int(count)) }
                return rest.prefix(Int(count))
            }
            let name = String(decoding: take(head[3]), as: UTF8.self)
            let other = String(decoding: take(head[4]), as: UTF8.self)
            guard let change = change(head, name, other, rest) else { throw NotARecord(at: position) }
            entries.append(Entry(change: change, end: end))
            position = end
        }
    }

    private static let headCount = 48

    /// How often a checkpoint has taken its name.
    var checkpoints: Int {
        entries.count { if case .renamed = $0.change { true } else { false } }
    }

    private mutating func change(_ head: [UInt64], _ name: String, _ other: String, _ bytes: Data) -> Change? {
        switch head[0] {
        case 1:
            // As good a number as any that is not used again.
            files[head[1]] = entries.count
            names[name] = entries.count
            return .created(name, entries.count)
        case 2: return files[head[1]].map { .written($0, at: head[2], bytes) }
        case 3: return files[head[1]].map { .grown($0, to: head[2]) }
        case 4: return files[head[1]].map { .cut($0, to: head[2]) }
        case 5: return files[head[1]].map { .synced($0) }
        case 6:
            names[other] = names.removeValue(forKey: name)
            return names[other].map { .renamed($0, name, to: other) }
        case 7: return .removed(name)
        case 8: return .folderSynced
        default: return nil
        }
    }
}
