// SPDX-License-Identifier: Apache-2.0
/// What a name and a look at the file say of an executable that is to follow: every refusal names the path.

import Control
import Glibc
import LinuxIO
import Testing

@testable import Supervision

@Suite("An executable that is to follow")
struct UpdateCandidateTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = try Directory.makeTemporary(in: "/tmp", prefix: "belfry-candidate-")
        defer { try? FolderTree.remove(folder) }
        try body(folder)
    }

    private func refusal(_ path: String) -> String {
        do throws(ControlFault) {
            _ = try UpdateCandidate(path)
            return ""
        } catch {
            return error.sentence
        }
    }

    private func write(_ path: String, mode: UInt32 = 0o755) throws {
        try File.write(path, Array("x".utf8).span, mode: mode)
    }

    @Test("is refused by what it is not")
    func refusals() throws {
        try withFolder { folder in
            #expect(refusal("\(folder)/none").hasPrefix("\(folder)/none: there is no such file"))
            #expect(refusal("\(folder)").hasPrefix("\(folder): is no file that could be executed"))
            try #require(unsafe mkfifo("\(folder)/pipe", 0o755) == 0)
            #expect(refusal("\(folder)/pipe").hasPrefix("\(folder)/pipe: is no file that could be executed"))
            try write("\(folder)/plain", mode: 0o644)
            #expect(refusal("\(folder)/plain").contains("may not execute it; chmod +x"))
        }
    }

    @Test("can't work without belfry beside it, which is said only of what is known to be a belfryd")
    func alone() throws {
        try withFolder { folder in
            try write("\(folder)/alone")
            let candidate = try UpdateCandidate("\(folder)/alone")
            let words = "\(folder)/alone: there is no belfry beside it (\(folder)/belfry)"
            #expect(candidate.placeFault?.sentence.hasPrefix(words) == true)
            try write("\(folder)/belfry")
            #expect(candidate.placeFault == nil)
        }
    }

    @Test("lies where its links lead, and its tool beside it there")
    func links() throws {
        try withFolder { folder in
            try Directory.make("\(folder)/real")
            try write("\(folder)/real/belfryd")
            try write("\(folder)/real/belfry")
            try #require(unsafe symlink("real/belfryd", "\(folder)/link") == 0)
            let candidate = try UpdateCandidate("\(folder)/link")
            #expect(candidate.path == "\(folder)/link")
            #expect(candidate.place == "\(folder)/real/belfryd")
            #expect(candidate.placeFault == nil)
        }
    }

    @Test("is told from what was written into it later, whatever lies at its path")
    func changes() throws {
        try withFolder { folder in
            try write("\(folder)/belfry")
            try write("\(folder)/belfryd")
            let candidate = try UpdateCandidate("\(folder)/belfryd")
            #expect(candidate.isUnchanged)
            let writer = try FileFolder(folder).open("belfryd", writable: true)
            try File.truncate(writer.raw, to: 0)
            #expect(!candidate.isUnchanged)
            try write("\(folder)/belfryd")
            let other = try UpdateCandidate("\(folder)/belfryd")
            try write("\(folder)/another")
            try File.rename("\(folder)/another", to: "\(folder)/elsewhere")
            #expect(other.isUnchanged)
        }
    }
}
