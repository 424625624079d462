// SPDX-License-Identifier: Apache-2.0
/// Looking at files that somebody names, and taking away folders that we have filled.

import Glibc
import LinuxIO
import Testing

@Suite("A file that is looked at")
struct FileExaminingTests {
    @Test("tells what it is, and when it has changed")
    func facts() throws {
        try withTemporaryDirectory { folder in
            try File.write("\(folder)/f", bytes("12345").span)
            let file = try File.openToExamine("\(folder)/f")
            let facts = try File.facts(of: file.raw)
            #expect(facts.isRegular && facts.size == 5)
            #expect(File.facts(at: "\(folder)/f") == facts)
            let writer = try FileFolder(folder).open("f", writable: true)
            try File.truncate(writer.raw, to: 3)
            #expect(try File.facts(of: file.raw) != facts)
            // Another file of that name is not this one.
            try File.write("\(folder)/f", bytes("12345").span)
            #expect(File.facts(at: "\(folder)/f")?.inode != facts.inode)
            #expect(File.facts(at: "\(folder)/none") == nil)
        }
    }

    @Test("is read from any place, up to its end")
    func parts() throws {
        try withTemporaryDirectory { folder in
            try File.write("\(folder)/f", bytes("0123456789").span)
            let file = try File.openToExamine("\(folder)/f")
            #expect(try File.read(file.raw, at: 3, count: 4) == bytes("3456"))
            #expect(try File.read(file.raw, at: 8, count: 4) == bytes("89"))
            #expect(try File.read(file.raw, at: 100, count: 4) == [])
            #expect(try File.read(file.raw, at: .max, count: 4) == [])
        }
    }

    @Test("does not keep us waiting if it is a pipe that nobody writes to")
    func pipe() throws {
        try withTemporaryDirectory { folder in
            try #require(unsafe mkfifo("\(folder)/pipe", 0o600) == 0)
            let pipe = try File.openToExamine("\(folder)/pipe")
            #expect(try !File.facts(of: pipe.raw).isRegular)
        }
    }
}

@Suite("A folder that is taken away")
struct FolderTreeTests {
    @Test("goes with all that it holds, and nothing outside")
    func remove() throws {
        try withTemporaryDirectory { outside in
            try File.write("\(outside)/kept", bytes("x").span)
            try Directory.make("\(outside)/tree/a/b")
            try File.write("\(outside)/tree/a/b/f", bytes("x").span)
            try #require(unsafe symlink(outside, "\(outside)/tree/a/link") == 0)
            try FolderTree.remove("\(outside)/tree")
            #expect(Directory.names(outside) == ["kept"])
        }
    }

    @Test("may be missing, and must not be deeper than what we make")
    func bounds() throws {
        try withTemporaryDirectory { folder in
            try FolderTree.remove("\(folder)/none")
            let deep = "\(folder)/1/2/3/4/5/6/7/8/9"
            try Directory.make(deep)
            #expect(throws: SystemCallError.self) { try FolderTree.remove("\(folder)/1") }
            #expect(Directory.exists(deep))
            try FolderTree.remove("\(folder)/1/2")
            try FolderTree.remove("\(folder)/1")
        }
    }
}
