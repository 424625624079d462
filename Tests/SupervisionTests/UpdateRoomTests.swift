// SPDX-License-Identifier: Apache-2.0
/// Room for a second generation, in memory and on the disk.

import Control
import Glibc
import LinuxIO
import Testing

@testable import Supervision

@Suite("Room for an update")
struct UpdateRoomTests {
    @Test("is missing in memory when what is free is less than so many processes take")
    func memory() {
        func left(_ bytes: UInt64) -> FreeMemory? { FreeMemory(machine: bytes, limits: []) }
        #expect(UpdateRoom.memoryFault(workers: 2, left: nil) == nil)
        #expect(UpdateRoom.memoryFault(workers: 2, left: left(56 << 20)) == nil)
        let fault = UpdateRoom.memoryFault(workers: 2, left: left(55 << 20))
        #expect(
            fault?.sentence
                == "two generations of belfryd at once may take 56 MiB more, but this machine has 55 MiB of "
                + "memory left; make room, or stop belfryd and start the new one")
        #expect(UpdateRoom.memoryFault(workers: 64, left: left(56 << 20)) != nil)
        #expect(UpdateRoom.memoryFault(workers: 2, ring: 1, left: left(56 << 20)) != nil)
    }

    @Test("is missing under a limit that leaves less, which is named, whatever the machine has")
    func limit() throws {
        let limit = try #require(
            MemoryLimit("/system.slice/belfry.service", max: "134217728\n", current: "92274688\n", stat: ""))
        let left = FreeMemory(machine: 1 << 40, limits: [limit])
        #expect(
            UpdateRoom.memoryFault(workers: 2, left: left)?.sentence
                == "two generations of belfryd at once may take 56 MiB more, but the memory limit of "
                + "/system.slice/belfry.service (MemoryMax=, memory.max) is 128 MiB, of which 40 MiB are left; "
                + "raise it, or stop belfryd and start the new one")
    }

    @Test("is missing on a disk that says so; any other trouble is told as it is")
    func disk() {
        let full = UpdateRoom.diskFault(SystemCallError(call: "fallocate", code: ENOSPC), "/s/shadow").sentence
        #expect(full.hasPrefix("/s/shadow: there is no room for a trial (4 MiB)"))
        let other = UpdateRoom.diskFault(SystemCallError(call: "mkdir", code: EROFS), "/s/shadow").sentence
        #expect(other.hasPrefix("/s/shadow: no trial can be made there: mkdir: "))
    }

    @Test("is tried, and what was tried is gone, with what an earlier trial has left")
    func trial() throws {
        let folder = try Directory.makeTemporary(in: "/tmp", prefix: "belfry-room-")
        defer { try? FolderTree.remove(folder) }
        try Directory.make("\(folder)/shadow/left")
        try UpdateRoom.check(workers: 1, folder: "\(folder)/shadow")
        #expect(Directory.names(folder) == [])
        #expect(throws: ControlFault.self) { try UpdateRoom.check(workers: 1, folder: "/proc/none") }
    }
}
