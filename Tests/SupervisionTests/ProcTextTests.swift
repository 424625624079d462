// SPDX-License-Identifier: Apache-2.0
/// The kernel's own tables in /proc, as text.

import Testing

@testable import Supervision

@Suite("Process record")
struct ProcessRecordTests {
    @Test("parent, group and session are read from behind a name that holds anything")
    func parses() throws {
        let record = try #require(ProcessRecord(stat: "42 (a) b (c d) S 7 8 9 0 -1 4194304 1\n"))
        #expect(record.parent == 7 && record.group == 8 && record.session == 9)
    }

    @Test("what is cut short is no record", arguments: ["", "42 (x", "42 (x) S", "42 (x) S 1 2", "42 (x) S a b c d"])
    func rejects(line: String) {
        #expect(ProcessRecord(stat: line) == nil)
    }
}

@Suite("Socket table")
struct SocketTableTests {
    private static let tcp = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:0933 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0
           1: 0100007F:0933 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0 100 0 0 10 0
           2: 0100007F:0934 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0 100 0 0 10 0
        """
    private static let udp6 = """
          sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
          10: 00000000000000000000000000000000:0933 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 444 2 0 0
        """

    @Test("a listener is found by its port, a connection with the same port is none")
    func listeners() {
        #expect(SocketTable.inodes(in: Self.tcp, port: 2355, listening: true) == ["111"])
    }

    @Test("a UDP socket is found in any state")
    func datagrams() {
        #expect(SocketTable.inodes(in: Self.udp6, port: 2355, listening: false) == ["444"])
        #expect(SocketTable.inodes(in: Self.udp6, port: 2356, listening: false).isEmpty)
    }
}
