// SPDX-License-Identifier: Apache-2.0
/// Sockets of every kind that Belfry makes, over loopback and in a folder of their own.

import Glibc
import LinuxIO
import Testing

@Suite("Sockets")
struct SocketsTests {
    @Test("on any free port know their own name", arguments: ["127.0.0.1", "::1"])
    func names(host: String) throws {
        let address = try #require(SocketAddress(numeric: host, port: 0))
        let udp = try name(Sockets.udp(address))
        let tcp = try name(Sockets.tcp(address))
        #expect(udp.port != 0 && tcp.port != 0)
        #expect(SocketAddress(numeric: host, port: udp.port) == udp)
    }

    @Test("on a port in use are refused with the call and the reason")
    func inUse() throws {
        let first = try Sockets.tcp(anyPort())
        let taken = try name(first)
        let error = #expect(throws: SystemCallError.self) { _ = try Sockets.tcp(taken).raw }
        #expect(error?.description == "bind: address already in use")
    }

    @Test("are told apart by their kind")
    func kinds() throws {
        try withTemporaryDirectory { folder in
            let address = try anyPort()
            let tcp = try Sockets.tcp(address)
            let unix = try Sockets.unixListen("\(folder)/s")
            let pair = try SeqPacketChannel.pair()
            let file = try MemoryFile(named: "no socket", size: 1)
            #expect(try kind(Sockets.udp(address)) == .udp)
            #expect(kind(tcp) == .tcpListener)
            #expect(try kind(Sockets.tcpConnect(name(tcp))) == .tcpConnection)
            #expect(kind(unix) == .unixListener)
            #expect(try kind(Sockets.unixConnect("\(folder)/s")) == .unixConnection)
            #expect(kind(pair.first.descriptor) == .unixPackets)
            #expect(kind(file.descriptor) == .notASocket)
        }
    }

    private func kind(_ socket: borrowing Descriptor) -> SocketKind { SocketFacts.kind(of: socket.raw) }

    @Test("accept a connection with its peer's address, then say would-block")
    func accept() throws {
        let listener = try Sockets.tcp(anyPort())
        let client = try Sockets.tcpConnect(name(listener))
        try waitUntilReadable(listener.raw)
        guard case .accepted(let connection, let peer) = Sockets.accept(listener.raw) else {
            Issue.record("no connection")
            return
        }
        #expect(try peer == SocketFacts.name(of: client.raw))
        let buffer = ByteBuffer(limit: 10)
        #expect(buffer.receive(from: connection.raw) == .wouldBlock)
        guard case .wouldBlock = Sockets.accept(listener.raw) else {
            Issue.record("a second connection")
            return
        }
    }

    @Test("hand their keep-alive and no-delay on to what they accept")
    func inheritedOptions() throws {
        let listener = try Sockets.tcp(anyPort())
        try SocketOptions.setKeepAlive(listener.raw)
        try SocketOptions.setNoDelay(listener.raw)
        let client = try Sockets.tcpConnect(name(listener))
        try waitUntilReadable(listener.raw)
        guard case .accepted(let connection, _) = Sockets.accept(listener.raw) else {
            Issue.record("no connection")
            return
        }
        #expect(option(connection.raw, SOL_SOCKET, SO_KEEPALIVE) == 1)
        #expect(option(connection.raw, CInt(IPPROTO_TCP), TCP_KEEPIDLE) == 60)
        #expect(option(connection.raw, CInt(IPPROTO_TCP), TCP_NODELAY) == 1)
        #expect(option(client.raw, SOL_SOCKET, SO_KEEPALIVE) == 0)
    }

    private func option(_ raw: CInt, _ level: CInt, _ name: CInt) -> CInt? {
        var value: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        // Holds: these options are ints, and both variables live for the call.
        return unsafe getsockopt(raw, level, name, &value, &size) == 0 ? value : nil
    }

    @Test("say what keeps them from connecting")
    func refused() throws {
        let free = try name(Sockets.udp(anyPort()))
        #expect(throws: SystemCallError(call: "connect", code: ECONNREFUSED)) { _ = try Sockets.tcpConnect(free).raw }
        #expect(throws: SystemCallError(call: "connect", code: ENOENT)) {
            _ = try Sockets.unixConnect("/nonexistent/socket").raw
        }
        #expect(throws: SystemCallError(call: "connect", code: ENAMETOOLONG)) {
            _ = try Sockets.unixConnect(String(repeating: "x", count: 200)).raw
        }
    }

    @Test("on a path have the mode asked for and know who connected")
    func unix() throws {
        try withTemporaryDirectory { folder in
            let listener = try Sockets.unixListen("\(folder)/s", mode: 0o660)
            var status = stat()
            #expect(unsafe stat("\(folder)/s", &status) == 0 && status.st_mode & 0o777 == 0o660)
            let client = try Sockets.unixConnect("\(folder)/s")
            #expect(client.raw >= 0)
            guard case .accepted(let connection, nil) = Sockets.accept(listener.raw) else {
                Issue.record("no connection")
                return
            }
            let peer = try SocketFacts.peerCredentials(of: connection.raw)
            #expect(peer.pid == CurrentProcess.pid)
            #expect(peer.user == CurrentProcess.user && peer.group == CurrentProcess.group)
            let facts = String(decoding: try File.read("/proc/self/status", limit: 65_536), as: UTF8.self)
            let groups = try #require(facts.split(separator: "\n").first { $0.hasPrefix("Groups:") })
            let known = groups.split { $0 == " " || $0 == "\t" }.dropFirst().compactMap { UInt32($0) }
            #expect(try SocketFacts.peerGroups(of: connection.raw).sorted() == known.sorted())
        }
    }

    @Test("count the datagrams for which there was no room")
    func drops() throws {
        let socket = try Sockets.udp(anyPort())
        try SocketOptions.setReceiveBuffer(socket.raw, 4096)
        #expect(try SocketFacts.drops(of: socket.raw) == 0)
        let sender = try Sockets.udpConnect(name(socket))
        for _ in 0..<100 { _ = try Sockets.send(sender.raw, [UInt8](repeating: 0, count: 1000).span) }
        #expect(try SocketFacts.drops(of: socket.raw) > 0)
    }

    @Test("get a larger receive buffer when asked")
    func receiveBuffer() throws {
        let socket = try Sockets.udp(anyPort())
        try SocketOptions.setReceiveBuffer(socket.raw, 100_000)
        #expect(SocketFacts.receiveBuffer(of: socket.raw) == 200_000)
    }
}
