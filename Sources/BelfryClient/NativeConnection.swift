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
    private let output = ByteBuffer(capacity: 64 << 10, limit: .max >> 1)
    private let input = ByteBuffer(capacity: 16 << 10, limit: 1 << 20)

    /// Begins to connect; the socket is writable when that is over.
    init(_ address: SocketAddress) throws(SystemCallError) {
        socket = try Sockets.tcpBegin(address)
        try SocketOptions.setNoDelay(socket.raw)
        try SocketOptions.setKeepAlive(socket.raw)
    }

    var raw: CInt { socket.raw }
    /// Bytes that the kernel has not taken yet.
    var unwritten: Int { output.count }

    /// Why connecting failed, nil if it did not.
    var failure: SystemCallError? {
        let code = SocketFacts.pendingError(of: socket.raw)
        return code == 0 ? nil : SystemCallError(call: "connect", code: code)
    }

    func queue(_ frame: [UInt8]) { output.append(frame) }

    /// Writes and reads what goes.
    func proceed() -> Step {
        let isWritten = write()
        let step = read()
        // The writing half broke: what the broker said before it did still counts.
        if !isWritten, case .answers(let answers) = step, answers.isEmpty { return .lost }
        return step
    }

    private func write() -> Bool {
        while !output.isEmpty {
            switch output.send(to: socket.raw) {
            case .wrote: continue
            case .wouldBlock: return true
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
