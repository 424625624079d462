// SPDX-License-Identifier: Apache-2.0
// A folder of its own for each test, on a disk that fails as it is told to.

import LinuxIO
import Segments

/// The folder is gone with the value.
final class Disk: SegmentStorage {
    enum Failure: CInt {
        case broken = 5
        case full = 28
    }

    let path: String
    var folder: SegmentFolder { SegmentFolder(self) }
    /// What it fails with, and from which call on: so many succeed before.
    var failure: Failure?
    var spared = 0
    /// How much a file may be given beforehand; nil for as much as it wants.
    var room: Int?
    private(set) var calls = 0
    private let real: FolderStorage

    init() throws {
        path = try Directory.makeTemporary(in: "/tmp", prefix: "belfry-storage-")
        real = try FolderStorage(path)
    }

    deinit {
        for name in Directory.names(path) { _ = try? File.remove("\(path)/\(name)") }
        try? Directory.remove(path)
    }

    func names(_ prefix: String) -> [String] { Directory.names(path).filter { $0.hasPrefix(prefix) }.sorted() }

    private func count(_ call: String) throws(SystemCallError) {
        calls += 1
        guard let failure else { return }
        if spared > 0 { spared -= 1 } else { throw SystemCallError(call: call, code: failure.rawValue) }
    }

    func create(_ name: String) throws(SystemCallError) -> CInt {
        try count("open")
        return try real.create(name)
    }
    func open(_ name: String, writable: Bool) throws(SystemCallError) -> CInt {
        try real.open(name, writable: writable)
    }
    func close(_ file: CInt) { real.close(file) }
    func preallocate(_ file: CInt, _ count: Int) throws(SystemCallError) {
        try self.count("fallocate")
        if let room, count > room { throw SystemCallError(call: "fallocate", code: Failure.full.rawValue) }
        try real.preallocate(file, count)
    }
    func write(
        _ file: CInt, at position: Int, _ first: Span<UInt8>, _ second: Span<UInt8>
    ) throws(SystemCallError) {
        try count("pwritev")
        try real.write(file, at: position, first, second)
    }
    func read(_ file: CInt, at position: Int, count: Int, into buffer: ByteBuffer) throws(SystemCallError) {
        try real.read(file, at: position, count: count, into: buffer)
    }
    func size(_ file: CInt) -> Int { real.size(file) }
    func truncate(_ file: CInt, to count: Int) throws(SystemCallError) { try real.truncate(file, to: count) }
    func sync(_ file: CInt) throws(SystemCallError) {
        try count("fdatasync")
        try real.sync(file)
    }
    func rename(_ name: String, to other: String) throws(SystemCallError) {
        try count("rename")
        try real.rename(name, to: other)
    }
    func remove(_ name: String) throws(SystemCallError) { try real.remove(name) }
    func names() throws(SystemCallError) -> [String] { try real.names() }
    func syncFolder() throws(SystemCallError) {
        try count("fsync")
        try real.syncFolder()
    }
}
