// SPDX-License-Identifier: Apache-2.0
/// What Segments asks of the folder that the files lie in: a handful of verbs, so that a proof can stand between.
///
/// FolderStorage does them; the power-cut proof's storage records each and later pretends that only some reached the disk.
/// Invariant: nothing else in this module touches a file; what was written lasts only behind `sync` of the file, a name
/// only behind `syncFolder`.

package import LinuxIO

package protocol SegmentStorage: AnyObject {
    /// A new, empty file to be written and read. A name that is there already is an error.
    func create(_ name: String) throws(SystemCallError) -> CInt
    /// An existing file to be written to or read.
    func open(_ name: String, writable: Bool) throws(SystemCallError) -> CInt
    func close(_ file: CInt)
    /// Room for so many bytes, which read as zeros. A file system that can't is none that fails.
    func preallocate(_ file: CInt, _ count: Int) throws(SystemCallError)
    /// Both, one behind the other, all of it. A short write is an error.
    func write(_ file: CInt, at position: Int, _ first: Span<UInt8>, _ second: Span<UInt8>) throws(SystemCallError)
    /// Appends up to `count` bytes to the buffer, fewer at the end of the file.
    func read(_ file: CInt, at position: Int, count: Int, into buffer: ByteBuffer) throws(SystemCallError)
    func size(_ file: CInt) -> Int
    /// The first place at or behind this one where something may have been written; nil if nothing was, up to the end.
    func nextWritten(_ file: CInt, from position: Int) -> Int?
    /// Takes what was left over of the room.
    func truncate(_ file: CInt, to count: Int) throws(SystemCallError)
    /// Contents and size are on the disk when this returns. After an error nothing is known of the file any more.
    func sync(_ file: CInt) throws(SystemCallError)
    func rename(_ name: String, to other: String) throws(SystemCallError)
    /// A name that is missing is no error.
    func remove(_ name: String) throws(SystemCallError)
    func names() throws(SystemCallError) -> [String]
    /// Names are on the disk when this returns.
    func syncFolder() throws(SystemCallError)
}

extension SegmentStorage {
    /// Of one that can't tell.
    package func nextWritten(_ file: CInt, from position: Int) -> Int? { position }
}
