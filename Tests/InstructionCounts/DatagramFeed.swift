// SPDX-License-Identifier: Apache-2.0
/// Sends UDP datagrams to an AcceptorDrive, each for itself or in trains.
///
/// Invariant: a batch is what the acceptor takes with one `recvmmsg`, or four of the kernel's trains.

import LinuxIO

final class DatagramFeed: Feed {
    private let make: (UInt64) -> [UInt8]
    private let together: Int
    private var socket: Descriptor?
    private var raw: CInt = -1
    private var number: UInt64 = 0

    /// - Parameter together: messages to a system call (UDP_SEGMENT).
    init(_ make: @escaping (UInt64) -> [UInt8], together: Int) {
        self.make = make
        self.together = together
    }

    var batch: Int { together == 1 ? 64 : 4 * together }

    func connect(udp: SocketAddress, tcp: SocketAddress) throws {
        let connected = try Sockets.udpConnect(udp)
        raw = connected.raw
        socket = consume connected
    }

    func send() throws {
        for _ in 0..<batch / together { try sendTrain() }
    }

    private func sendTrain() throws {
        var bytes: [UInt8] = []
        for _ in 0..<together {
            number += 1
            bytes += make(number)
        }
        let segment = together == 1 ? 0 : UInt16(bytes.count / together)
        guard DatagramTrain.send(raw, bytes.span, segment: segment) == .sent else {
            throw Fault("the kernel does not take a datagram")
        }
    }

    func isAcked() -> Bool { true }
}
