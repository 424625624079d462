// SPDX-License-Identifier: Apache-2.0
/// One TCP connection to the broker: frames out, answers in, both at once, never waiting.
///
/// Used by BrokerLink, which makes a new one when it breaks.
/// Invariant: it reads whenever it writes, so that it and the broker never wait for each other.

internal import LinuxIO

final class NativeConnection {
    enum Step {
        /// Perhaps none.
        case answers([Answer])
        case lost
        /// The other end sends what no broker would.
        case foreign
    }

    private let socket: Descriptor
    private var output: FrameRun?
    private let input = ByteBuffer(capacity: 16 << 10, limit: 1 << 20)

    /// Begins to connect; the socket is writable when that is over.
    init(_ address: SocketAddress) throws(SystemCallError) {
        socket = try Sockets.tcpBegin(address)
        try SocketOptions.setNoDelay(socket.raw)
        try SocketOptions.setKeepAlive(socket.raw)
    }

    var raw: CInt { socket.raw }
    /// Whether the kernel has taken everything.
    var hasWritten: Bool { output == nil }

    /// Why connecting failed, nil if it did not.
    var failure: SystemCallError? {
        let code = SocketFacts.pendingError(of: socket.raw)
        return code == 0 ? nil : SystemCallError(call: "connect", code: code)
    }

    /// Only if everything before is written.
    func queue(_ frames: FrameRun) { output = frames }

    /// Writes and reads what goes.
    func proceed() -> Step {
        let isWritten = write()
        let step = read()
        // The writing half broke: what the broker said before it did still counts.
        if !isWritten, case .answers(let answers) = step, answers.isEmpty { return .lost }
        return step
    }

    private func write() -> Bool {
        guard var run = output else { return true }
        // Held in one place only, so that the batch can be filled again once it is acked.
        output = nil
        while !run.range.isEmpty {
            switch Sockets.write(socket.raw, run.bytes.span.extracting(run.range)) {
            case .wrote(let count): run.range = run.range.lowerBound + count..<run.range.upperBound
            case .wouldBlock:
                output = run
                return true
            case .closed, .failed: return false
            }
        }
        return true
    }

    private func read() -> Step {
        var isLost = false
        reading: while true {
            switch input.receive(from: socket.raw) {
            case .bytes: continue
            case .wouldBlock, .full: break reading
            case .closed, .failed:
                isLost = true
                break reading
            }
        }
        guard let (answers, used) = input.withReadable({ Answer.read($0) }) else { return .foreign }
        input.consume(used)
        return isLost && answers.isEmpty ? .lost : .answers(answers)
    }
}
