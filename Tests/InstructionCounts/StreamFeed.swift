// SPDX-License-Identifier: Apache-2.0
/// Sends messages to an AcceptorDrive through one TCP connection, and reads the acks of the native protocol.
///
/// Invariant: a batch is shorter than what a new connection's buffers hold, so that one write takes it all.

import LinuxIO
import Wire

final class StreamFeed: Feed {
    let batch = 256
    private let make: (UInt64) -> [UInt8]
    private let isNative: Bool
    private var socket: Descriptor?
    private var raw: CInt = -1
    private var number: UInt64 = 0
    private var acked: UInt64 = 0
    private let answers = ByteBuffer(capacity: 1 << 16, limit: 1 << 20)

    /// - Parameter isNative: it says HELLO first, and is acked.
    init(_ make: @escaping (UInt64) -> [UInt8], isNative: Bool) {
        self.make = make
        self.isNative = isNative
    }

    func connect(udp: SocketAddress, tcp: SocketAddress) throws {
        let connected = try Sockets.tcpConnect(tcp)
        raw = connected.raw
        try Descriptor.setNonBlocking(raw)
        socket = consume connected
        guard isNative else { return }
        var hello: [UInt8] = []
        NativeFrame.appendHello(SenderID(high: 1, low: 2), to: &hello)
        try write(hello)
    }

    func send() throws {
        var bytes: [UInt8] = []
        for _ in 0..<batch {
            number += 1
            bytes += make(number)
        }
        try write(bytes)
    }

    private func write(_ bytes: [UInt8]) throws {
        guard Descriptor.write(raw, bytes.span) == .wrote(bytes.count) else {
            throw Fault("the kernel does not take a batch")
        }
    }

    func isAcked() throws -> Bool {
        guard isNative else { return true }
        while case .bytes = answers.receive(from: raw) {}
        let used = try answers.withReadable { bytes in
            var start = 0
            while case .frame(let header, let payload, let next) = NativeFrame.next(
                in: bytes, from: start, ended: false, maxMessage: 1 << 16)
            {
                if header.kind == .error { throw Fault("the acceptor refuses a message") }
                if header.kind == .ack { acked = NativeFrame.ack(in: bytes, payload: payload) ?? 0 }
                start = next
            }
            return start
        }
        answers.consume(used)
        return acked == number
    }
}
