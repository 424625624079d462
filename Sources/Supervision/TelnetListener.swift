// SPDX-License-Identifier: Apache-2.0
/// The TCP socket on which belfryd may be asked by telnet, where the settings want one.
///
/// Held by ControlServer.
/// Invariant: it listens from its making on; who comes in is served once the control socket is open.

internal import LinuxIO
internal import Settings

final class TelnetListener {
    private let socket: Descriptor
    /// "127.0.0.1:2356"
    let name: String
    var raw: CInt { socket.raw }

    /// Goes on with a predecessor's.
    init(_ socket: consuming Descriptor) {
        name = (try? SocketFacts.name(of: socket.raw))??.description ?? ""
        self.socket = socket
    }

    init(_ telnet: Settings.Control.Telnet) throws {
        let host = telnet.address
        do {
            guard let address = SocketAddress(numeric: host, port: telnet.port) else {
                throw StartFault("control.telnet \(host): not a numeric IPv4 or IPv6 address")
            }
            let socket = try Sockets.tcp(address, backlog: 16)
            name = try SocketFacts.name(of: socket.raw)?.description ?? ""
            self.socket = socket
        } catch let error as SystemCallError {
            throw StartFault(
                "control.telnet \(host):\(telnet.port): \(error); choose another address or port, or leave it out")
        }
    }
}
