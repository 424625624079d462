// SPDX-License-Identifier: Apache-2.0
/// What a tail waits for: room on stdout, its own end (SIGINT, SIGTERM), its reader's and the broker's.
///
/// Used by Tail. Writing never blocks for good, so that a tail whose reader has stopped can still be ended.
/// Invariant: a reader that has gone ends every wait with ReaderGone; what has ended otherwise is remembered and waited
/// for no more.

internal import LinuxIO

final class TailOutlet {
    private enum Token {
        static let output: UInt64 = 1
        static let signals: UInt64 = 2
        static let broker: UInt64 = 3
    }

    /// What a pipe takes at once when it says that it takes something (PIPE_BUF).
    private static let chunk = 4096

    private(set) var isInterrupted = false
    private(set) var hasBrokerEnded = false
    /// Whole lines that are not written yet.
    var pending: [UInt8] = []

    private let output: CInt = 1
    private var broker: CInt
    private let poller: Poller
    private let signals: SignalDescriptor
    /// False for a file, which is always ready.
    private let isPolled: Bool

    /// - Parameter broker: the control connection, with nothing more to be read from it but its end.
    init(broker: CInt) throws(SystemCallError) {
        self.broker = broker
        signals = try SignalDescriptor(blocking: [Signal.interrupt, Signal.terminate])
        poller = try Poller(capacity: 4)
        try poller.add(signals.raw, token: Token.signals, events: .readable)
        let poller = poller
        // With no interest: only that the reader has gone is told.
        isPolled = (try? poller.add(output, token: Token.output, events: [])) != nil
        try follow(broker)
    }

    /// From now on this is the connection whose end is the broker's.
    func follow(_ broker: CInt) throws(SystemCallError) {
        self.broker = broker
        hasBrokerEnded = false
        try poller.add(broker, token: Token.broker, events: .readable)
    }

    /// Writes what is pending. Once interrupted it waits no longer, and lets go of what does not fit.
    func flush() throws {
        defer { pending.removeAll(keepingCapacity: true) }
        guard isPolled else { return try Output.write(pending) }
        guard !pending.isEmpty else { return }
        try poller.modify(output, token: Token.output, events: .writable)
        var done = 0
        while done < pending.count {
            if try !wait(isInterrupted ? 0 : nil) {
                if isInterrupted { break }
                continue
            }
            let end = min(done + Self.chunk, pending.count)
            switch Descriptor.write(output, pending.span.extracting(done..<end)) {
            case .wrote(let count): done += count
            case .wouldBlock: continue
            case .closed: throw ReaderGone()
            case .failed(let code): throw Failure("stdout can't be written: \(SystemCallError.reason(code))")
            }
        }
        try poller.modify(output, token: Token.output, events: [])
    }

    /// Waits so long (nanoseconds), or until something ends.
    func pause(_ time: UInt64) throws { _ = try wait(time) }

    /// - Returns: whether stdout takes something.
    private func wait(_ time: UInt64?) throws -> Bool {
        var takes = false
        for index in 0..<(try poller.wait(timeoutNanoseconds: time)) {
            let event = poller[index]
            switch event.token {
            case Token.signals: while signals.next() != nil { isInterrupted = true }
            case Token.broker: try hearBroker()
            default:
                if !event.events.isDisjoint(with: [.error, .hangup]) { throw ReaderGone() }
                takes = true
            }
        }
        return takes
    }

    private func hearBroker() throws(SystemCallError) {
        let ignored = ByteBuffer(limit: 4096)
        switch ignored.receive(from: broker) {
        case .bytes, .wouldBlock, .full: break
        case .closed, .failed:
            hasBrokerEnded = true
            try poller.remove(broker)
        }
    }
}
