// SPDX-License-Identifier: Apache-2.0
/// Who holds a port: the kernel's tables /proc/net/{tcp,tcp6,udp,udp6} read by port, and the inode looked up among the
/// processes' descriptors. Used by PortFault alone, to name who is in the way; it decides nothing.
/// Invariant: it tells what it could read; with lesser rights that is less, never something wrong.

internal import LinuxIO

package enum SocketTable {
    package struct Holder: Equatable, Sendable, CustomStringConvertible {
        package let pid: CInt
        package let name: String
        package var description: String { "\(name) (pid \(pid))" }
    }

    /// The inodes of sockets bound to the port, out of one table's text.
    /// - Parameter listening: only those in LISTEN, as TCP means it; UDP has no such state.
    package static func inodes(in table: String, port: UInt16, listening: Bool) -> [String] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            // sl, local address, remote address, state, queues, timer, retransmits, uid, time-out, inode
            let fields = line.split(separator: " ")
            guard fields.count > 9, let colon = fields[1].lastIndex(of: ":"),
                UInt16(fields[1][fields[1].index(after: colon)...], radix: 16) == port,
                !listening || fields[3] == "0A"
            else { return nil }
            return String(fields[9])
        }
    }

    package static func holders(of port: UInt16, tcp: Bool) -> [Holder] {
        let tables = tcp ? ["tcp", "tcp6"] : ["udp", "udp6"]
        let wanted = Set(
            tables.flatMap { name in
                inodes(in: text("/proc/net/\(name)"), port: port, listening: tcp).map { "socket:[\($0)]" }
            })
        guard !wanted.isEmpty else { return [] }
        return Directory.names("/proc").compactMap { CInt($0) }.sorted().filter { pid in
            Directory.names("/proc/\(pid)/fd").contains { name in
                (try? File.linkTarget("/proc/\(pid)/fd/\(name)")).map(wanted.contains) ?? false
            }
        }.map { pid in
            Holder(pid: pid, name: String(text("/proc/\(pid)/comm").prefix { $0 != "\n" }))
        }
    }

    private static func text(_ path: String) -> String {
        String(decoding: (try? File.read(path, limit: 1 << 24)) ?? [], as: UTF8.self)
    }
}
