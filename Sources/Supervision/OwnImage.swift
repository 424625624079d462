// SPDX-License-Identifier: Apache-2.0
/// The executable that runs as this process: where it lay when it was started, its version, and its digest once somebody has
/// asked for it.
///
/// Held by the Supervisor, for `status` and the history of updates.
/// Invariant: all of it is about the file that runs (/proc/self/exe), whatever lies at its path by now.

internal import Control
internal import LinuxIO

final class OwnImage {
    private static let file = "/proc/self/exe"
    /// What the kernel puts behind the path of a file that has lost its name.
    private static let lost = " (deleted)"

    let path: String
    private let facts: File.Facts?
    /// nil if our own file can't be read.
    let note: ReleaseNote?
    /// Once `belfryd examine` has told.
    var examination: Examination?
    var isBeingExamined = false
    /// Whatever came of it.
    var wasExamined = false
    /// What waits for it.
    var waiting: [() -> Void] = []

    init() {
        let path = (try? CurrentProcess.executable()) ?? ""
        self.path = path.hasSuffix(Self.lost) ? String(path.dropLast(Self.lost.count)) : path
        facts = File.facts(at: Self.file)
        note = try? File.openToExamine(Self.file).withNote()
    }

    func open() throws -> Descriptor { try File.openToExamine(Self.file) }

    var image: ProgramImage {
        ProgramImage(path: path, version: note?.version ?? "", digest: examination?.digest ?? "")
    }

    /// Whether another file lies at our path, or none.
    var isReplaced: Bool {
        guard let facts else { return false }
        let there = File.facts(at: path)
        return there?.device != facts.device || there?.inode != facts.inode
    }
}

extension Descriptor {
    fileprivate borrowing func withNote() throws -> ReleaseNote {
        let raw = raw
        return try ReleaseNote { try File.read(raw, at: $0, count: $1) }
    }
}
