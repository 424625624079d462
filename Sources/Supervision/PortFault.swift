// SPDX-License-Identifier: Apache-2.0
/// Why the port could not be had, in words: the address, what is wrong, who holds it as far as that can be read, what
/// to do. Used by PortSockets. Pure but for looking at /proc when the port is taken.
/// Invariant: every sentence names the address and ends with what would help.

internal import Glibc
package import LinuxIO

package enum PortFault {
    package static func describe(_ error: SystemCallError, _ address: SocketAddress, tcp: Bool) -> StartFault {
        describe(error, address, tcp: tcp, holders: error.code == EADDRINUSE ? holders(address, tcp) : [])
    }

    static func describe(
        _ error: SystemCallError, _ address: SocketAddress, tcp: Bool, holders: [SocketTable.Holder]
    ) -> StartFault {
        let what = "port \(address) (\(tcp ? "TCP" : "UDP"))"
        switch error.code {
        case EADDRINUSE:
            let who = holders.isEmpty ? "another program" : holders.map(\.description).joined(separator: ", ")
            let may = holders.isEmpty ? " (which one, root can see: ss -\(tcp ? "t" : "u")lnp)" : ""
            return StartFault("\(what): in use by \(who)\(may); stop it, or choose another port.number in the settings")
        case EACCES, EPERM:
            return StartFault(
                "\(what): no right to bind it; numbers below 1024 need CAP_NET_BIND_SERVICE: let systemd hand the "
                    + "sockets over (deploy/systemd), or choose a port.number from 1024 on")
        case EADDRNOTAVAIL:
            return StartFault(
                "\(what): this machine has no such address; choose one that `ip address` shows as port.address, "
                    + "or 0.0.0.0 or :: for all of them")
        case EAFNOSUPPORT:
            return StartFault(
                "\(what): this machine has no \(address.isIPv6 ? "IPv6" : "IPv4"); choose another port.address")
        default: return StartFault("\(what): \(error)")
        }
    }

    private static func holders(_ address: SocketAddress, _ tcp: Bool) -> [SocketTable.Holder] {
        SocketTable.holders(of: address.port, tcp: tcp)
    }
}
