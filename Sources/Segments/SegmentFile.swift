// SPDX-License-Identifier: Apache-2.0
/// One open file of the folder, closed with its owner. Used by SegmentWriter, SegmentReader and CheckpointFiles.
///
/// It adds to the storage's verbs only which file they failed for.
/// Invariant: as long as the value lives the file is open, and nobody else closes it.

package import LinuxIO

package struct SegmentFile: ~Copyable {
    package let name: String
    private let storage: any SegmentStorage
    private let handle: CInt

    private init(_ name: String, _ storage: any SegmentStorage, _ handle: CInt) {
        self.name = name
        self.storage = storage
        self.handle = handle
    }

    package static func create(_ name: String, in storage: any SegmentStorage) throws(SegmentFault) -> SegmentFile {
        do throws(SystemCallError) {
            return SegmentFile(name, storage, try storage.create(name))
        } catch { throw SegmentFault(name, error) }
    }

    package static func open(
        _ name: String, writable: Bool = false, in storage: any SegmentStorage
    ) throws(SegmentFault) -> SegmentFile {
        do throws(SystemCallError) {
            return SegmentFile(name, storage, try storage.open(name, writable: writable))
        } catch { throw SegmentFault(name, error) }
    }

    deinit { storage.close(handle) }

    package var size: Int { storage.size(handle) }

    /// The first place at or behind this one where something may have been written; nil if nothing was.
    package func nextWritten(from position: Int) -> Int? { storage.nextWritten(handle, from: position) }

    package func preallocate(_ count: Int) throws(SegmentFault) {
        try named { () throws(SystemCallError) in try storage.preallocate(handle, count) }
    }

    package func write(at position: Int, _ first: Span<UInt8>, _ second: Span<UInt8>) throws(SegmentFault) {
        do throws(SystemCallError) {
            try storage.write(handle, at: position, first, second)
        } catch { throw SegmentFault(name, error) }
    }

    package func read(at position: Int, count: Int, into buffer: ByteBuffer) throws(SegmentFault) {
        try named { () throws(SystemCallError) in
            try storage.read(handle, at: position, count: count, into: buffer)
        }
    }

    package func truncate(to count: Int) throws(SegmentFault) {
        try named { () throws(SystemCallError) in try storage.truncate(handle, to: count) }
    }

    package func sync() throws(SegmentFault) {
        try named { () throws(SystemCallError) in try storage.sync(handle) }
    }

    private func named(_ body: () throws(SystemCallError) -> Void) throws(SegmentFault) {
        do throws(SystemCallError) { try body() } catch { throw SegmentFault(name, error) }
    }
}
