// SPDX-License-Identifier: Apache-2.0
/// What is read out of /proc, on texts as kernels write them.

import Testing

@testable import Measures

@Suite("Files of /proc")
struct ProcessFilesTests {
    @Test(
        "the time on the CPU is the first figure of schedstat",
        arguments: [("5023491 1200 77\n", 5_023_491), ("0 0 0\n", 0), ("", 0), ("no such thing", 0)])
    func schedstat(text: String, nanoseconds: UInt64) {
        #expect(cpuNanoseconds(schedstat: text) == nanoseconds)
    }

    @Test("children are pids with spaces between them", arguments: [("12 345 \n", [12, 345] as [Int32]), ("", [])])
    func children(text: String, pids: [Int32]) {
        #expect(processIDs(children: text) == pids)
    }

    static let smaps = """
        55d0c8a00000-55d0c8a01000 r--p 00000000 fe:00 1234                       /usr/bin/belfryd
        Size:                  4 kB
        Rss:                   4 kB
        Pss:                   3 kB
        Pss_Dirty:             1 kB
        7f0000000000-7f0004800000 rw-s 00000000 00:01 99                         /memfd:belfry-log (deleted)
        Pss:               70000 kB
        VmFlags: rd wr sh mr mw me ms sd
        7f1000000000-7f1000001000 rw-p 00000000 00:00 0
        Pss:                   2 kB

        """

    @Test("memory is the Pss of all mappings but those that are left out")
    func memory() {
        #expect(proportionalBytes(smaps: Self.smaps, excluding: ["memfd:belfry-log"]) == 5 * 1024)
        #expect(proportionalBytes(smaps: Self.smaps, excluding: []) == 70_005 * 1024)
        #expect(proportionalBytes(smaps: "", excluding: []) == 0)
    }

    static let table = """
        % time     seconds  usecs/call     calls    errors syscall
        ------ ----------- ----------- --------- --------- ----------------
         60.00    0.000030           2        12           epoll_wait
         40.00    0.000020           4         5         1 read
        ------ ----------- ----------- --------- --------- ----------------
        100.00    0.000050           2        17         1 total

        """

    @Test("calls of all kinds are added up, the table's own total is not", arguments: [(table, 17), ("", 0)])
    func calls(table: String, count: Int) {
        #expect(straceCalls(table: table) == count)
    }
}
