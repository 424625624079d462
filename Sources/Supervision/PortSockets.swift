// SPDX-License-Identifier: Apache-2.0
/// The port's sockets: taken over by name from whoever started us, else bound, UDP and TCP on the same number.
///
/// Held by the Supervisor, so that they outlive every acceptor; acceptors get duplicates.
/// Invariant: at least one of the two is there until `close`, and both have the same port number if we bound them.

internal import LinuxIO
package import HotRestart
package import Settings

package final class PortSockets {
    package final class Socket {
        private let descriptor: Descriptor
        package var raw: CInt { descriptor.raw }

        init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
    }

    package private(set) var udp: Socket?
    package private(set) var tcp: Socket?
    /// They were handed over: whoever did that keeps them, and what waits in them.
    package let isInherited: Bool
    /// "127.0.0.1:2355"
    package private(set) var name = ""
    /// What the kernel gives the UDP socket's queue, in bytes, if that is less than was asked for.
    package private(set) var smallBuffer: Int?

    /// Takes `udp` and `tcp` if one of them is there, and nothing else may be; binds otherwise.
    package init(_ port: Settings.Port, _ inherited: InheritedDescriptors) throws {
        if inherited.names.isEmpty {
            isInherited = false
            try bind(port)
        } else {
            isInherited = true
            try adopt(inherited)
        }
        try tellName()
        try sizeBuffer(port.receiveBuffer)
    }

    private func tellName() throws {
        guard let raw = tcp?.raw ?? udp?.raw, let address = try SocketFacts.name(of: raw) else {
            throw StartFault("port: neither UDP nor TCP is asked for; set port.udp or port.tcp to true")
        }
        name = address.description
    }

    /// Goes on with those of a predecessor.
    /// - Parameter isInherited: whoever started the first generation keeps them.
    package init(handedOver inherited: InheritedDescriptors, isInherited: Bool, _ port: Settings.Port) throws {
        self.isInherited = isInherited
        if let socket = inherited.take("udp", .udp) { udp = Socket(socket) }
        if let socket = inherited.take("tcp", .tcpListener) { tcp = Socket(socket) }
        try tellName()
        noteBuffer(port.receiveBuffer)
    }

    /// Asks for another queue for the UDP socket, from now on.
    package func adopt(receiveBuffer wanted: Int) {
        smallBuffer = nil
        // A socket that keeps what it has works on.
        do { try sizeBuffer(wanted, mayShrink: !isInherited) } catch { smallBuffer = nil }
    }

    /// Gives the port up. What others hold of it (systemd) lives on.
    package func close() {
        udp = nil
        tcp = nil
    }

    private func adopt(_ inherited: InheritedDescriptors) throws {
        let names = inherited.names
        // Sockets that systemd made block; an acceptor that reads until there is nothing more must not.
        if let socket = inherited.take("udp", .udp) {
            try Descriptor.setNonBlocking(socket.raw)
            udp = Socket(socket)
        }
        if let socket = inherited.take("tcp", .tcpListener) {
            try Descriptor.setNonBlocking(socket.raw)
            tcp = Socket(socket)
        }
        do {
            try inherited.finish()
        } catch {
            throw StartFault(
                "sockets handed over (LISTEN_FDNAMES) as \(names.joined(separator: ":")): belfryd takes one UDP socket "
                    + "named udp and one listening TCP socket named tcp; see FileDescriptorName= in deploy/systemd")
        }
    }

    private func bind(_ port: Settings.Port) throws {
        // With number 0 the kernel chooses for one protocol, and the other may have it in use: then choose again.
        var tries = port.number == 0 && port.udp && port.tcp ? 64 : 1
        while true {
            tries -= 1
            do {
                return try bindOnce(port)
            } catch let fault as StartFault {
                guard tries > 0 else { throw fault }
                close()
            }
        }
    }

    private func bindOnce(_ port: Settings.Port) throws {
        guard var address = SocketAddress(numeric: port.address, port: port.number) else {
            throw StartFault("port.address \(port.address): not a numeric IPv4 or IPv6 address")
        }
        if port.tcp {
            do throws(SystemCallError) {
                let socket = try Sockets.tcp(address)
                if let bound = try SocketFacts.name(of: socket.raw) { address = bound }
                tcp = Socket(socket)
            } catch {
                throw PortFault.describe(error, address, tcp: true)
            }
        }
        if port.udp {
            do throws(SystemCallError) {
                udp = Socket(try Sockets.udp(address))
            } catch {
                throw PortFault.describe(error, address, tcp: false)
            }
        }
    }

    private func sizeBuffer(_ wanted: Int, mayShrink: Bool = false) throws {
        guard let raw = udp?.raw else { return }
        // A larger one, given by whoever made the socket, stays.
        if !mayShrink, SocketFacts.receiveBuffer(of: raw) >= 2 * wanted { return }
        try SocketOptions.setReceiveBuffer(raw, wanted)
        noteBuffer(wanted)
    }

    private func noteBuffer(_ wanted: Int) {
        guard let raw = udp?.raw else { return }
        // The kernel counts double, for its own book-keeping.
        let granted = SocketFacts.receiveBuffer(of: raw) / 2
        if granted < wanted { smallBuffer = granted }
    }
}
