// SPDX-License-Identifier: Apache-2.0
/// Makes the sockets that Belfry uses: the port (UDP, TCP), the control socket, and clients of both.
/// Used by Ingress, Supervision, Control, BelfryClient. What they say about themselves: SocketFacts; switches: SocketOptions.
/// Invariant: every descriptor made here is closed on exec; those that serve are non-blocking, those of clients
/// block but for `tcpBegin`'s.

internal import CLinux
internal import Glibc

package enum Sockets {
    /// A bound UDP socket.
    package static func udp(_ address: SocketAddress) throws(SystemCallError) -> Descriptor {
        let socket = try make(address.family, SOCK_DGRAM, SOCK_NONBLOCK)
        try bind(socket.raw, address)
        return socket
    }

    /// A listening TCP socket. SO_REUSEADDR: connections of a predecessor that linger must not keep the port.
    package static func tcp(
        _ address: SocketAddress, backlog: CInt = 4096
    ) throws(SystemCallError) -> Descriptor {
        let socket = try make(address.family, SOCK_STREAM, SOCK_NONBLOCK)
        try SocketOptions.setReuseAddress(socket.raw)
        try bind(socket.raw, address)
        try listen(socket.raw, backlog)
        return socket
    }

    package static let unixBacklog: CInt = 128

    /// A listening Unix socket at a path that must be free. The mode is set before anybody can connect.
    package static func unixListen(
        _ path: String, mode: UInt32 = 0o600, backlog: CInt = unixBacklog
    ) throws(SystemCallError) -> Descriptor {
        let socket = try make(AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK)
        let raw = socket.raw
        try unsafe withUnixForm(path, "bind") { unsafe Glibc.bind(raw, $0, $1) }
        try systemCall("chmod") { unsafe chmod(path, mode) }
        try listen(raw, backlog)
        return socket
    }

    /// Goes on with a listener that another process may have made: who connects from now on is told of us (SO_PEERCRED).
    package static func unixListenOn(_ raw: CInt) throws(SystemCallError) { try listen(raw, unixBacklog) }

    package static func unixConnect(_ path: String) throws(SystemCallError) -> Descriptor {
        let socket = try make(AF_UNIX, SOCK_STREAM)
        let raw = socket.raw
        try unsafe withUnixForm(path, "connect") { unsafe Glibc.connect(raw, $0, $1) }
        return socket
    }

    package static func tcpConnect(_ address: SocketAddress) throws(SystemCallError) -> Descriptor {
        try connect(try make(address.family, SOCK_STREAM), address)
    }

    /// Begins to connect, without waiting: once the socket is writable, `SocketFacts.pendingError` says how it went.
    package static func tcpBegin(_ address: SocketAddress) throws(SystemCallError) -> Descriptor {
        let socket = try make(address.family, SOCK_STREAM, SOCK_NONBLOCK)
        let raw = socket.raw
        let (_, code) = uninterrupted { unsafe address.withKernelForm { unsafe Glibc.connect(raw, $0, $1) } }
        guard code == 0 || code == EINPROGRESS else { throw SystemCallError(call: "connect", code: code) }
        return socket
    }

    /// A UDP socket that sends to one address and hears of its refusals.
    package static func udpConnect(_ address: SocketAddress) throws(SystemCallError) -> Descriptor {
        try connect(try make(address.family, SOCK_DGRAM), address)
    }

    /// The next waiting connection, non-blocking.
    package static func accept(_ listener: CInt) -> AcceptResult {
        var form = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // Holds: the length names the room; the kernel writes no more and says how much.
        let (raw, code) = uninterrupted {
            unsafe withUnsafeMutableBytes(of: &form) { unsafe belfry_accept(listener, $0.baseAddress, &length) }
        }
        switch code {
        case 0:
            let peer = unsafe withUnsafeBytes(of: &form) {
                unsafe SocketAddress(UnsafeRawBufferPointer(rebasing: $0.prefix(Int(length))))
            }
            return .accepted(Descriptor(owning: raw), peer)
        case EAGAIN: return .wouldBlock
        // The peer went away while it waited: the listener itself is well. accept(2) asks to treat these as "again".
        case ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH:
            return .aborted
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(code)
        default: return .failed(code)
        }
    }

    /// Sends one datagram on a connected socket; false when the kernel would not take it now.
    package static func send(_ raw: CInt, _ bytes: borrowing Span<UInt8>) throws(SystemCallError) -> Bool {
        let (_, code) = unsafe bytes.withUnsafeBytes { bytes in
            uninterrupted { unsafe Glibc.send(raw, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL)) }
        }
        if code == EAGAIN || code == ENOBUFS { return false }
        guard code == 0 else { throw SystemCallError(call: "send", code: code) }
        return true
    }

    /// Writes once to a connection, as much as fits now; the program need not ignore SIGPIPE.
    package static func write(_ raw: CInt, _ bytes: borrowing Span<UInt8>) -> WriteResult {
        let (put, code) = unsafe bytes.withUnsafeBytes { bytes in
            uninterrupted { unsafe Glibc.send(raw, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL)) }
        }
        switch code {
        case 0: return .wrote(put)
        case EAGAIN: return .wouldBlock
        case EPIPE, ECONNRESET: return .closed
        default: return .failed(code)
        }
    }

    /// No more bytes will be sent; the peer sees the end.
    package static func shutdownWriting(_ raw: CInt) { _ = shutdown(raw, CInt(SHUT_WR)) }
}

package enum AcceptResult: ~Copyable {
    /// The peer's address is missing for Unix sockets.
    case accepted(Descriptor, SocketAddress?)
    case wouldBlock
    /// That connection was gone already; ask again.
    case aborted
    /// Out of descriptors or memory: the connection still waits in the kernel.
    case exhausted(CInt)
    case failed(CInt)
}

extension Sockets {
    /// Sends as much as fits now over a connected Unix socket, and a duplicate of the descriptor with its first byte.
    package static func send(_ bytes: borrowing Span<UInt8>, to raw: CInt, passing passed: CInt) -> WriteResult {
        let (put, code) = unsafe bytes.withUnsafeBytes { bytes in
            uninterrupted { unsafe belfry_send_packet(raw, bytes.baseAddress, bytes.count, passed) }
        }
        switch code {
        case 0: return .wrote(put)
        case EAGAIN, ENOBUFS: return .wouldBlock
        case EPIPE, ECONNRESET: return .closed
        default: return .failed(code)
        }
    }

    private static func make(
        _ family: CInt, _ type: __socket_type, _ flags: __socket_type? = nil
    ) throws(SystemCallError) -> Descriptor {
        let type = CInt(type.rawValue | SOCK_CLOEXEC.rawValue | (flags?.rawValue ?? 0))
        let socket = Descriptor(owning: try systemCall("socket") { Glibc.socket(family, type, 0) })
        // An IPv6 wildcard is meant as written: IPv4 has an address of its own.
        if family == AF_INET6 { try SocketOptions.setIPv6Only(socket.raw) }
        return socket
    }

    private static func bind(_ raw: CInt, _ address: SocketAddress) throws(SystemCallError) {
        try systemCall("bind") { unsafe address.withKernelForm { unsafe Glibc.bind(raw, $0, $1) } }
    }

    private static func listen(_ raw: CInt, _ backlog: CInt) throws(SystemCallError) {
        try systemCall("listen") { Glibc.listen(raw, backlog) }
    }

    private static func connect(
        _ socket: consuming Descriptor, _ address: SocketAddress
    ) throws(SystemCallError) -> Descriptor {
        let raw = socket.raw
        try systemCall("connect") { unsafe address.withKernelForm { unsafe Glibc.connect(raw, $0, $1) } }
        return socket
    }

    private static func withUnixForm(
        _ path: String, _ call: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) throws(SystemCallError) {
        var form = sockaddr_un()
        form.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: form.sun_path) - 1
        guard bytes.count <= room, !bytes.isEmpty else {
            throw SystemCallError(call: call, code: bytes.isEmpty ? ENOENT : ENAMETOOLONG)
        }
        // Holds: the path and its closing zero fit, checked just now.
        unsafe withUnsafeMutableBytes(of: &form.sun_path) { unsafe $0.copyBytes(from: bytes) }
        try systemCall(call) {
            unsafe withUnsafePointer(to: &form) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
    }
}
