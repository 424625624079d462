// SPDX-License-Identifier: Apache-2.0
/// Sends notifications by the native protocol over TCP, and sees to it that each is accepted once.
///
/// Used by `belfry send`. Frames go out without waiting for each other's acks, up to a window. When the connection
/// breaks, it connects again and sends what is not acked under the same sender id and numbers, so that the broker
/// takes nothing twice.
/// Invariant: after `finish` each notification was accepted or is among the refused; memory is bounded by the window;
/// nothing waits beyond the patience for an ack.

internal import LinuxIO
internal import Wire

package final class NativeSender {
    /// Unacked notifications, and bytes of them, before `send` waits.
    private static let windowCount = 4096
    private static let windowBytes = 4 << 20

    private let addresses: [SocketAddress]
    private let identity: SenderID
    private var window = SendWindow()
    private var connection: NativeConnection?
    private var wasConnected = false
    private var maxMessage = Int.max
    private var patience: Patience
    private let lost: (String) -> Void
    /// Why the broker ends the connection, if it said so.
    private var farewell: String?

    /// What was refused since the caller last took it away.
    package var refused: [RefusedMessage] = []
    /// How many numbers are done with: accepted or refused.
    package var finished: UInt64 { window.acknowledged }

    /// Connects. Gives up after `timeout` nanoseconds in which something was unacked and no ack came. `lost` is told
    /// why a connection broke that will be made again. Let SIGPIPE be ignored.
    package init(
        host: String, port: UInt16, timeout: UInt64 = 30_000_000_000, lost: @escaping (String) -> Void = { _ in }
    ) throws(SendError) {
        do {
            addresses = try SocketNames.resolve(host, port: port)
        } catch {
            throw .unresolved(error)
        }
        // Not all zero: the protocol keeps that for nobody.
        identity = SenderID(high: .random(in: 1 ... .max), low: .random(in: 0 ... .max))
        patience = Patience(timeout, now: Clock.monotonic())
        self.lost = lost
        try reconnect()
    }

    /// Waits only while the window is full. What the broker would refuse for its size or topic is not sent at all.
    package func send(topic: [UInt8], body: [UInt8]) throws(SendError) {
        if let refusal = Topic.check(topic.span) ?? (body.count > maxMessage ? .tooLarge : nil) {
            return try refuse(refusal)
        }
        while window.count >= Self.windowCount || window.bytes >= Self.windowBytes { try proceed(wait: true) }
        if window.isEmpty { patience.renew(now: Clock.monotonic()) }
        var frame: [UInt8] = []
        frame.reserveCapacity(32 + topic.count + body.count)
        NativeFrame.appendPublish(number: window.next, topic: topic.span, body: body.span, to: &frame)
        connection?.queue(frame)
        window.append(frame)
        // A batch at a time: a system call for each small frame would cost more than the frame.
        if connection?.wantsWriting != false { try proceed(wait: false) }
    }

    /// Waits until nothing is unacked.
    package func finish() throws(SendError) {
        while !window.isEmpty { try proceed(wait: true) }
    }

    private func refuse(_ refusal: Refusal) throws(SendError) {
        // Its number must lie behind all that are under way: acks are cumulative.
        try finish()
        refused.append(RefusedMessage(number: window.next, refusal))
        window.skip()
    }

    private func proceed(wait: Bool) throws(SendError) {
        guard let connection else { return try reconnect() }
        switch connection.proceed(waiting: wait ? try remaining() : 0) {
        case .answers(let answers): for answer in answers { try take(answer) }
        case .lost:
            self.connection = nil
            tellLost()
            try reconnect()
        case .foreign: throw .notBelfry(address: connection.address)
        }
    }

    private func take(_ answer: Answer) throws(SendError) {
        switch answer {
        case .welcome(let lastAccepted, let most):
            maxMessage = most
            acknowledge(upTo: lastAccepted)
        case .ack(let number): acknowledge(upTo: number)
        case .refused(let message): refused.append(message)
        // The broker closes the connection behind it, and takes the rest on another one.
        case .ended(.timedOut, let sentence), .ended(.full, let sentence): farewell = sentence
        case .ended(_, let sentence): throw .refused(address: connection?.address ?? "the broker", sentence: sentence)
        }
    }

    private func acknowledge(upTo number: UInt64) {
        let before = window.acknowledged
        window.acknowledge(upTo: number)
        if window.acknowledged != before { patience.renew(now: Clock.monotonic()) }
    }

    /// How long may still be waited.
    private func remaining() throws(SendError) -> UInt64 {
        let left = patience.left(now: Clock.monotonic())
        if left > 0 { return left }
        let address = connection?.address ?? addresses.first.map { "\($0)" } ?? "the broker"
        throw .stalled(address: address, seconds: patience.seconds, unanswered: window.count)
    }

    private func tellLost() {
        lost(farewell ?? "the connection broke")
        farewell = nil
    }

    /// The first time it fails if nobody answers; later it tries again, because somebody did.
    private func reconnect() throws(SendError) {
        var pause = Backoff()
        while true {
            do throws(SendError) {
                let connection = try open()
                if try greet(connection) {
                    self.connection = connection
                    wasConnected = true
                    window.forEachFrame { connection.queue($0) }
                    return
                }
                // Somebody answered and hung up: worth a word, because nothing else shows that we wait.
                if !wasConnected || farewell != nil { tellLost() }
            } catch .unreachable(let address, let reason) {
                guard wasConnected else { throw .unreachable(address: address, reason: reason) }
            }
            pause.wait(atMost: try remaining())
        }
    }

    private func open() throws(SendError) -> NativeConnection {
        var last = SendError.failed(SystemCallError(call: "connect", code: 0))
        for address in addresses {
            let time = try remaining()
            do throws(SystemCallError) {
                return try NativeConnection(address, within: time)
            } catch {
                last = .unreachable(address: "\(address)", reason: error)
            }
        }
        throw last
    }

    /// HELLO and WELCOME; false when the connection broke over it.
    private func greet(_ connection: NativeConnection) throws(SendError) -> Bool {
        var hello: [UInt8] = []
        NativeFrame.appendHello(identity, to: &hello)
        connection.queue(hello)
        while true {
            switch connection.proceed(waiting: try remaining()) {
            case .lost: return false
            case .foreign: throw .notBelfry(address: connection.address)
            case .answers(let answers):
                for answer in answers { try take(answer) }
                let isWelcome = answers.contains {
                    if case .welcome = $0 { true } else { false }
                }
                if isWelcome { return true }
            }
        }
    }
}
