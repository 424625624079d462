// SPDX-License-Identifier: Apache-2.0
/// Looking at a file without trusting it: what kind it is, whether it is still the same, parts of what it holds.
///
/// Used by Supervision for an executable that somebody names, and for a file that holds a secret.
/// Invariant: nothing here waits for another process, whatever kind of file it is.

internal import Glibc

extension File {
    package struct Facts: Equatable, Sendable {
        package let device: UInt64
        package let inode: UInt64
        package let size: UInt64
        package let isRegular: Bool
        /// Who may do what with it: the last twelve bits.
        package let mode: UInt32
        package let user: UInt32
        /// Nanoseconds since 1970: of the contents, and of these facts themselves.
        package let modified: UInt64
        package let changed: UInt64
    }

    /// Opens it for reading; a pipe or a device does not keep us waiting.
    package static func openToExamine(_ path: String) throws(SystemCallError) -> Descriptor {
        Descriptor(
            owning: try systemCall("open") { unsafe Glibc.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) })
    }

    package static func facts(of raw: CInt) throws(SystemCallError) -> Facts {
        var status = stat()
        try systemCall("fstat") { unsafe fstat(raw, &status) }
        return facts(status)
    }

    /// Of the file that has this name now; nil if there is none.
    package static func facts(at path: String) -> Facts? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? facts(status) : nil
    }

    /// Up to so many bytes from there; fewer only at the end of the file.
    package static func read(_ raw: CInt, at position: UInt64, count: Int) throws(SystemCallError) -> [UInt8] {
        guard let start = off_t(exactly: position), count > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = try systemCall("pread") {
                // Holds: the rest of the array is what the call may fill.
                unsafe bytes.withUnsafeMutableBytes {
                    unsafe pread(raw, $0.baseAddress! + done, count - done, start + off_t(done))
                }
            }
            if got == 0 { break }
            done += got
        }
        return Array(bytes.prefix(done))
    }

    private static func facts(_ status: stat) -> Facts {
        Facts(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: UInt64(clamping: status.st_size),
            isRegular: status.st_mode & S_IFMT == S_IFREG, mode: status.st_mode & 0o7777, user: status.st_uid,
            modified: nanoseconds(status.st_mtim),
            changed: nanoseconds(status.st_ctim))
    }

    private static func nanoseconds(_ time: timespec) -> UInt64 {
        UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }
}
