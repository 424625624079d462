// SPDX-License-Identifier: Apache-2.0
/// What tells two sockets of one name apart.
///
/// Used by Generation.socket.
/// Invariant: every socket is one of the two.

internal import LinuxIO

/// What tells two sockets of one name apart.
public enum SocketType: Sendable {
    /// TCP and the like.
    case stream
    /// UDP and the like.
    case datagram

    /// Nil for what is no socket.
    init?(of raw: CInt) {
        switch SocketFacts.kind(of: raw) {
        case .tcpListener, .tcpConnection, .unixListener, .unixConnection: self = .stream
        case .udp, .unixPackets, .other: self = .datagram
        case .notASocket: return nil
        }
    }
}
