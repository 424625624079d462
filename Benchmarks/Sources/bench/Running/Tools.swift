// SPDX-License-Identifier: Apache-2.0
/// Where the executables are: Belfry's, the benchmark's own, and the peers'.
///
/// Used by every contender to make its argument vectors.
/// Invariant: a path that is returned was executable a moment ago.

import Foundation

struct Tools {
    /// The repository's top.
    let root: URL

    private var benchmarks: URL { root.appending(path: "Benchmarks") }
    /// The C programs.
    var programs: URL { benchmarks.appending(path: ".build-programs") }
    /// Peers that are unpacked beside the installed ones.
    var peers: URL { benchmarks.appending(path: ".build-peers") }
    /// Where a run has its folder on a disk.
    var disks: URL { benchmarks.appending(path: ".build-disks") }
    /// Where logs of failed runs stay.
    var logs: URL { benchmarks.appending(path: ".build-logs") }

    var publish: String { get throws { try own(programs, "publish") } }
    var consume: String { get throws { try own(programs, "consume") } }
    /// Built only where its library is installed.
    var natsLibrary: String { get throws { try own(programs, "nats-library") } }
    var once: String { get throws { try own(programs, "once") } }
    var acks: String { get throws { try own(programs, "acks") } }
    var relay: String { get throws { try own(programs, "relay") } }
    var spawnLoop: String { get throws { try own(programs, "spawn-loop") } }
    var syncLoop: String { get throws { try own(programs, "sync-loop") } }
    var belfry: String { get throws { try own(release, "belfry") } }
    var belfryd: String { get throws { try own(release, "belfryd") } }
    var swiftClient: String {
        get throws {
            try own(
                URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent(), "swift-client")
        }
    }

    private var release: URL { root.appending(path: ".build/release") }

    private func own(_ folder: URL, _ name: String) throws -> String {
        let path = folder.resolvingSymlinksInPath().appending(path: name).path
        guard FileManager.default.isExecutableFile(atPath: path) else { throw Missing("\(path) is not built") }
        return path
    }

    /// An installed program.
    func peer(_ name: String) throws -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        for folder in path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/sbin", "/sbin"] {
            let candidate = "\(folder)/\(name)"
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        throw Missing("\(name) is not installed")
    }
}
