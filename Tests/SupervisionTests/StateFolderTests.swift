// SPDX-License-Identifier: Apache-2.0
/// The state folder's locks: one instance, and no leftover roles.

import LinuxIO
import Testing

@testable import Supervision

/// A folder of its own for each test, gone behind it.
private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = try Directory.makeTemporary(in: "/tmp", prefix: "belfry-state-")
    defer {
        for name in ["lock", "fence"] { _ = try? File.remove("\(folder)/state/\(name)") }
        try? Directory.remove("\(folder)/state")
        try? Directory.remove(folder)
    }
    try body(folder)
}

/// What is left of an instance whose supervisor has ended and whose role has not.
private func fenceOfRole(_ path: String) throws -> FileLock {
    let folder = try StateFolder(path)
    return try folder.fenceForRole()
}

private func fault(_ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch {
        return "\(error)"
    }
}

@Suite("State folder")
struct StateFolderTests {
    @Test("a new folder is made, and its lock holds our pid")
    func makes() throws {
        try withFolder { parent in
            let folder = try StateFolder("\(parent)/state")
            let text = String(decoding: try File.read("\(folder.path)/lock", limit: 64), as: UTF8.self)
            #expect(text.prefix { $0 != " " } == "\(CurrentProcess.pid)")
        }
    }

    @Test("a second instance is refused, and told who holds the folder and what to do")
    func second() throws {
        try withFolder { parent in
            let first = try StateFolder("\(parent)/state")
            let words = fault { _ = try StateFolder("\(parent)/state") }
            #expect(words.contains("\(parent)/state") && words.contains("pid \(CurrentProcess.pid)"))
            #expect(words.contains("state.directory"))
            #expect(first.path == "\(parent)/state")
        }
    }

    @Test("as long as a role of an earlier instance holds the fence, nobody starts")
    func fenced() throws {
        try withFolder { parent in
            let role = try fenceOfRole("\(parent)/state")
            let words = fault { _ = try StateFolder("\(parent)/state", patience: 30_000_000) }
            #expect(words.contains("an earlier belfryd"))
            #expect(Descriptor.isOpen(role.descriptor.raw))
        }
    }

    @Test("roles that end within the patience are waited for")
    func patience() throws {
        try withFolder { parent in
            try Directory.make("\(parent)/state", mode: 0o700)
            guard let holder = try FileLock.acquire("\(parent)/state/fence", .shared) else {
                Issue.record("the fence is held by somebody")
                return
            }
            // The lock passes to a child, whose end lets it go.
            let plan = try LaunchPlan(
                LaunchRequest(
                    path: "/bin/sleep", arguments: ["sleep", "0.1"], descriptors: [(holder.descriptor.raw, 3)]))
            let child = try plan.launch()
            _ = consume holder
            _ = try StateFolder("\(parent)/state", patience: 20_000_000_000)
            while child.reap() == nil {}
        }
    }

    @Test("a folder that can't be made is named, with what would help")
    func noRight() {
        let words = fault { _ = try StateFolder("/proc/belfry/state") }
        #expect(words.contains("/proc/belfry/state") && words.contains("state.directory"))
    }
}
