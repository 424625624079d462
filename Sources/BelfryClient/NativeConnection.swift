// SPDX-License-Identifier: Apache-2.0
/// One TCP connection to the broker: frames out, answers in, both at once.
///
/// Used by NativeSender, which makes a new one when it breaks.
/// Invariant: it reads whenever it waits to write, so that it and the broker never wait for each other.

internal import LinuxIO

final class NativeConnection {
    enum Step {
        /// Perhaps none.
        case answers([Answer])
        case lost
        /// The other end sends what no broker would.
        case foreign
    }

    /// Bytes queued before the caller should proceed.
    private static let batch = 64 << 10

    let address: String
    private let socket: Descriptor
    private let poller: Poller
    private let output = ByteBuffer(capacity: 64 << 10, limit: .max >> 1)
    private let input = ByteBuffer(capacity: 16 << 10, limit: 1 << 20)

    init(_ address: SocketAddress, within nanoseconds: UInt64) throws(SystemCallError) {
        socket = try Sockets.tcpConnect(address, within: nanoseconds)
        self.address = "\(address)"
        try Descriptor.setNonBlocking(socket.raw)
        try SocketOptions.setNoDelay(socket.raw)
        try SocketOptions.setKeepAlive(socket.raw)
        poller = try Poller(capacity: 1)
        try poller.add(socket.raw, token: 0, events: .readable)
    }

    var wantsWriting: Bool { output.count >= Self.batch }

    func queue(_ frame: [UInt8]) { output.append(frame) }

    /// Writes and reads what goes. If neither went, waits so many nanoseconds for an answer or for room to write.
    func proceed(waiting nanoseconds: UInt64) -> Step {
        let before = output.count
        guard write() else { return drained(.lost) }
        let step = read()
        guard nanoseconds > 0, output.count == before || output.isEmpty, case .answers(let answers) = step,
            answers.isEmpty
        else { return step }
        do throws(SystemCallError) {
            try poller.modify(socket.raw, token: 0, events: output.isEmpty ? .readable : [.readable, .writable])
            _ = try poller.wait(timeoutNanoseconds: nanoseconds)
        } catch {
            return .lost
        }
        guard write() else { return drained(.lost) }
        return read()
    }

    /// The writing half broke: what the broker said before it did still counts.
    private func drained(_ otherwise: Step) -> Step {
        guard case .answers(let answers) = read(), !answers.isEmpty else { return otherwise }
        return .answers(answers)
    }

    private func write() -> Bool {
        while !output.isEmpty {
            switch output.write(to: socket.raw) {
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
