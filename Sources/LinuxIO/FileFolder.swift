// SPDX-License-Identifier: Apache-2.0
/// A folder that is open, and the calls on files in it that have to outlast the machine's power. Used by Segments.
///
/// Everything goes by the folder's descriptor: a role that was handed it needs no path.
/// Invariant: nothing here follows a symbolic link or goes into another folder; names hold no slash.

internal import CLinux
internal import Glibc

package struct FileFolder: ~Copyable {
    private let descriptor: Descriptor

    /// Takes over a folder that was opened before, an inherited one.
    package init(owning descriptor: consuming Descriptor) { self.descriptor = descriptor }

    package init(_ path: String) throws(SystemCallError) {
        descriptor = Descriptor(
            owning: try systemCall("open") { unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
    }

    package var raw: CInt { descriptor.raw }

    /// A new, empty file of mode 0600; a name that is there already is an error.
    package func create(_ name: String) throws(SystemCallError) -> Descriptor {
        let folder = raw
        return Descriptor(owning: try systemCall("open") { unsafe belfry_create_in(folder, name) })
    }

    package func open(_ name: String, writable: Bool) throws(SystemCallError) -> Descriptor {
        let folder = raw
        return Descriptor(owning: try systemCall("open") { unsafe belfry_open_in(folder, name, writable ? 1 : 0) })
    }

    package func rename(_ name: String, to other: String) throws(SystemCallError) {
        let folder = raw
        try systemCall("rename") { unsafe renameat(folder, name, folder, other) }
    }

    /// A name that is missing is no error.
    package func remove(_ name: String) throws(SystemCallError) {
        let folder = raw
        let (_, code) = uninterrupted { unsafe unlinkat(folder, name, 0) }
        guard code == 0 || code == ENOENT else { throw SystemCallError(call: "unlink", code: code) }
    }

    /// All names in it, in no order.
    package func names() throws(SystemCallError) -> [String] {
        // Through /proc, as reading through our own descriptor would go on where the last reading ended.
        let path = "/proc/self/fd/\(raw)/."
        guard Directory.exists(path) else { throw SystemCallError(call: "readdir", code: EACCES) }
        return Directory.names(path)
    }

    /// Names are on the disk when this returns.
    package func sync() throws(SystemCallError) {
        let folder = raw
        try systemCall("fsync") { fsync(folder) }
    }
}

extension File {
    /// Room for so many bytes that read as zeros; nothing is done where the file system can't.
    package static func allocate(_ raw: CInt, _ count: Int) throws(SystemCallError) {
        let (_, code) = uninterrupted { belfry_allocate(raw, UInt64(count)) }
        guard code == 0 || code == EOPNOTSUPP else { throw SystemCallError(call: "fallocate", code: code) }
    }

    /// The first place at or behind this one where something may have been written; nil if nothing was, up to the end. A
    /// file system that can't tell says that it may be here.
    package static func nextData(_ raw: CInt, from position: Int) -> Int? {
        let (place, code) = uninterrupted { Int(belfry_next_data(raw, UInt64(position))) }
        guard code == ENXIO else { return code == 0 ? place : position }
        return nil
    }

    package static func truncate(_ raw: CInt, to count: Int) throws(SystemCallError) {
        try systemCall("ftruncate") { ftruncate(raw, off_t(count)) }
    }

    /// Contents and size are on the disk when this returns.
    package static func syncContents(_ raw: CInt) throws(SystemCallError) {
        try systemCall("fdatasync") { fdatasync(raw) }
    }

    /// Writes both, one behind the other, in one call. A write that stops short is an error: ENOSPC.
    package static func write(
        _ raw: CInt, at position: Int, _ first: Span<UInt8>, _ second: Span<UInt8>
    ) throws(SystemCallError) {
        let put = try unsafe first.withUnsafeBytes { one throws(SystemCallError) in
            try unsafe second.withUnsafeBytes { two throws(SystemCallError) in
                try systemCall("pwritev") {
                    // Holds: both are there for the call.
                    unsafe belfry_write_two(
                        raw, one.baseAddress, one.count, two.baseAddress, two.count, UInt64(position))
                }
            }
        }
        // A disk that takes only a part has no room for the rest, whatever it will say when asked for that.
        guard put == first.count + second.count else { throw SystemCallError(call: "pwritev", code: ENOSPC) }
    }
}
