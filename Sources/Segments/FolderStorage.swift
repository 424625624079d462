// SPDX-License-Identifier: Apache-2.0
/// The real storage: a folder on a disk.
///
/// Used by the committer and the supervisor (who write) and by workers (who read), each through a descriptor of its own.
/// Invariant: it keeps nothing of the files; an open one is a descriptor, and closed by SegmentFile alone.

package import LinuxIO

package final class FolderStorage: SegmentStorage {
    private let folder: FileFolder

    /// Takes over a descriptor of the folder, as roles inherit it.
    package init(owning descriptor: consuming Descriptor) { folder = FileFolder(owning: descriptor) }

    /// Opens the folder, and makes it (mode 0700) if it is missing.
    package init(_ path: String) throws(SystemCallError) {
        try Directory.make(path, mode: 0o700)
        folder = try FileFolder(path)
    }

    /// To be handed on to a role.
    package func descriptor() throws(SystemCallError) -> Descriptor { try Descriptor.duplicate(folder.raw) }

    package func create(_ name: String) throws(SystemCallError) -> CInt { try folder.create(name).release() }

    package func open(_ name: String, writable: Bool) throws(SystemCallError) -> CInt {
        try folder.open(name, writable: writable).release()
    }

    package func close(_ file: CInt) { _ = Descriptor(owning: file) }

    package func preallocate(_ file: CInt, _ count: Int) throws(SystemCallError) { try File.allocate(file, count) }

    package func write(
        _ file: CInt, at position: Int, _ first: Span<UInt8>, _ second: Span<UInt8>
    ) throws(SystemCallError) {
        try File.write(file, at: position, first, second)
    }

    package func read(_ file: CInt, at position: Int, count: Int, into buffer: ByteBuffer) throws(SystemCallError) {
        try buffer.load(from: file, at: position, count: count)
    }

    package func size(_ file: CInt) -> Int { File.size(file) ?? 0 }

    package func nextWritten(_ file: CInt, from position: Int) -> Int? { File.nextData(file, from: position) }

    package func truncate(_ file: CInt, to count: Int) throws(SystemCallError) { try File.truncate(file, to: count) }

    package func sync(_ file: CInt) throws(SystemCallError) { try File.syncContents(file) }

    package func rename(_ name: String, to other: String) throws(SystemCallError) {
        try folder.rename(name, to: other)
    }

    package func remove(_ name: String) throws(SystemCallError) { try folder.remove(name) }

    package func names() throws(SystemCallError) -> [String] { try folder.names() }

    package func syncFolder() throws(SystemCallError) { try folder.sync() }
}
