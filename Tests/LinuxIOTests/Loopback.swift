// SPDX-License-Identifier: Apache-2.0
/// Addresses on this machine for the tests of this folder. The kernel chooses every port, so that two checkouts can
/// be tested at once.
/// Invariant: nothing here reaches beyond loopback.

import LinuxIO
import Testing

/// Any free port.
func anyPort() throws -> SocketAddress { try #require(SocketAddress(numeric: "127.0.0.1", port: 0)) }

/// Where the socket is bound.
func name(_ socket: borrowing Descriptor) throws -> SocketAddress {
    let name = try SocketFacts.name(of: socket.raw)
    return try #require(name)
}
