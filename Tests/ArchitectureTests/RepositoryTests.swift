// SPDX-License-Identifier: Apache-2.0
/// What the repository as a whole has to hold, and what it must not; and what the built executables link.
/// Used with SourceTree.
/// Invariant: each rule is checked on the files themselves, none on a list kept by hand.

import Foundation
import Testing

@Suite("The repository and its executables")
struct RepositoryTests {
    /// Both the library's name, as a dynamic link needs it, and its symbols, as a static one has them.
    static let signs = ["libFoundation", "$s10Foundation", "$s20FoundationEssentials"]

    static func linksFoundation(_ executable: String) throws -> Bool {
        let bytes = try SourceTree.executable(executable)
        return signs.contains { bytes.firstRange(of: Data($0.utf8)) != nil }
    }

    @Test("belfryd links no Foundation")
    func dataPlane() throws {
        #expect(try !Self.linksFoundation("belfryd"))
    }

    @Test("what links Foundation is recognised: belfry does")
    func office() throws {
        #expect(try Self.linksFoundation("belfry"))
    }

    @Test("every module has its tests")
    func mirrored() throws {
        // Headers, what HotRestartTests and SystemTests drive as programs.
        let untested: Set = [
            "CBelfryd", "CHotRestart", "CLinux", "CSystemd", "HotRestartC", "belfry", "belfryd",
        ]
        let suites = Set(try SourceTree.folders(in: "Tests"))
        for module in try SourceTree.folders(in: "Sources") where !untested.contains(module) {
            #expect(suites.contains("\(module)Tests"), "Sources/\(module) has no Tests/\(module)Tests")
        }
    }

    @Test("the README has at most 120 lines")
    func readme() throws {
        #expect(try SourceTree.file("README.md").lineCount <= 120)
    }

    @Test("nothing that a build or the package manager makes is committed")
    func committed() throws {
        for path in try Self.committedFiles() {
            let parts = path.split(separator: "/")
            #expect(parts.last != "Package.resolved" && !parts.contains { $0 == "checkouts" || $0 == "Packages" })
            #expect(!parts.contains { $0.hasPrefix(".build") || $0 == ".swiftpm" }, "\(path)")
        }
    }

    /// Git's index names what is committed; an unpacked archive has none and holds nothing else.
    static func committedFiles() throws -> [String] {
        let git = Process()
        let output = Pipe()
        git.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        git.arguments = ["git", "-C", SourceTree.root.path, "-c", "safe.directory=*", "ls-files"]
        git.standardOutput = output
        git.standardError = FileHandle.nullDevice
        try git.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        git.waitUntilExit()
        return text.split(separator: "\n").map(String.init)
    }
}
