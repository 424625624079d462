// SPDX-License-Identifier: Apache-2.0
/// Small files read or written as a whole, and taking names away. Used by Supervision and the command-line tool.
/// Not for segments: those have their own rules about what an error means.
/// Invariant: a file is read up to the limit given and not beyond.

internal import Glibc

package enum File {
    package static func read(_ path: String, limit: Int) throws(SystemCallError) -> [UInt8] {
        let raw = try systemCall("open") { unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC) }
        let file = Descriptor(owning: raw)
        return try read(file.raw, limit: limit)
    }

    /// For reading. What waits for a writer (a FIFO) is not waited for.
    package static func open(_ path: String) throws(SystemCallError) -> Descriptor {
        Descriptor(
            owning: try systemCall("open") { unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) })
    }

    /// All that comes until the end; EFBIG if that is more than `limit`. For blocking descriptors, pipes too.
    package static func read(_ raw: CInt, limit: Int) throws(SystemCallError) -> [UInt8] {
        let buffer = ByteBuffer(capacity: 65_536, limit: limit + 1)
        while true {
            switch buffer.receive(from: raw) {
            case .bytes: continue
            case .closed: return buffer.withReadable { unsafe $0.withUnsafeBytes { unsafe Array($0) } }
            case .full: throw SystemCallError(call: "read", code: EFBIG)
            case .wouldBlock: throw SystemCallError(call: "read", code: EAGAIN)
            case .failed(let code): throw SystemCallError(call: "read", code: code)
            }
        }
    }

    /// Replaces the file's contents, by way of a new file beside it: a reader sees the old or the new, never a half.
    package static func write(
        _ path: String, _ bytes: borrowing Span<UInt8>, mode: UInt32 = 0o600
    ) throws(SystemCallError) {
        let temporary = path + ".new"
        let raw = try systemCall("open") {
            unsafe Glibc.open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
        }
        let file = Descriptor(owning: raw)
        try write(file.raw, bytes)
        try rename(temporary, to: path)
    }

    /// Writes all of it to a blocking descriptor.
    package static func write(_ raw: CInt, _ bytes: borrowing Span<UInt8>) throws(SystemCallError) {
        var done = 0
        while done < bytes.count {
            let rest = bytes.extracting(done..<bytes.count)
            done += try systemCall("write") {
                unsafe rest.withUnsafeBytes { unsafe Glibc.write(raw, $0.baseAddress, $0.count) }
            }
        }
    }

    /// Gives the file another name, in one step, whether or not that was another's.
    package static func rename(_ path: String, to other: String) throws(SystemCallError) {
        try systemCall("rename") { unsafe Glibc.rename(path, other) }
    }

    package static func setMode(_ path: String, _ mode: UInt32) throws(SystemCallError) {
        try systemCall("chmod") { unsafe chmod(path, mode) }
    }

    /// False when there was no such name.
    @discardableResult
    package static func remove(_ path: String) throws(SystemCallError) -> Bool {
        let (_, code) = uninterrupted { unsafe unlink(path) }
        guard code == 0 || code == ENOENT else { throw SystemCallError(call: "unlink", code: code) }
        return code == 0
    }

    /// Whether there is anything of that name, a dangling link included.
    package static func exists(_ path: String) -> Bool { status(path) != nil }

    package static func isSocket(_ path: String) -> Bool {
        status(path).map { $0.st_mode & S_IFMT == S_IFSOCK } ?? false
    }

    /// Whether it is a folder itself, no link to one.
    package static func isFolder(_ path: String) -> Bool {
        status(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
    }

    /// Which file an open descriptor is, as systemd names it in JOURNAL_STREAM; nil if it is not open.
    package static func identity(of raw: CInt) -> (device: UInt64, inode: UInt64)? {
        var status = stat()
        guard unsafe fstat(raw, &status) == 0 else { return nil }
        return (UInt64(status.st_dev), UInt64(status.st_ino))
    }

    package static func isExecutable(_ path: String) -> Bool {
        unsafe access(path, X_OK) == 0 && !Directory.exists(path)
    }

    /// Bytes of a regular file that is open; nil for pipes, terminals and sockets.
    package static func size(_ raw: CInt) -> Int? {
        var status = stat()
        guard unsafe fstat(raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// Where a symbolic link points to.
    package static func linkTarget(_ path: String) throws(SystemCallError) -> String {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = try systemCall("readlink") {
            // Holds: the length names the room.
            unsafe bytes.withUnsafeMutableBytes {
                unsafe readlink(path, $0.bindMemory(to: CChar.self).baseAddress!, $0.count)
            }
        }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? status : nil
    }
}
