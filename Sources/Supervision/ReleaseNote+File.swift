// SPDX-License-Identifier: Apache-2.0
/// Finding the note in an executable: the ELF head, its table of segments, and the notes that lie in one of them.
///
/// Used by ExamineRole, in a process of its own. Only 64-bit little-endian files are looked into: we build for no others.
/// Invariant: whatever the file holds, no more than the limits here is read of it, and nothing is executed.

internal import LinuxIO

extension ReleaseNote {
    /// Why there is no note, in words that follow a path.
    struct Missing: Error, Equatable {
        let words: String
    }

    /// How the file is read: up to so many bytes from a place.
    typealias Reading = (_ position: UInt64, _ count: Int) throws -> [UInt8]

    private static let headSize = 64
    private static let segmentSize = 56
    /// The kind of a segment that holds notes (PT_NOTE).
    private static let notes: UInt32 = 4
    private static let mostSegments = 256
    private static let mostNotes = 64 << 10
    private static let owner = Array("Belfry\0".utf8)
    private static let versionLimit = 44

    init(of read: Reading) throws {
        let head = try Self.head(read)
        let parts = try Self.segments(head.span, read)
        // What is missing at the end may be nothing that a trial would need.
        guard try Self.isWhole(head.span, parts, read) else {
            throw Missing(words: "is cut short, as if not all of it had been copied; copy it again")
        }
        for part in parts where part.kind == Self.notes {
            let notes = try read(part.start, min(Int(clamping: part.size), Self.mostNotes))
            if let found = Self.find(in: notes.span) {
                self = found
                return
            }
        }
        throw Self.foreign
    }

    private static var foreign: Missing { Missing(words: "is not belfryd: it holds no note of Belfry") }

    private static func head(_ read: Reading) throws -> [UInt8] {
        let head = try read(0, headSize)
        guard head.count == headSize, head.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else {
            throw Missing(
                words: head.starts(with: Array("#!".utf8))
                    ? "is a script, no program: name belfryd itself" : "is no program (no ELF file)")
        }
        guard head[4] == 2, head[5] == 1, head.span.uint16(at: 18) == machine else {
            throw Missing(words: "was built for another kind of machine (\(name(head))); this one is \(ours)")
        }
        return head
    }

    /// Those that the table tells of, as far as it is there.
    private static func segments(_ head: Span<UInt8>, _ read: Reading) throws -> [Segment] {
        let table = head.uint64(at: 32)
        guard head.uint16(at: 54) == segmentSize, table <= UInt64(Int64.max) else { throw foreign }
        let bytes = try read(table, min(Int(head.uint16(at: 56)), mostSegments) * segmentSize)
        return (0..<bytes.count / segmentSize).map { Segment(bytes.span, at: $0 * segmentSize) }
    }

    /// Whether the last byte is there of all that head and segments tell of: both tables, and what the segments hold.
    private static func isWhole(_ head: Span<UInt8>, _ parts: [Segment], _ read: Reading) throws -> Bool {
        let tables = [
            Segment(head.uint64(at: 32), UInt64(head.uint16(at: 54)) * UInt64(head.uint16(at: 56))),
            Segment(head.uint64(at: 40), UInt64(head.uint16(at: 58)) * UInt64(head.uint16(at: 60))),
        ]
        let last = (tables + parts).compactMap(\.last).max() ?? 0
        return try last <= UInt64(Int64.max) && !read(last, 1).isEmpty
    }

    private struct Segment {
        var kind: UInt32 = 0
        var start: UInt64
        var size: UInt64

        init(_ start: UInt64, _ size: UInt64) { (self.start, self.size) = (start, size) }

        init(_ table: Span<UInt8>, at place: Int) {
            self.init(table.uint64(at: place + 8), table.uint64(at: place + 32))
            kind = table.uint32(at: place)
        }

        /// Its last byte; nil if it has none.
        var last: UInt64? {
            guard size > 0 else { return nil }
            let (last, isBeyond) = start.addingReportingOverflow(size - 1)
            return isBeyond ? .max : last
        }
    }

    /// Each note: three sizes and kinds, then owner and description, both filled up to four bytes.
    private static func find(in notes: Span<UInt8>) -> ReleaseNote? {
        var at = 0
        while notes.count - at >= 12 {
            let ownerSize = Int(notes.uint32(at: at))
            let size = Int(notes.uint32(at: at + 4))
            let start = at + 12 + (ownerSize + 3) / 4 * 4
            let end = start + (size + 3) / 4 * 4
            guard end <= notes.count else { return nil }
            let name = notes.extracting(at + 12..<at + 12 + ownerSize)
            if name.indices.elementsEqual(owner.indices, by: { $0 == $1 && name[$0] == owner[$1] }) {
                return note(notes.extracting(start..<start + size))
            }
            at = end
        }
        return nil
    }

    /// Format, four layouts, version. What a later format adds lies behind.
    private static func note(_ bytes: Span<UInt8>) -> ReleaseNote? {
        guard bytes.count >= 20 + versionLimit, bytes.uint32(at: 0) >= 1 else { return nil }
        var note = ReleaseNote()
        note.ring = bytes.uint32(at: 4)
        note.settings = bytes.uint32(at: 8)
        note.handOver = bytes.uint32(at: 12)
        note.store = bytes.uint32(at: 16)
        var version: [UInt8] = []
        for index in 20..<20 + versionLimit where bytes[index] != 0 {
            // It reaches terminals and logs.
            guard bytes[index] > 0x20, bytes[index] < 0x7F else { return nil }
            version.append(bytes[index])
        }
        note.version = String(decoding: version, as: UTF8.self)
        return note
    }

    // MARK: kinds of machines

    #if arch(x86_64)
        private static let machine: UInt16 = 62
    #elseif arch(arm64)
        private static let machine: UInt16 = 183
    #endif

    private static let machines: [UInt16: String] = [
        3: "i386", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x86-64", 183: "aarch64", 243: "riscv",
    ]

    private static var ours: String { machines[machine] ?? "\(machine)" }

    private static func name(_ head: [UInt8]) -> String {
        let machine = head.span.uint16(at: 18)
        let bits = head[4] == 2 ? "" : ", 32-bit"
        return (machines[machine] ?? "ELF machine \(machine)") + (head[5] == 1 ? bits : "\(bits), big-endian")
    }
}
