// SPDX-License-Identifier: Apache-2.0
/// `belfryd examine`: looks into the executable that it was handed, and prints what it is, or why it is none of ours.
///
/// Started by the supervisor for the file that an update names, and for its own. A process of its own: the file may be a
/// stranger's, as large as it likes, and on a slow disk, while the supervisor waits for nobody.
/// Invariant: it reads and executes nothing; what it prints is one line, with exit status 0 the Examination, with 1 words.

internal import Control
internal import HotRestart
internal import LinuxIO
internal import Wire

package enum ExamineRole {
    /// Bytes of the largest file that is looked through.
    private static let sizeLimit: UInt64 = 4 << 30
    private static let part = 1 << 20

    package static func run() -> CInt {
        CurrentProcess.setName("belfryd-examine")
        do {
            let inherited = try InheritedDescriptors.adopt()
            let file = try inherited.require("executable")
            try inherited.finish()
            var line = JSONWriter()
            try examine(file.raw).write(into: &line)
            line.newline()
            try File.write(1, line.finish().span)
            return 0
        } catch {
            let words = (error as? ReleaseNote.Missing)?.words ?? "can't be examined: \(error)"
            _ = try? File.write(1, Array("\(words)\n".utf8).span)
            return 1
        }
    }

    /// What lies in an open file.
    static func examine(_ raw: CInt) throws -> Examination {
        let note = try ReleaseNote { try File.read(raw, at: $0, count: $1) }
        var sum = SHA256()
        var position: UInt64 = 0
        while true {
            let bytes = try File.read(raw, at: position, count: part)
            if bytes.isEmpty { break }
            sum.add(bytes.span)
            position += UInt64(bytes.count)
            guard position <= sizeLimit else { throw ReleaseNote.Missing(words: "is larger than any belfryd") }
        }
        return Examination(note: note, digest: sum.hex())
    }
}

/// What an executable was found to be.
struct Examination: Equatable, Sendable {
    var note: ReleaseNote
    /// SHA-256 of the file.
    var digest: String

    func image(at path: String) -> ProgramImage { ProgramImage(path: path, version: note.version, digest: digest) }
}

extension Examination {
    func write(into json: inout JSONWriter) {
        json.beginObject()
        for (name, text) in [("version", note.version), ("sha256", digest)] {
            json.member(name)
            json.string(text)
        }
        for (name, number) in [
            ("ring", note.ring), ("settings", note.settings), ("hand-over", note.handOver), ("store", note.store),
        ] {
            json.member(name)
            json.integer(UInt64(number))
        }
        json.endObject()
    }

    /// Out of the line that `belfryd examine` prints; nil if it is no such line.
    init?(_ line: String) {
        guard let json = JSONValue(document: Array(line.utf8)), let version = json["version"]?.string,
            let digest = json["sha256"]?.string, digest.utf8.count == 64
        else { return nil }
        func number(_ name: String) -> UInt32? { json[name]?.count.flatMap(UInt32.init(exactly:)) }
        guard let ring = number("ring"), let settings = number("settings"), let handOver = number("hand-over"),
            let store = number("store")
        else { return nil }
        var note = ReleaseNote()
        note.version = version
        (note.ring, note.settings, note.handOver, note.store) = (ring, settings, handOver, store)
        self.init(note: note, digest: digest)
    }
}

extension ReleaseNote {
    /// `belfryd --version`: what an update would find in this file.
    /// - Returns: the exit status.
    package static func tellOwn() -> CInt {
        do {
            let file = try File.openToExamine("/proc/self/exe")
            let note = try ReleaseNote { try File.read(file.raw, at: $0, count: $1) }
            print("belfryd \(note.version)")
            print(
                "layouts: ring \(note.ring), settings \(note.settings), hand-over \(note.handOver), store \(note.store)"
            )
            return 0
        } catch {
            StandardErrorLog.write("belfryd: its own file can't be read: \(error)\n")
            return 1
        }
    }
}
