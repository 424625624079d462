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
    private static let mostSegments = 256
    private static let mostNotes = 64 << 10
    private static let owner = Array("Belfry\0".utf8)
    private static let versionLimit = 44

    init(of read: Reading) throws {
        let head = try read(0, Self.headSize)
        guard head.count == Self.headSize, head.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else {
            throw Missing(
                words: head.starts(with: Array("#!".utf8))
                    ? "is a script, no program: name belfryd itself" : "is no program (no ELF file)")
        }
        guard head[4] == 2, head[5] == 1, head.span.uint16(at: 18) == Self.machine else {
            throw Missing(words: "was built for another kind of machine (\(Self.name(head))); this one is \(Self.ours)")
        }
        let table = head.span.uint64(at: 32)
        let count = min(Int(head.span.uint16(at: 56)), Self.mostSegments)
        guard head.span.uint16(at: 54) == Self.segmentSize, table <= UInt64(Int64.max) else { throw Self.foreign }
        let segments = try read(table, count * Self.segmentSize)
        for place in 0..<segments.count / Self.segmentSize {
            let start = place * Self.segmentSize
            guard segments.span.uint32(at: start) == 4 else { continue }
            let size = Int(clamping: segments.span.uint64(at: start + 32))
            let notes = try read(segments.span.uint64(at: start + 8), min(size, Self.mostNotes))
            if let found = Self.find(in: notes.span) {
                self = found
                return
            }
        }
        throw Self.foreign
    }

    private static var foreign: Missing { Missing(words: "is not belfryd: it holds no note of Belfry") }

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
