// SPDX-License-Identifier: Apache-2.0
/// The asking end of the control socket: one connection, one request after the other.
///
/// Used by the command-line tool's verbs.
/// Invariant: an answer is given out whole or not at all, and no wait is longer than its time-out.

package import LinuxIO

package enum ControlClientError: Error, Equatable, CustomStringConvertible {
    /// The socket could not be reached.
    case unreachable(path: String, reason: SystemCallError)
    /// The broker's own sentence, and the lines that it sent before (faults of a configuration, one on each).
    case refused(String, lines: [UInt8] = [])
    /// The broker ended the connection before the answer was whole.
    case closed
    case timedOut(Duration)
    case failed(SystemCallError)

    package var description: String {
        switch self {
        case .unreachable(let path, let reason): "\(path): \(reason.reason)"
        case .refused(let sentence, _): sentence
        case .closed: "belfryd ended the connection before its answer was whole; look at its log"
        case .timedOut(let time):
            "belfryd did not answer within \(HumanText.duration(time.nanoseconds)); look at its log"
        case .failed(let error): "the control connection failed: \(error)"
        }
    }
}

package final class ControlClient {
    /// Bytes of the longest answer that is believed.
    package static let longestAnswer = 16 << 20
    private static let second: UInt64 = 1_000_000_000

    private let socket: Descriptor
    private let poller: Poller
    private let buffer = ByteBuffer(limit: ControlClient.longestAnswer)
    /// What came along with the last answer.
    private var passed: Descriptor?

    /// Readable at the broker's end, between two answers.
    package var raw: CInt { socket.raw }

    package init(path: String) throws(ControlClientError) {
        do {
            socket = try Sockets.unixConnect(path)
        } catch {
            throw .unreachable(path: path, reason: error)
        }
        do {
            try Descriptor.setNonBlocking(socket.raw)
            poller = try Poller()
            try poller.add(socket.raw, token: 0, events: .readable)
        } catch {
            throw .failed(error)
        }
    }

    /// The payload of the answer: whole lines, or nothing.
    /// - Parameters:
    ///   - timeout: nil waits for ever.
    ///   - waiting: is told about once a second for how many nanoseconds it has waited.
    package func ask(
        _ request: ControlRequest, timeout: Duration? = .seconds(10), waiting: (UInt64) -> Void = { _ in }
    ) throws(ControlClientError) -> [UInt8] {
        try send(request)
        return try answer(timeout, waiting)
    }

    /// For an answer that takes long: each of its lines is given out as it comes.
    /// - Parameters: `timeout`: nil waits for ever. `each`: a whole line, with its newline.
    package func follow(
        _ request: ControlRequest, timeout: Duration? = nil, waiting: (UInt64) -> Void = { _ in },
        each: ([UInt8]) throws -> Void
    ) throws {
        try send(request)
        let start = Clock.monotonic()
        while true {
            var from = 0
            let step = buffer.withReadable { ControlReply.parse($0, from: &from) }
            let lines = buffer.withReadable { span in (0..<from).map { span[$0] } }
            for line in lines.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
                try each(Array(line) + [0x0A])
            }
            switch step {
            case .success(_, let next): return buffer.consume(next)
            case .error(let sentence, let next):
                let bytes = take(sentence.upperBound, next)
                throw ControlClientError.refused(String(decoding: bytes[sentence], as: UTF8.self))
            case .more:
                buffer.consume(from)
                try receive(since: start, timeout, waiting)
            }
        }
    }

    private func send(_ request: ControlRequest) throws(ControlClientError) {
        let line = ByteBuffer(limit: ControlRequest.maximumCount + 1)
        line.append(Array((request.line + "\n").utf8))
        switch line.write(to: socket.raw) {
        // A request is smaller than any socket's buffer, and the one before it has been answered.
        case .wrote, .wouldBlock: break
        case .closed: throw .closed
        case .failed(let code): throw .failed(SystemCallError(call: "write", code: code))
        }
    }

    /// For a request that is answered with a descriptor; nil if none came along.
    package func askForDescriptor(
        _ request: ControlRequest, timeout: Duration = .seconds(10)
    ) throws(ControlClientError) -> Descriptor? {
        passed = nil
        _ = try ask(request, timeout: timeout)
        return passed.take()
    }

    /// The process that made the socket; nil if it is not of our world (another container's).
    package var server: CInt? {
        (try? SocketFacts.peerCredentials(of: socket.raw).pid).flatMap { $0 > 0 ? $0 : nil }
    }

    /// Waits, for as long as it takes, until the broker ends the connection, as it does at its own end.
    package func waitForEnd() throws(ControlClientError) {
        while true {
            do {
                _ = try poller.wait(timeoutNanoseconds: nil)
            } catch {
                throw .failed(error)
            }
            switch buffer.receive(from: socket.raw) {
            case .bytes: buffer.consume(buffer.withReadable { $0.count })
            case .wouldBlock: break
            case .closed, .failed, .full: return
            }
        }
    }

    private func answer(
        _ timeout: Duration?, _ waiting: (UInt64) -> Void
    ) throws(ControlClientError) -> [UInt8] {
        let start = Clock.monotonic()
        var from = 0
        while true {
            let step = buffer.withReadable { ControlReply.parse($0, from: &from) }
            switch step {
            case .success(let payload, let next): return take(payload, next)
            case .error(let sentence, let next):
                let bytes = take(sentence.upperBound, next)
                throw .refused(
                    String(decoding: bytes[sentence], as: UTF8.self),
                    lines: Array(bytes[..<(sentence.lowerBound - ControlReply.errorWord.utf8.count)]))
            case .more: try receive(since: start, timeout, waiting)
            }
        }
    }

    private func take(_ count: Int, _ next: Int) -> [UInt8] {
        let bytes = buffer.withReadable { span in (0..<count).map { span[$0] } }
        buffer.consume(next)
        return bytes
    }

    private func receive(
        since start: UInt64, _ timeout: Duration?, _ waiting: (UInt64) -> Void
    ) throws(ControlClientError) {
        let waited = Clock.monotonic() - start
        if let timeout, waited >= timeout.nanoseconds { throw .timedOut(timeout) }
        if waited >= Self.second { waiting(waited) }
        do {
            let left = timeout.map { $0.nanoseconds - waited } ?? Self.second
            guard try poller.wait(timeoutNanoseconds: min(left, Self.second)) > 0 else { return }
        } catch {
            throw .failed(error)
        }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        switch SeqPacketChannel.receive(from: socket.raw, into: &bytes) {
        case .packet(let count, var descriptor):
            if descriptor != nil { passed = descriptor.take() }
            guard buffer.append(bytes.span.extracting(0..<count)) else { throw .closed }
        case .wouldBlock: break
        case .closed: throw .closed
        case .failed(let code): throw .failed(SystemCallError(call: "recvmsg", code: code))
        }
    }
}
