// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import Testing
import Wire

/// A TCP client in the test's hand: what it sends goes out at once, what it got is read without waiting.
///
/// Invariant: it never blocks, so that the same thread can step the acceptor.
final class TestClient {
    private var socket: Descriptor?
    let raw: CInt
    private let buffer = ByteBuffer(limit: 1 << 24)
    private(set) var isClosed = false

    init(_ listener: CInt) throws {
        let name = try SocketFacts.name(of: listener)
        let connected = try Sockets.tcpConnect(try #require(name))
        raw = connected.raw
        socket = consume connected
        try Descriptor.setNonBlocking(raw)
    }

    /// How many bytes the kernel took.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Int {
        if case .wrote(let count) = Descriptor.write(raw, bytes.span) { count } else { 0 }
    }

    @discardableResult
    func send(_ text: String) -> Int { send(Array(text.utf8)) }

    /// Sends no more, and still reads.
    func end() { Sockets.shutdownWriting(raw) }

    func close() { socket = nil }

    /// Breaks the connection off instead of ending it in good order (SO_LINGER of 0, socket(7)).
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        // Holds: the option is this struct, and lives for the call.
        let size = socklen_t(MemoryLayout.size(ofValue: linger))
        #expect(unsafe setsockopt(raw, SOL_SOCKET, SO_LINGER, &linger, size) == 0)
        close()
    }

    var address: String {
        get throws {
            let name = try SocketFacts.name(of: raw)
            return try #require(name).description
        }
    }

    /// Everything received and not yet taken.
    func received() -> [UInt8] {
        while !isClosed {
            switch buffer.receive(from: raw) {
            case .bytes: continue
            case .closed, .failed: isClosed = true
            case .wouldBlock, .full: return bytes()
            }
        }
        return bytes()
    }

    func text() -> String { String(decoding: received(), as: UTF8.self) }

    /// Whether the broker has closed the connection.
    func sawEnd() -> Bool {
        _ = received()
        return isClosed
    }

    /// The native frames received so far.
    func frames() -> [Frame] {
        let bytes = received()
        var frames: [Frame] = []
        var start = 0
        while case .frame(let header, let payload, let next) = NativeFrame.next(
            in: bytes.span, from: start, ended: false, maxMessage: 1 << 20)
        {
            if let frame = Frame(header, payload, bytes.span) { frames.append(frame) }
            start = next
        }
        return frames
    }

    /// What a broker says.
    enum Frame: Equatable {
        case welcome(last: UInt64, maxMessage: UInt32)
        case ack(UInt64)
        case error(UInt64, Refusal?)

        init?(_ header: NativeFrame.Header, _ payload: Range<Int>, _ bytes: Span<UInt8>) {
            switch header.kind {
            case .welcome:
                guard let found = NativeFrame.welcome(in: bytes, payload: payload) else { return nil }
                self = .welcome(last: found.lastAccepted, maxMessage: found.maxMessage)
            case .ack:
                guard let number = NativeFrame.ack(in: bytes, payload: payload) else { return nil }
                self = .ack(number)
            case .error:
                guard let fault = NativeFrame.fault(in: bytes, payload: payload) else { return nil }
                self = .error(fault.number, Refusal(code: fault.code))
            default: return nil
            }
        }
    }

    private func bytes() -> [UInt8] {
        buffer.withReadable { span in
            var bytes: [UInt8] = []
            span.append(span.indices, to: &bytes)
            return bytes
        }
    }
}

/// Gives a socket, and what it accepts, small buffers that do not grow, so that it is soon full.
func shrinkBuffers(_ raw: CInt) {
    for option in [SO_SNDBUF, SO_RCVBUF] {
        var size: CInt = 64 << 10
        // Holds: the option is an int, and lives for the call.
        #expect(unsafe setsockopt(raw, SOL_SOCKET, option, &size, 4) == 0)
    }
}

/// Frames as a sender writes them.
enum Native {
    static func hello(_ id: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        NativeFrame.appendHello(SenderID(high: id, low: ~id), to: &bytes)
        return bytes
    }

    static func publish(_ number: UInt64, _ topic: String = "a.b", _ body: String = "hello") -> [UInt8] {
        var bytes: [UInt8] = []
        NativeFrame.appendPublish(
            number: number, topic: Array(topic.utf8).span, body: Array(body.utf8).span, to: &bytes)
        return bytes
    }
}
