// SPDX-License-Identifier: Apache-2.0
/// What a socket says about itself: its kind, names, peer, losses. Used by Ingress, Supervision and HotRestart, which
/// must check a descriptor that somebody else made before they serve it.
/// Invariant: asking changes nothing.

internal import CLinux
internal import Glibc

package enum SocketKind: Equatable, Sendable {
    case udp
    case tcpListener
    case tcpConnection
    case unixListener
    case unixConnection
    case unixPackets
    case other
    case notASocket
}

package struct PeerCredentials: Equatable, Sendable {
    package let pid: CInt
    package let user: UInt32
    package let group: UInt32

    package init(pid: CInt, user: UInt32, group: UInt32) {
        self.pid = pid
        self.user = user
        self.group = group
    }
}

package enum SocketFacts {
    package static func kind(of raw: CInt) -> SocketKind {
        guard let domain = option(raw, belfry_so_domain), let type = option(raw, belfry_so_type) else {
            return .notASocket
        }
        let listening = option(raw, belfry_so_acceptconn) == 1
        switch (domain, UInt32(bitPattern: type)) {
        case (AF_INET, SOCK_DGRAM.rawValue), (AF_INET6, SOCK_DGRAM.rawValue): return .udp
        case (AF_INET, SOCK_STREAM.rawValue), (AF_INET6, SOCK_STREAM.rawValue):
            return listening ? .tcpListener : .tcpConnection
        case (AF_UNIX, SOCK_STREAM.rawValue): return listening ? .unixListener : .unixConnection
        case (AF_UNIX, SOCK_SEQPACKET.rawValue): return .unixPackets
        default: return .other
        }
    }

    /// Where it is bound, "127.0.0.1:514" as text; nil for a Unix socket.
    package static func name(of raw: CInt) throws(SystemCallError) -> SocketAddress? {
        try unsafe address("getsockname") { unsafe getsockname(raw, $0, $1) }
    }

    package static func peer(of raw: CInt) throws(SystemCallError) -> SocketAddress? {
        try unsafe address("getpeername") { unsafe getpeername(raw, $0, $1) }
    }

    /// Who connected to a Unix socket, as the kernel knows it.
    package static func peerCredentials(of raw: CInt) throws(SystemCallError) -> PeerCredentials {
        var pid: CInt = 0
        var user: UInt32 = 0
        var group: UInt32 = 0
        try systemCall("SO_PEERCRED") { unsafe belfry_peer_credentials(raw, &pid, &user, &group) }
        return PeerCredentials(pid: pid, user: user, group: group)
    }

    /// The supplementary groups of whoever connected, at that moment.
    package static func peerGroups(of raw: CInt) throws(SystemCallError) -> [UInt32] {
        var groups = [UInt32](repeating: 0, count: 64)
        while true {
            var count = UInt32(groups.count)
            // Holds: the count names the room, and what is there of it afterwards.
            let (_, code) = uninterrupted { unsafe belfry_peer_groups(raw, &groups, &count) }
            if code == 0 { return Array(groups.prefix(Int(count))) }
            guard code == ERANGE, count > groups.count else { throw SystemCallError(call: "SO_PEERGROUPS", code: code) }
            groups = [UInt32](repeating: 0, count: Int(count))
        }
    }

    /// How many datagrams (trains, with the offload on) the kernel dropped for want of room. 32 bits: it may wrap.
    package static func drops(of raw: CInt) throws(SystemCallError) -> UInt32 {
        var drops: UInt32 = 0
        try systemCall("SO_MEMINFO") { unsafe belfry_socket_drops(raw, &drops) }
        return drops
    }

    /// What the kernel really gives: double of what was asked for, its own book-keeping counted in.
    package static func receiveBuffer(of raw: CInt) -> Int { Int(option(raw, belfry_so_rcvbuf) ?? 0) }

    /// The error that waits on the socket, if there is one; asking takes it away.
    package static func pendingError(of raw: CInt) -> CInt { option(raw, belfry_so_error) ?? errno }

    private static func option(_ raw: CInt, _ option: CInt) -> CInt? {
        var value: CInt = 0
        return unsafe belfry_get_option(raw, option, &value) == 0 ? value : nil
    }

    private static func address(
        _ call: String, _ ask: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
    ) throws(SystemCallError) -> SocketAddress? {
        var form = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        try systemCall(call) {
            // Holds: the length names the room, and sockaddr_storage is aligned for every family.
            unsafe withUnsafeMutableBytes(of: &form) {
                unsafe ask($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
            }
        }
        return unsafe withUnsafeBytes(of: &form) {
            unsafe SocketAddress(UnsafeRawBufferPointer(rebasing: $0.prefix(Int(length))))
        }
    }
}
