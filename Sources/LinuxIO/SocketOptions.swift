// SPDX-License-Identifier: Apache-2.0
/// The switches of a socket, one function each.
/// Used by Ingress (port), BelfryClient and Control.
/// Invariant: a function either sets its option or throws with the option's name.

internal import CLinux
internal import Glibc

package enum SocketOptions {
    package static func setReuseAddress(_ raw: CInt) throws(SystemCallError) {
        try set(raw, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR")
    }

    /// Asks for so much; what the kernel then gives: `SocketFacts.receiveBuffer`. Beyond net.core.rmem_max only with the privilege.
    package static func setReceiveBuffer(_ raw: CInt, _ bytes: Int) throws(SystemCallError) {
        try systemCall("SO_RCVBUF") { belfry_set_receive_buffer(raw, CInt(clamping: bytes)) }
    }

    /// Trains of equal datagrams of one sender arrive as one, with the segment size beside it.
    package static func setUDPOffload(_ raw: CInt) throws(SystemCallError) {
        try systemCall("UDP_GRO") { belfry_set_udp_gro(raw) }
    }

    /// A peer that vanished without a word is found out after about two minutes of silence.
    package static func setKeepAlive(_ raw: CInt) throws(SystemCallError) {
        try set(raw, SOL_SOCKET, SO_KEEPALIVE, 1, "SO_KEEPALIVE")
        try set(raw, CInt(IPPROTO_TCP), TCP_KEEPIDLE, 60, "TCP_KEEPIDLE")
        try set(raw, CInt(IPPROTO_TCP), TCP_KEEPINTVL, 15, "TCP_KEEPINTVL")
        try set(raw, CInt(IPPROTO_TCP), TCP_KEEPCNT, 4, "TCP_KEEPCNT")
    }

    /// Acks are small and must not wait for company.
    package static func setNoDelay(_ raw: CInt) throws(SystemCallError) {
        try set(raw, CInt(IPPROTO_TCP), TCP_NODELAY, 1, "TCP_NODELAY")
    }

    package static func setIPv6Only(_ raw: CInt) throws(SystemCallError) {
        try set(raw, CInt(IPPROTO_IPV6), IPV6_V6ONLY, 1, "IPV6_V6ONLY")
    }

    private static func set(
        _ raw: CInt, _ level: CInt, _ option: CInt, _ value: CInt, _ name: String
    ) throws(SystemCallError) {
        var value = value
        try systemCall(name) { unsafe setsockopt(raw, level, option, &value, socklen_t(MemoryLayout<CInt>.size)) }
    }
}
