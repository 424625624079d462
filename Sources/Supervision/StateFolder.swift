// SPDX-License-Identifier: Apache-2.0
/// The state folder and its two locks: one instance per folder, and no writer left over from an earlier one.
///
/// Made by the Supervisor before it maps anything writable. `lock` holds the pid of its holder, for people.
/// Invariant: while the value lives, nobody but a predecessor or a successor in the same chain holds `lock`; and when the
/// chain's first value was made, no process held `fence`, so that no role of an earlier instance was alive.

internal import Glibc
package import LinuxIO
internal import Segments

package struct StateFolder: ~Copyable {
    package let path: String
    private let lock: FileLock
    private let fence: FileLock

    package var ledgerPath: String { "\(path)/ledger.json" }
    package var segmentsPath: String { "\(path)/segments" }

    /// The folder of the segments, which is made if it is missing.
    package borrowing func segments() throws -> Descriptor {
        try Self.telling(segmentsPath) { () throws -> Descriptor in try FolderStorage(segmentsPath).descriptor() }
    }

    /// - Parameter patience: nanoseconds to wait for the roles of a supervisor that was killed a moment ago.
    package init(_ path: String, patience: UInt64 = 2_000_000_000) throws {
        let lock = try Self.telling(path) { try Self.lock(path) }
        let fence = try Self.telling(path) { try Self.fence(path, patience) }
        self.path = path
        self.lock = lock
        self.fence = fence
    }

    /// Goes on with both locks as a predecessor held them: they belong to the descriptors.
    package init(_ path: String, lock: consuming Descriptor, fence: consuming Descriptor) {
        self.path = path
        self.lock = FileLock(owning: lock)
        self.fence = FileLock(owning: fence)
    }

    /// The same, once nothing of the predecessor's roles is left, whose supervisor still runs.
    /// - Throws: StartFault if that is not so after the patience, or if it is another folder that is locked.
    package static func following(
        lock: consuming Descriptor, fence: consuming Descriptor, _ path: String, patience: UInt64 = 2_000_000_000
    ) throws -> StateFolder {
        let held = try File.facts(of: lock.raw)
        let folder = StateFolder(path, lock: lock, fence: fence)
        guard let named = File.facts(at: "\(path)/lock"), named.inode == held.inode, named.device == held.device else {
            throw StartFault(
                "state.directory \(path): is not the folder that the former belfryd has stored everything in; "
                    + "change it at an ordinary start")
        }
        let deadline = Clock.monotonic() &+ patience
        while try !folder.isFenceFree() {
            guard Clock.monotonic() < deadline else { throw Self.held(path) }
            // Processes end in their own time and tell nobody here: look again in 10 ms.
            _ = usleep(10_000)
        }
        try folder.sign()
        return folder
    }

    /// For a successor: the descriptors that hold the locks.
    package var lockRaw: CInt { lock.descriptor.raw }
    package var fenceRaw: CInt { fence.descriptor.raw }

    /// Writes down that the folder is ours.
    package borrowing func sign() throws { try Self.sign(lock.descriptor.raw) }

    /// Whether no process but those that share our description of the fence holds it: no role of an earlier belfryd.
    package borrowing func isFenceFree() throws -> Bool {
        guard try fence.change(to: .exclusive) else {
            // The attempt may have cost the lock that was there.
            _ = try fence.change(to: .shared)
            return false
        }
        return try fence.change(to: .shared)
    }

    /// A shared lock on the fence through an open description of its own, for a role to hold while it lives.
    package borrowing func fenceForRole() throws -> FileLock {
        let path = path
        return try Self.telling(path) { () throws -> FileLock in
            guard let lock = try FileLock.acquire("\(path)/fence", .shared) else {
                throw StartFault("state folder \(path): somebody else has locked \(path)/fence")
            }
            return lock
        }
    }

    private static func lock(_ path: String) throws -> FileLock {
        // The folders above may be everybody's; this one is ours alone.
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try Directory.make(String(path[..<slash])) }
        try Directory.make(path, mode: 0o700)
        guard let lock = try FileLock.acquire("\(path)/lock", .exclusive) else { throw taken(path) }
        try sign(lock.descriptor.raw)
        return lock
    }

    private static func sign(_ raw: CInt) throws {
        let pid = "\(CurrentProcess.pid)"
        // As wide as any pid: an older one leaves no digits behind.
        let line = Array((pid + String(repeating: " ", count: max(10 - pid.utf8.count, 0)) + "\n").utf8)
        try File.write(raw, at: 0, line.span, Span())
    }

    private static func fence(_ path: String, _ patience: UInt64) throws -> FileLock {
        let deadline = Clock.monotonic() &+ patience
        while true {
            if let fence = try FileLock.acquire("\(path)/fence", .exclusive) {
                // The roles will hold it shared beside us. The lock on `lock` keeps others out in between.
                guard try fence.change(to: .shared) else { continue }
                return fence
            }
            guard Clock.monotonic() < deadline else { break }
            // Processes end in their own time and tell nobody here: look again in 10 ms.
            _ = usleep(10_000)
        }
        throw held(path)
    }

    private static func held(_ path: String) -> StartFault {
        let holders = FileLock.holders(of: "\(path)/fence").map(String.init).joined(separator: ", ")
        return StartFault(
            "state folder \(path): processes of an earlier belfryd still use it"
                + (holders.isEmpty ? "" : " (pid \(holders))") + "; end them, then start again")
    }

    /// Adds the folder's name, and what would help, to what a system call says.
    private static func telling<R: ~Copyable>(_ path: String, _ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let error as SystemCallError {
            if error.isOutOfDescriptors { throw error }
            if error.code == ENOSPC || error.code == EDQUOT {
                throw StartFault(
                    "state folder \(path): \(error); make room on its file system, or for user "
                        + "\(CurrentProcess.user) on it, or choose another state.directory in the settings")
            }
            if error.isInputOutput {
                throw StartFault("state folder \(path): \(error); it can't be read or written: look at its disk")
            }
            throw StartFault(
                "state folder \(path): \(error); it must be a folder that user \(CurrentProcess.user) may write to: "
                    + "change its owner, or state.directory in the settings")
        }
    }

    private static func taken(_ path: String) -> StartFault {
        let text = (try? File.read("\(path)/lock", limit: 64)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let pid = text.prefix { $0.isNumber }
        return StartFault(
            "state folder \(path): another belfryd\(pid.isEmpty ? "" : " (pid \(pid))") uses it; "
                + "stop that one, or give this one a folder of its own (state.directory in the settings)")
    }
}
