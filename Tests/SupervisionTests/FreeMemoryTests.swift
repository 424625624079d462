// SPDX-License-Identifier: Apache-2.0
/// What memory is left, by the machine and by limits, and a ring that is larger.

import LinuxIO
import Ring
import Testing

@testable import Supervision

@Suite("Free memory")
struct FreeMemoryTests {
    @Test("is what the kernel says is available")
    func available() {
        let text = "MemTotal:       24588176 kB\nMemFree:          508372 kB\nMemAvailable:    2048 kB\nBuffers: 1 kB\n"
        #expect(FreeMemory.available(meminfo: text) == 2 << 20)
        #expect(FreeMemory.available(meminfo: "MemTotal: 1 kB\n") == nil)
        #expect(FreeMemory.available(meminfo: "MemAvailable: much kB\n") == nil)
    }

    @Test("is enough for a ring, or the ring is refused with both numbers")
    func enough() {
        let ring = RingGeometry(ringSize: 64 << 20)
        #expect(FreeMemory.fault(ring, left: FreeMemory(machine: 64 << 20, limits: [])) == nil)
        #expect(FreeMemory.fault(ring, left: nil) == nil)
        let fault = FreeMemory.fault(ring, left: FreeMemory(machine: 63 << 20, limits: []))
        #expect(
            fault?.description == "ring.size: the ring would take 64 MiB, but this machine has 63 MiB of memory left; "
                + "choose a smaller ring.size in the settings")
    }

    private static func limit(_ left: UInt64, _ group: String = "/a") -> MemoryLimit? {
        MemoryLimit(group, max: "1000", current: "\(1_000 - left)", stat: "")
    }

    @Test(
        "is the least of what the machine and all the limits leave",
        arguments: [
            (nil, [], nil, nil), (5, [], 5, nil), (5, [5, 9], 5, nil), (5, [9, 4], 4, 4), (nil, [3, 2], 2, 2),
            (0, [0], 0, nil),
        ] as [(UInt64?, [UInt64], UInt64?, UInt64?)])
    func least(machine: UInt64?, limits: [UInt64], bytes: UInt64?, bound: UInt64?) {
        let left = FreeMemory(machine: machine, limits: limits.compactMap { Self.limit($0) })
        #expect(left?.bytes == bytes)
        #expect(left?.limit == bound.flatMap { Self.limit($0) })
    }

    @Test("that a limit leaves names the group, and a container where no group has a name")
    func words() throws {
        let unit = FreeMemory(machine: nil, limits: [try #require(Self.limit(0, "/a.slice/b.service"))])
        #expect(
            unit?.words
                == "but the memory limit of /a.slice/b.service (MemoryMax=, memory.max) is 1000 B, of which 0 B are left"
        )
        let container = FreeMemory(machine: nil, limits: [try #require(Self.limit(0, "/"))])
        #expect(container?.words.hasPrefix("but the memory limit of this container (") == true)
    }
}

@Suite("A memory limit")
struct MemoryLimitTests {
    @Test(
        "is looked for in our own group and in all around it",
        arguments: [
            ("0::/\n", ["/"]), ("0::/a.slice/b.service\n", ["/a.slice/b.service", "/a.slice", "/"]),
            ("4:memory:/old\n1:name=systemd:/x\n0::/new\n", ["/new", "/"]), ("4:memory:/old\n", []), ("", []),
        ])
    func groups(text: String, groups: [String]) {
        #expect(MemoryLimit.groups(text) == groups)
    }

    @Test(
        "is what the kernel's files say; \"max\", and a file that is not there, are none",
        arguments: [
            ("100\n", "30\n", "", 70), ("100\n", "130\n", "", 0), ("0\n", "0\n", "", 0), ("max\n", "30\n", "", nil),
            ("", "30\n", "", nil), ("100\n", "", "", nil), ("much\n", "30\n", "", nil),
            ("100\n", "90\n", "anon 10\ninactive_file 30\nactive_file 20\n", 60),
            ("100\n", "90\n", "workingset_inactive_file 30\nactive_file x\n", 10),
            ("100\n", "20\n", "active_file 30\n", 100),
        ] as [(String, String, String, UInt64?)])
    func files(max: String, current: String, stat: String, left: UInt64?) {
        #expect(MemoryLimit("/a", max: max, current: current, stat: stat)?.left == left)
    }

    @Test("is read where the groups lie, of each that has one")
    func read() throws {
        let root = try Directory.makeTemporary(in: "/tmp", prefix: "belfry-group-")
        defer { try? FolderTree.remove(root) }
        try Directory.make("\(root)/a/b")
        for (name, text) in [("max", "64\n"), ("current", "60\n"), ("stat", "active_file 8\n")] {
            try File.write("\(root)/a/memory.\(name)", Array(text.utf8).span)
        }
        let limit = try #require(MemoryLimit("/a", max: "64", current: "52", stat: ""))
        #expect(MemoryLimit.all(of: MemoryLimit.groups("0::/a/b\n"), under: root) == [limit])
    }
}
