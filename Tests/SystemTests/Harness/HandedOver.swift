// SPDX-License-Identifier: Apache-2.0
/// A port that a test holds and hands to its broker, as systemd does: it stays when belfryd is killed, and what waits in
/// it is there for the next one. Used by the soak.
/// Invariant: UDP and TCP have the same number, which the kernel chose.

import LinuxIO

final class HandedOver {
    private let tcp: Descriptor
    private let udp: Descriptor
    let port: UInt16

    private init(tcp: consuming Descriptor, udp: consuming Descriptor, port: UInt16) {
        self.tcp = tcp
        self.udp = udp
        self.port = port
    }

    static func make() throws -> HandedOver {
        // The kernel chooses for TCP; for UDP the same number may be in use.
        for _ in 0..<64 {
            let tcp = try Sockets.tcp(try address(0))
            guard let port = try SocketFacts.name(of: tcp.raw)?.port, let udp = try? Sockets.udp(try address(port))
            else { continue }
            return HandedOver(tcp: tcp, udp: udp, port: port)
        }
        throw TimedOut("a port that is free for UDP and TCP")
    }

    private static func address(_ port: UInt16) throws -> SocketAddress {
        guard let address = SocketAddress(numeric: "127.0.0.1", port: port) else { throw TimedOut("no loopback") }
        return address
    }

    var named: [(name: String, raw: CInt)] { [("udp", udp.raw), ("tcp", tcp.raw)] }

    /// Whether datagrams wait in the kernel.
    var hasWaiting: Bool {
        let text = (try? File.read("/proc/net/udp", limit: 1 << 24)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        // "sl: ADDRESS:PORT REMOTE STATE SENT:WAITING …", in hexadecimal.
        let name = ":" + String(UInt32(port) | 0x1_0000, radix: 16, uppercase: true).dropFirst()
        return text.split(separator: "\n").map { $0.split(separator: " ") }.contains {
            $0.count > 4 && $0[1].hasSuffix(name) && $0[2].hasSuffix(":0000") && !$0[4].hasSuffix(":00000000")
        }
    }

    /// Datagrams for which the kernel had no room.
    var dropped: UInt64 { UInt64((try? SocketFacts.drops(of: udp.raw)) ?? 0) }
}
