// SPDX-License-Identifier: Apache-2.0
/// One shadow run: a broker of this executable's own, a canary sent through it over TCP and UDP, and the judgement.
///
/// Made by ShadowRole, in a process that the running broker has started from the executable that is to follow it.
/// Invariant: it ends within its time, and the broker that it has started ends with it, whatever the outcome.

internal import Control
internal import LinuxIO
internal import Wire

/// Why the executable must not take over, in words that follow its path.
struct ShadowFault: Error, CustomStringConvertible {
    let description: String

    init(_ words: String) { description = words }
}

final class ShadowRun {
    private enum Token {
        static let broker: UInt64 = 0
        static let listener: UInt64 = 1
        static let words: UInt64 = 2
        static let acks: UInt64 = 3
        static let services: UInt64 = 16
    }

    /// How often what tells nobody is looked at again, ns.
    private static let glance: UInt64 = 10_000_000
    private static let arrival: UInt64 = 10_000_000_000
    private static let line = 64 << 10

    private let folder: ShadowFolder
    private let deadline: UInt64
    private let poller: Poller
    private let listener: Descriptor
    private let broker: SideProcess
    private var canary: Canary
    /// What the services say, by the order in which they came.
    private var services: [ServiceWords] = []
    private let acks = ByteBuffer(capacity: 1024, limit: line)
    private var sender: Descriptor?
    private var end: ExitStatus?

    /// Starts the broker.
    /// - Parameter limit: nanoseconds that all of it may take.
    init(in folder: ShadowFolder, limit: UInt64) throws {
        var random = SystemRandomNumberGenerator()
        self.folder = folder
        deadline = Clock.monotonic() &+ limit
        canary = Canary(using: &random)
        poller = try Poller(capacity: 16)
        listener = try Sockets.unixListen(folder.canary)
        try poller.add(listener.raw, token: Token.listener, events: .readable)
        broker = try SideProcess("/proc/self/exe", ["--config", folder.file], [], timeLimit: limit)
        try poller.add(broker.process.raw, token: Token.broker, events: .readable)
        try poller.add(broker.raw, token: Token.words, events: .readable)
        FaultPoint.reach(.shadowBrokerStarted)
    }

    /// - Throws: ShadowFault.
    func judge() throws {
        try send(to: try address())
        FaultPoint.reach(.shadowCanarySent)
        try arrive()
        broker.process.send(Signal.terminate)
        while end == nil { try turn("its broker to end") }
        guard end == .exited(0) else { throw died() }
        let ledger = (try? File.read(folder.ledger, limit: 1 << 20)).flatMap(JSONValue.init(document:))
        FaultPoint.reach(.shadowJudged)
        if let words = canary.verdict(ledger.flatMap(LedgerReport.init)) { throw ShadowFault(words) }
    }

    /// Nothing of it runs on when this returns.
    func stop() {
        guard end == nil else { return }
        broker.process.send(Signal.kill)
        let left = try? Poller(capacity: 1)
        try? left?.add(broker.process.raw, token: Token.broker, events: .readable)
        _ = try? left?.wait(timeoutNanoseconds: 5_000_000_000)
        end = broker.process.reap()
    }

    // MARK: sending

    /// Where the broker listens, once all its roles are ready.
    private func address() throws -> SocketAddress {
        var client: ControlClient?
        try wait(for: "its broker to start") {
            client = try? ControlClient(path: folder.control)
            return client == nil
        }
        let report = try client?.ask(.status(.json)).dropLast()
        guard let status = report.flatMap({ JSONValue(document: Array($0)) }).flatMap(StatusReport.init),
            let colon = status.address.lastIndex(of: ":"),
            let port = UInt16(status.address[status.address.index(after: colon)...]),
            let address = SocketAddress(numeric: String(status.address[..<colon]), port: port)
        else { throw ShadowFault("its broker does not say where it listens") }
        return address
    }

    private func send(to address: SocketAddress) throws {
        for sent in canary.bodies {
            if sent.protocol == "TCP" {
                try sendFrames(sent.body, address)
            } else if !FaultPoint.strikes(at: .canaryLost) {
                try sendDatagram(sent.body, address)
            }
        }
    }

    /// Natively, and waits for the ack.
    private func sendFrames(_ body: String, _ address: SocketAddress) throws {
        var random = SystemRandomNumberGenerator()
        var frames: [UInt8] = []
        NativeFrame.appendHello(
            SenderID(high: .random(in: 1 ... .max, using: &random), low: .random(in: 1 ... .max, using: &random)),
            to: &frames)
        NativeFrame.appendPublish(
            number: 1, topic: Array(Canary.topic.utf8).span, body: Array(body.utf8).span, to: &frames)
        let socket = try Sockets.tcpConnect(address)
        try File.write(socket.raw, frames.span)
        try Descriptor.setNonBlocking(socket.raw)
        try poller.add(socket.raw, token: Token.acks, events: .readable)
        sender = consume socket
        try wait(for: "its ack", while: { !isAcked })
    }

    private func sendDatagram(_ body: String, _ address: SocketAddress) throws {
        let socket = try Sockets.udpConnect(address)
        let text = #"{"topic":"\#(Canary.topic)","body":"\#(body)"}"#
        guard try Sockets.send(socket.raw, Array(text.utf8).span) else {
            throw ShadowFault("the kernel took no datagram for its port")
        }
    }

    private func hearAcks() throws {
        guard let raw = sender?.raw, case .closed = acks.receive(from: raw) else { return }
        guard isAcked else { throw ShadowFault("its broker closed the connection without an ack") }
        try poller.remove(raw)
    }

    private var isAcked: Bool {
        acks.withReadable { bytes in
            var start = 0
            while case .frame(let header, let payload, let next) = NativeFrame.next(
                in: bytes, from: start, ended: false, maxMessage: Self.line)
            {
                if header.kind == .ack { return NativeFrame.ack(in: bytes, payload: payload) == 1 }
                start = next
            }
            return false
        }
    }

    // MARK: waiting

    /// The broker is up and has acked: what is not here within a few seconds will not come.
    private func arrive() throws {
        let limit = min(deadline, Clock.monotonic() &+ Self.arrival)
        while !canary.hasArrived, Clock.monotonic() < limit {
            if end != nil { throw died() }
            try turn("the canary")
        }
        if !canary.hasArrived, let lost = canary.lost { throw ShadowFault(lost) }
    }

    private func wait(for what: String, while isMissing: () -> Bool) throws {
        while isMissing() {
            if end != nil { throw died() }
            try turn(what)
        }
    }

    private func turn(_ what: String) throws {
        let now = Clock.monotonic()
        guard now < deadline else { throw ShadowFault("waited for \(what), and gave up") }
        let count = try poller.wait(timeoutNanoseconds: min(Self.glance, deadline - now))
        for index in 0..<count { try take(poller[index].token) }
    }

    private func take(_ token: UInt64) throws {
        switch token {
        case Token.broker:
            end = broker.process.reap()
            if end != nil { try poller.remove(broker.process.raw) }
        case Token.words: if !broker.receive() { try poller.remove(broker.raw) }
        case Token.listener: try admit()
        case Token.acks: try hearAcks()
        default: try hear(Int(token - Token.services))
        }
    }

    private func admit() throws {
        guard case .accepted(let socket, _) = Sockets.accept(listener.raw) else { return }
        try poller.add(socket.raw, token: Token.services + UInt64(services.count), events: .readable)
        services.append(ServiceWords(socket))
    }

    private func hear(_ place: Int) throws {
        let words = services[place]
        let isOpen = words.receive()
        while let line = words.buffer.takeLine() { canary.take(String(decoding: line, as: UTF8.self)) }
        if !isOpen { try poller.remove(words.raw) }
    }

    private func died() -> ShadowFault {
        guard let end, case .failed(let words) = broker.outcome(end) else {
            return ShadowFault("its broker ended early")
        }
        return ShadowFault("its broker \(words)")
    }
}

/// The connection of one process of a service.
private final class ServiceWords {
    private let socket: Descriptor
    let buffer = ByteBuffer(capacity: 256, limit: 64 << 10)

    init(_ socket: consuming Descriptor) { self.socket = socket }

    var raw: CInt { socket.raw }

    /// - Returns: whether more may come.
    func receive() -> Bool {
        switch buffer.receive(from: socket.raw) {
        case .bytes, .wouldBlock: true
        case .closed, .full, .failed: false
        }
    }
}
