// SPDX-License-Identifier: Apache-2.0
/// What one run has for itself: a folder in memory, one on a disk if it asks, fresh ports, and the processes that it
/// started.
///
/// Made for each run of each contender, and cleared behind it.
/// Invariant: when it has ended, none of its processes is left, and nothing of it on disk but the logs of a failure.

import Foundation

final class Stage {
    let tools: Tools
    let folder: URL
    private let ports: Ports
    private var disk: URL?
    private var children: [Child] = []

    init(_ tools: Tools, ports: Ports) throws {
        (self.tools, self.ports) = (tools, ports)
        folder = Self.memory.appending(path: "belfry-bench-\(getpid())-\(UInt32.random(in: 0...UInt32.max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        Living.add(folder)
    }

    /// /dev/shm, so that neither scoreboards nor a peer's files wait for a disk.
    private static var memory: URL {
        let shared = "/dev/shm"
        return FileManager.default.isWritableFile(atPath: shared)
            ? URL(filePath: shared) : FileManager.default.temporaryDirectory
    }

    func port() throws -> Int { try ports.fresh() }

    /// A configuration file.
    func file(_ name: String, _ text: String) throws -> String {
        let url = folder.appending(path: name)
        try Data(text.utf8).write(to: url)
        return url.path
    }

    /// A folder on a disk, where the repository lies: for those who are measured by what they write through.
    func folderOnDisk() throws -> URL {
        if let disk { return disk }
        let new = tools.disks.appending(path: folder.lastPathComponent)
        try FileManager.default.createDirectory(at: new, withIntermediateDirectories: true)
        Living.add(new)
        disk = new
        return new
    }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    func start(_ name: String, _ arguments: [String], extra: [String: String] = [:]) throws -> Child {
        let log = folder.appending(path: "\(name)-\(children.count).log")
        let child = try Child(name, arguments, log: log, extra: extra)
        children.append(child)
        return child
    }

    /// Runs a command to its end, and returns what it printed.
    func run(
        _ name: String, _ arguments: [String], extra: [String: String] = [:], within seconds: Double = 10
    ) throws -> String {
        let child = try start(name, arguments, extra: extra)
        try child.finish(within: seconds)
        return child.output
    }

    /// Ends all processes, the last one first, and clears the folder; logs of a failure are kept under `name`.
    func end(keepingLogsAs name: String?) {
        for child in children.reversed() { child.end() }
        if let name { keep(name) }
        for own in [folder] + (disk.map { [$0] } ?? []) {
            try? FileManager.default.removeItem(at: own)
            Living.remove(own)
        }
    }

    private func keep(_ name: String) {
        let place = tools.logs.appending(path: name)
        let manager = FileManager.default
        try? manager.removeItem(at: place)
        try? manager.createDirectory(at: place, withIntermediateDirectories: true)
        for file in (try? manager.contentsOfDirectory(atPath: folder.path)) ?? [] {
            guard [".log", ".conf", ".yaml", ".json"].contains(where: file.hasSuffix) else { continue }
            try? manager.copyItem(at: folder.appending(path: file), to: place.appending(path: file))
        }
    }
}
