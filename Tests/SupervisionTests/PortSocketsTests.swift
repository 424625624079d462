// SPDX-License-Identifier: Apache-2.0
/// Binding the port, and the words for when that fails.

import HotRestart
import LinuxIO
import Settings
import Testing

@testable import Supervision

private func port(_ change: (inout Settings.Port) -> Void = { _ in }) -> Settings.Port {
    var port = Settings.Port()
    port.number = 0
    port.receiveBuffer = 65_536
    change(&port)
    return port
}

@Suite("Port sockets")
struct PortSocketsTests {
    @Test("number 0 gets UDP and TCP the same number")
    func sameNumber() throws {
        let sockets = try PortSockets(port(), try InheritedDescriptors.adopt())
        let udp = try #require(sockets.udp), tcp = try #require(sockets.tcp)
        let number = try SocketFacts.name(of: udp.raw)?.port
        #expect(try SocketFacts.name(of: tcp.raw)?.port == number && number != 0)
        #expect(sockets.name == "127.0.0.1:\(number ?? 0)")
        #expect(!sockets.isInherited)
    }

    @Test("only what is asked for is bound")
    func udpOnly() throws {
        let sockets = try PortSockets(port { $0.tcp = false }, try InheritedDescriptors.adopt())
        #expect(sockets.udp != nil && sockets.tcp == nil)
    }

    @Test("an IPv6 address is bound and shown in brackets")
    func ipv6() throws {
        let sockets = try PortSockets(port { $0.address = "::1" }, try InheritedDescriptors.adopt())
        #expect(sockets.name.hasPrefix("[::1]:"))
    }

    @Test("given up, the port is free for the next one")
    func close() throws {
        let sockets = try PortSockets(port(), try InheritedDescriptors.adopt())
        let number = try #require(UInt16(sockets.name.split(separator: ":")[1]))
        sockets.close()
        let next = try PortSockets(port { $0.number = number }, try InheritedDescriptors.adopt())
        #expect(next.name == "127.0.0.1:\(number)")
    }

    @Test("a port in use names its holder, the address and what to do", arguments: [true, false])
    func inUse(tcp: Bool) throws {
        let address = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
        let holder = tcp ? try Sockets.tcp(address) : try Sockets.udp(address)
        let number = try #require(try SocketFacts.name(of: holder.raw)?.port)
        var words = ""
        do {
            // The same number of the other protocol may be anybody's.
            _ = try PortSockets(
                port { ($0.number, $0.tcp, $0.udp) = (number, tcp, !tcp) }, try InheritedDescriptors.adopt())
        } catch {
            words = "\(error)"
        }
        #expect(words.contains("127.0.0.1:\(number) (\(tcp ? "TCP" : "UDP"))"))
        #expect(words.contains("pid \(CurrentProcess.pid)"))
        #expect(words.contains("port.number"))
    }

    @Test("an address that is not this machine's is told with what would be right")
    func notLocal() {
        #expect(throws: StartFault.self) {
            try PortSockets(port { $0.address = "192.0.2.1" }, try InheritedDescriptors.adopt())
        }
    }

    @Test(
        "each errno has words of its own",
        arguments: [
            (SystemCallError(call: "bind", code: 13), "CAP_NET_BIND_SERVICE"),
            (SystemCallError(call: "bind", code: 99), "no such address"),
            (SystemCallError(call: "socket", code: 97), "no IPv4"),
            (SystemCallError(call: "bind", code: 98), "another program"),
        ])
    func words(error: SystemCallError, part: String) throws {
        let address = try #require(SocketAddress(numeric: "127.0.0.1", port: 514))
        let fault = PortFault.describe(error, address, tcp: false, holders: [])
        #expect(fault.description.contains(part) && fault.description.contains("127.0.0.1:514"))
    }
}
