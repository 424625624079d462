// SPDX-License-Identifier: Apache-2.0
/// The broker's end of a service's socket: hands out deliveries and reads answers, as the test tells it to.
///
/// Used by the tests of services.
/// Invariant: reading never waits beyond ten seconds; the service's end is given away once.

import Glibc
import LinuxIO
import Testing
import Wire

/// An answer with its reason as text.
enum ServiceSaid: Equatable {
    case window(UInt32)
    case done(ClosedRange<UInt64>)
    case failed(UInt64, isFinal: Bool, reason: String)
    case other
}

final class SmallWorker {
    private let socket: Descriptor
    private let poller: Poller
    private let input = ByteBuffer(limit: 1 << 20)
    private var numbers: UInt64 = 0
    /// To be owned by the service.
    let serviceEnd: CInt

    init() throws {
        Signal.ignoreBrokenPipes()
        var ends: (CInt, CInt) = (-1, -1)
        let code = unsafe withUnsafeMutableBytes(of: &ends) {
            unsafe socketpair(
                AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0,
                $0.bindMemory(to: CInt.self).baseAddress!)
        }
        try #require(code == 0)
        socket = Descriptor(owning: ends.0)
        serviceEnd = ends.1
        poller = try Poller(capacity: 1)
        try poller.add(socket.raw, token: 0, events: .readable)
    }

    /// Hands out the bodies, each with the next number, in one write.
    func deliver(_ bodies: String..., attempt: UInt32 = 1, kind: UInt8 = 0, decoded: String = "") throws {
        var bytes: [UInt8] = []
        for body in bodies { append(body, attempt, kind, decoded, to: &bytes) }
        try send(bytes)
    }

    private func append(_ body: String, _ attempt: UInt32, _ kind: UInt8, _ decoded: String, to out: inout [UInt8]) {
        numbers += 1
        let fixed = ServiceFrame.Delivery(
            number: numbers, id: MessageID(log: 0x0123_4567_89AB_CDEF, epoch: 1, sequence: 41 + numbers),
            time: 1_764_000_000_000_000_001, attempt: attempt, isRedelivered: attempt > 1, wireProtocol: 1,
            decodedKind: kind)
        let (topic, source) = ("test.topic", "127.0.0.1:50122")
        var head = [UInt8](repeating: 0, count: ServiceFrame.Delivery.headCount)
        var span = head.mutableSpan
        // Any bits are a byte.
        var bytes = unsafe span.mutableBytes
        ServiceFrame.write(
            fixed, topic: topic.utf8.count, source: source.utf8.count, decoded: decoded.utf8.count,
            body: body.utf8.count, to: &bytes)
        out += head + Array((topic + source + decoded + body).utf8)
    }

    /// As the broker does: nothing more comes, then the end of the stream.
    func finish() throws {
        var bytes: [UInt8] = []
        ServiceFrame.appendFinish(milliseconds: 1000, to: &bytes)
        try send(bytes)
        hangUp()
    }

    /// The end of the stream.
    func hangUp() { Sockets.shutdownWriting(socket.raw) }

    func send(_ bytes: [UInt8]) throws { try File.write(socket.raw, bytes.span) }

    /// Everything said until it is so many answers; ranges count once.
    func hear(_ count: Int) throws -> [ServiceSaid] {
        var said: [ServiceSaid] = []
        while said.count < count { said += try hearMore() }
        return said
    }

    /// Everything said until the service has closed.
    func hearToEnd() throws -> [ServiceSaid] {
        var said: [ServiceSaid] = []
        while true {
            do { said += try hearMore() } catch is HasClosed { return said }
        }
    }

    struct HasClosed: Error {}

    private func hearMore() throws -> [ServiceSaid] {
        try #require(try poller.wait(timeoutNanoseconds: 10_000_000_000) > 0, "the service says nothing")
        switch input.receive(from: socket.raw) {
        case .closed: throw HasClosed()
        default: break
        }
        let (said, used) = input.withReadable { Self.read($0) }
        input.consume(used)
        return said
    }

    private static func read(_ bytes: Span<UInt8>) -> ([ServiceSaid], Int) {
        var said: [ServiceSaid] = []
        var start = 0
        while case .frame(let kind, _, let payload) = ServiceFrame.next(
            in: bytes, from: start, most: ServiceFrame.maximumAnswer)
        {
            switch ServiceFrame.answer(kind, in: bytes, payload: payload) {
            case .window(let count): said.append(.window(count))
            case .done(let count):
                for index in 0..<count {
                    if let range = ServiceFrame.range(index, in: bytes, payload: payload) { said.append(.done(range)) }
                }
            case .fail(let number, let isFinal, let reason):
                var text: [UInt8] = []
                bytes.append(reason, to: &text)
                said.append(.failed(number, isFinal: isFinal, reason: String(decoding: text, as: UTF8.self)))
            case .garbage, .unknown: said.append(.other)
            }
            start = payload.upperBound
        }
        return (said, start)
    }
}
