// SPDX-License-Identifier: Apache-2.0
/// The way to the broker over all its connections: connects, names itself, sends, listens, and begins again when the
/// connection breaks.
///
/// Used by PublishLoop, on its thread alone.
/// Invariant: nothing but `wait` waits; a frame is queued only on a connection whose WELCOME has come.

internal import LinuxIO
internal import Wire

final class BrokerLink {
    private enum Phase: Equatable {
        /// Not before this moment of the monotonic clock.
        case down(until: UInt64)
        case connecting(until: UInt64)
        case greeting
        case open
    }

    /// For one address where there is another.
    private static let patience: UInt64 = 5_000_000_000

    private let addresses: [SocketAddress]
    private let identity: SenderID
    private let poller: Poller
    private let lost: (String) -> Void
    private var phase = Phase.down(until: 0)
    private var connection: NativeConnection?
    private var interest: Poller.Interest = []
    private var turn = 0
    private var wasOpen = false
    /// Whether the broker has accepted something since the last pause.
    private var hasProgressed = true
    private var pause = Backoff()
    private var farewell: String?

    /// The frames up to this number have gone to this connection.
    private var sent: UInt64 = 0

    /// `bell` wakes `wait`; who rings it sees to it that it is drained.
    init(_ addresses: [SocketAddress], bell: CInt, lost: @escaping (String) -> Void) throws(SystemCallError) {
        self.addresses = addresses
        self.lost = lost
        // Not all zero: the protocol keeps that for nobody.
        identity = SenderID(high: .random(in: 1 ... .max), low: .random(in: 0 ... .max))
        poller = try Poller(capacity: 2)
        try poller.add(bell, token: 0, events: .readable)
    }

    /// The address that is or was tried last.
    var address: String { addresses.isEmpty ? "the broker" : "\(addresses[turn % addresses.count])" }

    /// The number behind which frames are welcome; nil if none are now.
    var queued: UInt64? { phase == .open && connection?.hasWritten == true ? sent : nil }

    /// Only if they are welcome.
    func queue(_ frames: FrameRun) {
        connection?.queue(frames)
        sent = frames.through
    }

    /// Does what can be done now. `isWanted`: something is to be sent, or has no answer.
    func proceed(now: UInt64, isWanted: Bool) throws(PublishError) -> [Answer] {
        switch phase {
        case .down(let until) where isWanted && now >= until: try connect(now)
        case .connecting(let until): try finishConnecting(now, until)
        default: break
        }
        guard phase == .greeting || phase == .open, let connection else { return [] }
        switch connection.proceed() {
        case .foreign: throw .notBelfry(address: address)
        case .lost:
            down(now)
            return []
        case .answers(let answers):
            for answer in answers { try note(answer) }
            return answers
        }
    }

    /// Sleeps until the bell, the socket, or this moment; `isWanted` as for `proceed`.
    func wait(until end: UInt64, now: UInt64, isWanted: Bool) throws(PublishError) {
        var end = end
        switch phase {
        case .down(let until) where isWanted: end = min(end, until)
        case .connecting(let until): end = min(end, until)
        default: break
        }
        try Self.system { () throws(SystemCallError) in
            try listen()
            _ = try poller.wait(timeoutNanoseconds: end == .max ? nil : end - min(end, now))
        }
    }

    private func listen() throws(SystemCallError) {
        guard let connection else { return }
        let isWriting = !connection.hasWritten || phase != .greeting && phase != .open
        let wanted: Poller.Interest = isWriting ? [.readable, .writable] : .readable
        guard wanted != interest else { return }
        try poller.modify(connection.raw, token: 1, events: wanted)
        interest = wanted
    }

    private func connect(_ now: UInt64) throws(PublishError) {
        do throws(SystemCallError) {
            let connection = try NativeConnection(addresses[turn % addresses.count])
            interest = [.readable, .writable]
            try poller.add(connection.raw, token: 1, events: interest)
            self.connection = connection
            phase = .connecting(until: addresses.count > 1 ? now + Self.patience : .max)
        } catch {
            try failed(error, now)
        }
    }

    private func finishConnecting(_ now: UInt64, _ until: UInt64) throws(PublishError) {
        guard let connection else { return }
        if let failure = connection.failure { return try failed(failure, now) }
        guard (try? SocketFacts.peer(of: connection.raw)) != nil else {
            // Not connected yet.
            return now < until ? () : try failed(.timedOut("connect"), now)
        }
        phase = .greeting
        var hello: [UInt8] = []
        NativeFrame.appendHello(identity, to: &hello)
        connection.queue(FrameRun(bytes: hello, range: hello.indices, through: 0))
    }

    /// The first round of all addresses must succeed somewhere; later rounds go on, because somebody did answer.
    private func failed(_ reason: SystemCallError, _ now: UInt64) throws(PublishError) {
        connection = nil
        let address = address
        turn += 1
        let isRoundOver = turn % addresses.count == 0
        guard wasOpen || !isRoundOver else { throw .unreachable(address: address, reason: reason.reason) }
        phase = .down(until: isRoundOver ? now + pause.next() : now)
    }

    private func note(_ answer: Answer) throws(PublishError) {
        switch answer {
        case .welcome:
            phase = .open
            wasOpen = true
            sent = 0
        case .ack:
            pause = Backoff()
            hasProgressed = true
        case .refused: break
        // The broker closes the connection behind it, and takes the rest on another one.
        case .ended(.timedOut, let sentence), .ended(.full, let sentence): farewell = sentence
        case .ended(_, let sentence): throw .streamRefused(address: address, sentence: sentence)
        }
    }

    /// At once again after a connection that was of use, else after a pause.
    private func down(_ now: UInt64) {
        connection = nil
        phase = .down(until: hasProgressed ? now : now + pause.next())
        hasProgressed = false
        lost(farewell ?? "the connection broke")
        farewell = nil
    }

    private static func system(_ body: () throws(SystemCallError) -> Void) throws(PublishError) {
        do throws(SystemCallError) { try body() } catch { throw .system(call: error.call, reason: error.reason) }
    }
}
