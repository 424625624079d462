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
        #expect(UpdateRoom.memoryFault(workers: 2, available: nil) == nil)
        #expect(UpdateRoom.memoryFault(workers: 2, available: 56 << 20) == nil)
        let fault = UpdateRoom.memoryFault(workers: 2, available: 55 << 20)
        #expect(fault?.sentence.contains("may take 56 MiB more, but this machine has 55 MiB") == true)
        #expect(UpdateRoom.memoryFault(workers: 64, available: 56 << 20) != nil)
        #expect(UpdateRoom.memoryFault(workers: 2, ring: 1, available: 56 << 20) != nil)
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
