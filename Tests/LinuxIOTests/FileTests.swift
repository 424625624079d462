// SPDX-License-Identifier: Apache-2.0
/// Small files, folders, descriptors, users, limits and clocks.

import Glibc
import LinuxIO
import Testing

@Suite("Files and folders")
struct FileTests {
    @Test("hold what was written, the last version whole")
    func write() throws {
        try withTemporaryDirectory { folder in
            try File.write("\(folder)/f", bytes("a longer first text").span)
            try File.write("\(folder)/f", bytes("second").span, mode: 0o644)
            #expect(try File.read("\(folder)/f", limit: 100) == bytes("second"))
            #expect(Directory.names(folder) == ["f"])
        }
    }

    @Test("larger than allowed are refused, just as large not")
    func limit() throws {
        try withTemporaryDirectory { folder in
            try File.write("\(folder)/f", bytes("12345").span)
            #expect(try File.read("\(folder)/f", limit: 5).count == 5)
            #expect(throws: SystemCallError(call: "read", code: EFBIG)) { try File.read("\(folder)/f", limit: 4) }
        }
    }

    @Test("tell where something was written, or that they can't tell")
    func nextData() throws {
        try withTemporaryDirectory { folder in
            let files = try FileFolder(folder)
            let file = try files.create("f")
            try File.allocate(file.raw, 1 << 20)
            try File.write(file.raw, at: 1 << 19, bytes("x").span, Span())
            #expect([0, 1 << 19].contains(try #require(File.nextData(file.raw, from: 0))))
            #expect(File.nextData(file.raw, from: 1 << 19) == 1 << 19)
            #expect([nil, 3 << 18].contains(File.nextData(file.raw, from: 3 << 18)))
            #expect(File.nextData(file.raw, from: 1 << 20) == nil)
        }
    }

    @Test("are made with those above them, and once is as good as twice")
    func makeDirectory() throws {
        try withTemporaryDirectory { folder in
            try Directory.make("\(folder)/a/b")
            try Directory.make("\(folder)/a/b")
            #expect(Directory.exists("\(folder)/a/b"))
            try Directory.remove("\(folder)/a/b")
            try Directory.remove("\(folder)/a")
            #expect(!Directory.exists("\(folder)/a"))
            try File.write("\(folder)/file", bytes("x").span)
            #expect(throws: SystemCallError(call: "mkdir", code: ENOTDIR)) { try Directory.make("\(folder)/file/b") }
            #expect(throws: SystemCallError(call: "mkdir", code: ENOTDIR)) { try Directory.make("\(folder)/file") }
        }
    }

    @Test("are gone after removal, and removing nothing is told apart")
    func remove() throws {
        try withTemporaryDirectory { folder in
            try File.write("\(folder)/f", bytes("x").span)
            #expect(try File.remove("\(folder)/f"))
            #expect(try !File.remove("\(folder)/f"))
        }
    }

    @Test("are executable only if they are files with that right")
    func executable() throws {
        #expect(File.isExecutable("/bin/sh"))
        #expect(!File.isExecutable("/etc/passwd"))
        #expect(!File.isExecutable("/usr"))
        #expect(try File.isExecutable(CurrentProcess.executable()))
    }
}

@Suite("A descriptor")
struct DescriptorTests {
    @Test("closes itself, once, unless it was given away")
    func closing() throws {
        // A pipe shows from its other end whether this one is open.
        let (reading, given) = try {
            let pipe = try Descriptor.pipe()
            return (Raw(try pipe.reading.duplicate()), try pipe.writing.duplicate().release())
        }()
        try Descriptor.setNonBlocking(reading.descriptor.raw)
        let buffer = ByteBuffer(limit: 10)
        #expect(buffer.receive(from: reading.descriptor.raw) == .wouldBlock)
        _ = Descriptor(owning: given)
        #expect(buffer.receive(from: reading.descriptor.raw) == .closed)
    }

    @Test("that is duplicated is closed on exec")
    func duplicate() throws {
        let file = try MemoryFile(named: "duplicate", size: 1)
        let copy = try file.descriptor.duplicate()
        #expect(copy.raw != file.descriptor.raw)
        #expect(fcntl(copy.raw, F_GETFD) == FD_CLOEXEC)
    }

    private final class Raw {
        let descriptor: Descriptor
        init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
    }
}

@Suite("Users and limits")
struct UsersTests {
    @Test("are found by name and by number, others not")
    func lookup() throws {
        let root = try #require(Users.lookup("root"))
        #expect(root.user == 0 && root.group == 0 && root.groups.contains(0))
        #expect(Users.lookup("0") == root)
        #expect(Users.lookup("no-such-user-here") == nil)
        #expect(Users.lookup("4294967290") == nil)
        #expect(Users.group("root") == 0)
        #expect(Users.group("77") == 77)
        #expect(Users.group("no-such-group-here") == nil)
    }

    @Test("have the names of the manual")
    func limitNames() throws {
        #expect(ResourceLimit(rawValue: "nofile")?.resource == CInt(RLIMIT_NOFILE.rawValue))
        #expect(Set(ResourceLimit.allCases.map(\.resource)) == Set(0..<16))
        let limit = try ResourceLimit.get(.descriptors)
        #expect(limit.soft > 0 && limit.soft <= limit.hard)
    }
}

@Suite("Clocks")
struct ClockTests {
    @Test("go on, and a duration is as many nanoseconds as it says")
    func clocks() {
        let before = Clock.monotonic()
        #expect(Clock.monotonic() >= before)
        #expect(Clock.realtime() > 1_700_000_000_000_000_000)
    }

    @Test(
        "count durations in nanoseconds, within bounds",
        arguments: [
            (Duration.seconds(30), 30_000_000_000 as UInt64), (.nanoseconds(1), 1), (.zero, 0), (.seconds(-1), 0),
            (.milliseconds(-1), 0), (.seconds(Int64.max), .max), (.milliseconds(1500), 1_500_000_000),
        ])
    func nanoseconds(duration: Duration, expected: UInt64) { #expect(duration.nanoseconds == expected) }
}

@Suite("A failed call")
struct SystemCallErrorTests {
    @Test(
        "says its name and the reason in words",
        arguments: [
            (EADDRINUSE, "bind: address already in use"), (EACCES, "bind: permission denied"),
            (EIO, "bind: input/output error"), (ENOTUNIQ, "bind: name not unique on network"),
            (EL2NSYNC, "bind: level 2 not synchronized"), (EADV, "bind: advertise error"),
            (99_999, "bind: error 99999"),
        ])
    func description(code: CInt, expected: String) {
        #expect(SystemCallError(call: "bind", code: code).description == expected)
    }
}
