// SPDX-License-Identifier: Apache-2.0
/// A bare TCP or UDP client that sends exactly the bytes it is told to. Used where a decent client would not do what
/// the test is about.
/// Invariant: reading never waits beyond the deadline, and nothing is sent but what the test gave.

import LinuxIO

final class Client {
    private let socket: Descriptor
    private let buffer = ByteBuffer(limit: 1 << 20)

    static func tcp(_ port: UInt16) throws -> Client { Client(try Sockets.tcpConnect(address(port))) }
    static func udp(_ port: UInt16) throws -> Client { Client(try Sockets.udpConnect(address(port))) }

    private init(_ socket: consuming Descriptor) {
        // The broker may be dead when we write: an error, and no more.
        Signal.ignoreBrokenPipes()
        self.socket = socket
    }

    private static func address(_ port: UInt16) throws -> SocketAddress {
        guard let address = SocketAddress(numeric: "127.0.0.1", port: port) else { throw TimedOut("no loopback") }
        return address
    }

    /// All of it, as fast as the broker takes it. On UDP: one datagram.
    func send(_ bytes: [UInt8]) throws {
        if bytes.isEmpty {
            _ = try Sockets.send(socket.raw, bytes.span)
        } else {
            try File.write(socket.raw, bytes.span)
        }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func finish() { Sockets.shutdownWriting(socket.raw) }

    /// What has come, once there are so many bytes.
    func read(atLeast count: Int, until deadline: Deadline = .after()) throws -> [UInt8] {
        while buffer.count < count {
            guard try receive(until: deadline) else { throw TimedOut("\(count) bytes; the peer closed after \(text)") }
        }
        return bytes
    }

    /// So many bytes, which are not read again.
    func take(_ count: Int, until deadline: Deadline = .after()) throws -> [UInt8] {
        let taken = try read(atLeast: count, until: deadline).prefix(count)
        buffer.consume(count)
        return Array(taken)
    }

    /// A line, with what stood before it consumed.
    func line(until deadline: Deadline = .after()) throws -> String {
        while !bytes.contains(0x0A) {
            guard try receive(until: deadline) else { throw TimedOut("a line; the peer closed after \(text)") }
        }
        let line = bytes.prefix { $0 != 0x0A }
        buffer.consume(line.count + 1)
        return String(decoding: line, as: UTF8.self)
    }

    /// All that comes until the broker closes.
    func readToEnd(until deadline: Deadline = .after()) throws -> [UInt8] {
        while try receive(until: deadline) {}
        return bytes
    }

    private var bytes: [UInt8] { buffer.withReadable { span in span.indices.map { span[$0] } } }
    private var text: String { String(decoding: bytes, as: UTF8.self) }

    /// False at the peer's end.
    private func receive(until deadline: Deadline) throws -> Bool {
        guard try deadline.wait(on: socket.raw) else { throw TimedOut("bytes from the broker, after \(text)") }
        switch buffer.receive(from: socket.raw) {
        case .bytes, .wouldBlock: return true
        case .closed: return false
        case .full: throw TimedOut("more than a megabyte came")
        case .failed(let code): throw SystemCallError(call: "read", code: code)
        }
    }
}
