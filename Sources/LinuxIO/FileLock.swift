// SPDX-License-Identifier: Apache-2.0
/// A lock on a file (flock). Used by Supervision for the instance lock and for the fence of every role.
/// It belongs to the open description: it passes on with the descriptor, over exec too, and ends with its last holder.
/// Invariant: as long as the value, or any duplicate of its descriptor in any process, lives, the lock is held.

internal import Glibc

package struct FileLock: ~Copyable {
    package enum Mode: Sendable { case shared, exclusive }

    package let descriptor: Descriptor

    /// Takes over a lock that came with an inherited descriptor.
    package init(owning descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// Opens the file (made with mode 0600 if it is missing) and locks it; nil if somebody else holds it.
    package static func acquire(_ path: String, _ mode: Mode) throws(SystemCallError) -> FileLock? {
        let raw = try systemCall("open") { unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600) }
        let lock = FileLock(owning: Descriptor(owning: raw))
        guard try lock.change(to: mode) else { return nil }
        return lock
    }

    /// Turns a lock into the other kind, false (and perhaps unlocked) if somebody else stands against it.
    package borrowing func change(to mode: Mode) throws(SystemCallError) -> Bool {
        let raw = descriptor.raw
        let (_, code) = uninterrupted { flock(raw, (mode == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) }
        if code == EWOULDBLOCK { return false }
        guard code == 0 else { throw SystemCallError(call: "flock", code: code) }
        return true
    }

    /// The processes that have the file open, as far as we may look. For telling the user who holds the lock.
    package static func holders(of path: String) -> [CInt] {
        var wanted = stat()
        guard unsafe stat(path, &wanted) == 0 else { return [] }
        return Directory.names("/proc").compactMap { CInt($0) }.filter { pid in
            pid != getpid()
                && Directory.names("/proc/\(pid)/fd").contains { name in
                    var found = stat()
                    return unsafe stat("/proc/\(pid)/fd/\(name)", &found) == 0
                        && found.st_dev == wanted.st_dev && found.st_ino == wanted.st_ino
                }
        }.sorted()
    }
}
