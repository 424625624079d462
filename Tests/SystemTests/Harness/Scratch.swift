// SPDX-License-Identifier: Apache-2.0
/// A folder of one test's own, with a short name (a socket's path holds 107 bytes), and a watch on what happens in it.
/// Everything that a test writes lies here, and every program that it starts keeps its output here.
/// Invariant: when the last user lets go of it, the folder is gone with all that it holds; when the test run is killed,
/// Aftermath sees to that.

import Foundation
import Glibc
import LinuxIO

final class Scratch {
    let path: String
    private let watch: Descriptor
    private var serial = 0

    init() throws {
        path = try LinuxIO.Directory.makeTemporary(in: "/tmp", prefix: "belfry")
        try Aftermath.ofThisRun?.include(path)
        watch = Descriptor(owning: inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC)))
        let events = UInt32(IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_TO)
        // Holds: the path is lent for the call.
        guard unsafe inotify_add_watch(watch.raw, path, events) >= 0 else { throw TimedOut("no watch on \(path)") }
        // A service of another user must be able to reach its program.
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a name in this folder.
    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// A name that was not used before.
    func fresh(_ stem: String) -> String {
        serial += 1
        return file("\(stem).\(serial)")
    }

    @discardableResult
    func write(_ name: String, _ text: String, executable: Bool = false) throws -> String {
        let path = file(name)
        // All at once: belfryd may be about to read it.
        try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: executable ? 0o755 : 0o644], ofItemAtPath: path)
        return path
    }

    /// The bytes of a file; none while it does not exist.
    func read(_ name: String) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: file(name)) else { return [] }
        return [UInt8](data)
    }

    func text(_ name: String) -> String { String(decoding: read(name), as: UTF8.self) }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }

    /// Looks again at every change in the folder, and at the program's end, until `condition` gives a value.
    func wait<Value>(
        _ what: String, until deadline: Deadline = .after(), alongside program: Program? = nil,
        _ condition: () throws -> Value?
    ) throws -> Value {
        while true {
            drain()
            if let value = try condition() { return value }
            guard try deadline.wait(on: watch.raw, program?.raw) else {
                if let value = try condition() { return value }
                throw TimedOut(what)
            }
        }
    }

    /// The same for what no file tells: asks again, at a change in the folder and else after a moment.
    func poll<Value>(
        _ what: String, until deadline: Deadline = .after(), _ condition: () throws -> Value?
    ) throws -> Value {
        while true {
            if let value = try condition() { return value }
            guard !deadline.passed else { throw TimedOut(what) }
            drain()
            _ = try Deadline.after(.milliseconds(30)).wait(on: watch.raw)
        }
    }

    private func drain() {
        let buffer = ByteBuffer(limit: 65_536)
        while case .bytes(let count) = buffer.receive(from: watch.raw) { buffer.consume(count) }
    }
}
