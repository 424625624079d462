// SPDX-License-Identifier: Apache-2.0
/// A BlockingPublisher that sends without waiting, with its loop on the same thread; the broker is played.
///
/// Invariant: a batch is through when the publisher has read the broker's acks of all of it.

import BelfryClient
import LinuxIO
import Wire

final class PublisherDrive: Scenario {
    let batch = 256
    private let publisher: BlockingPublisher
    private let loop: PublishLoop
    private let broker: PlayedBroker
    private let topic = "alarms.cellar.door"
    private let body = Messages.body(1)
    private var isFed = false

    init() throws {
        broker = try PlayedBroker()
        let options = PublishOptions()
        let engine = try PublishEngine(options)
        publisher = BlockingPublisher(engine)
        loop = PublishLoop(engine, Endpoint(host: "127.0.0.1", port: broker.port), options)
        while !broker.isGreeted {
            try turn()
            try broker.answer()
        }
        try turn()
    }

    private func turn() throws {
        guard try loop.turn(waits: false) else { throw Fault("the publisher has ended") }
    }

    func feed() { isFed = true }

    func step() throws {
        if isFed { for _ in 0..<batch { try publisher.send(topic: topic, body: body) } }
        isFed = false
        try turn()
    }

    func isThrough() throws -> Bool {
        try broker.answer()
        return publisher.counts.accepted == publisher.counts.sent
    }
}

/// The broker's end of one native connection: acks everything that it reads with one ACK.
private final class PlayedBroker {
    let port: UInt16
    private(set) var isGreeted = false
    private let listener: Descriptor
    private var connection: Descriptor?
    private var raw: CInt = -1
    private let input = ByteBuffer(capacity: 1 << 17, limit: 1 << 22)

    init() throws {
        listener = try Sockets.tcp(SocketAddress(numeric: "127.0.0.1", port: 0)!)
        port = try SocketFacts.name(of: listener.raw)!.port
    }

    func answer() throws {
        if raw < 0, case .accepted(let accepted, _) = Sockets.accept(listener.raw) {
            raw = accepted.raw
            connection = consume accepted
        }
        while raw >= 0, case .bytes = input.receive(from: raw) {}
        var answers: [UInt8] = []
        let used = input.withReadable { read($0, &answers) }
        input.consume(used)
        guard !answers.isEmpty else { return }
        guard Descriptor.write(raw, answers.span) == .wrote(answers.count) else {
            throw Fault("the publisher does not take an answer")
        }
    }

    private func read(_ bytes: Span<UInt8>, _ answers: inout [UInt8]) -> Int {
        var start = 0
        var last: UInt64?
        while case .frame(let header, let payload, let next) = NativeFrame.next(
            in: bytes, from: start, ended: false, maxMessage: 1 << 16)
        {
            if header.kind == .hello {
                NativeFrame.appendWelcome(.init(lastAccepted: 0, maxMessage: 1 << 16), to: &answers)
                isGreeted = true
            } else {
                last = NativeFrame.publish(in: bytes, payload: payload)?.number
            }
            start = next
        }
        if let last { NativeFrame.appendAck(last, to: &answers) }
        return start
    }
}
