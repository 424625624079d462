// SPDX-License-Identifier: Apache-2.0
/// The receiving side of the native protocol in a thread: takes, acks, refuses, and breaks connections when told to.
///
/// Used by the tests of both publishers.
/// Invariant: remembers the last number of each sender over its connections, as the broker does; keeps what it took in
/// order.

import Foundation
import LinuxIO
import Synchronization
import Testing
import Wire

final class SmallBroker: Sendable {
    struct Taken: Sendable {
        var bodies: [String] = []
        var connections = 0
        var last: [SenderID: UInt64] = [:]
    }

    let port: UInt16
    private let breakAfter: Int
    private let connectionsToBreak: Int
    private let farewell: Refusal?
    private let refusing: UInt64
    private let maxMessage: UInt32
    private let acks: Bool
    private let readsAtMost: Int
    private let greeting: [UInt8]
    private let taken = Mutex(Taken())
    private let stopping = Atomic(false)

    /// Each of the first `connectionsToBreak` connections ends after so many PUBLISH frames, without a last ack.
    init(
        breakAfter: Int = .max, connectionsToBreak: Int = 0, farewell: Refusal? = nil, refusing: UInt64 = 0,
        maxMessage: UInt32 = 1 << 20, acks: Bool = true, readsAtMost: Int = .max,
        greeting: [UInt8] = []
    ) throws {
        // As every program that writes to sockets does.
        Signal.ignoreBrokenPipes()
        self.breakAfter = breakAfter
        self.connectionsToBreak = connectionsToBreak
        self.farewell = farewell
        self.refusing = refusing
        self.maxMessage = maxMessage
        self.acks = acks
        self.readsAtMost = readsAtMost
        self.greeting = greeting
        let address = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
        let listener = try Sockets.tcp(address)
        port = try #require(try SocketFacts.name(of: listener.raw)).port
        let raw = listener.release()
        // A thread of its own: what blocks must not sit on the few that tests run on.
        Thread.detachNewThread { self.serve(raw) }
    }

    /// What was taken so far; the broker serves nobody any more.
    func stop() -> Taken {
        // Relaxed: a flag that is looked at again and again; nothing else is passed by it.
        stopping.store(true, ordering: .relaxed)
        return taken.withLock { $0 }
    }

    private func serve(_ raw: CInt) {
        let listener = Descriptor(owning: raw)
        while !stopping.load(ordering: .relaxed) {
            wait(listener.raw)
            guard case .accepted(let connection, _) = Sockets.accept(listener.raw) else { continue }
            let count = taken.withLock {
                $0.connections += 1
                return $0.connections
            }
            serve(connection, frames: count <= connectionsToBreak ? breakAfter : .max)
        }
    }

    private func serve(_ connection: consuming Descriptor, frames: Int) {
        let input = ByteBuffer(limit: 16 << 20)
        var sender = SenderID(high: 0, low: 0)
        var left = frames
        let greeting = greeting
        try? File.write(connection.raw, greeting.span)
        while !stopping.load(ordering: .relaxed) {
            wait(connection.raw)
            switch input.receive(from: connection.raw, limit: readsAtMost) {
            case .bytes: break
            case .wouldBlock: continue
            default: return
            }
            let (answer, used, goesOn) = input.withReadable { take($0, &sender, &left) }
            guard goesOn else { return part(connection.raw) }
            try? File.write(connection.raw, answer.span)
            input.consume(used)
        }
    }

    /// The last ack is withheld, so that the sender must find out by WELCOME what was taken.
    private func part(_ raw: CInt) {
        guard let farewell else { return }
        var answer: [UInt8] = []
        NativeFrame.appendError(number: 0, farewell, to: &answer)
        try? File.write(raw, answer.span)
    }

    private func take(
        _ bytes: Span<UInt8>, _ sender: inout SenderID, _ left: inout Int
    ) -> (answer: [UInt8], used: Int, goesOn: Bool) {
        var answer: [UInt8] = []
        var start = 0
        var last: UInt64 = 0
        while case .frame(let header, let payload, let next) = NativeFrame.next(
            in: bytes, from: start, ended: false, maxMessage: Int(maxMessage))
        {
            start = next
            if header.kind == .hello, let id = NativeFrame.hello(in: bytes, payload: payload) {
                sender = id
                let accepted = taken.withLock { $0.last[id] ?? 0 }
                NativeFrame.appendWelcome(.init(lastAccepted: accepted, maxMessage: maxMessage), to: &answer)
            } else if let publish = NativeFrame.publish(in: bytes, payload: payload) {
                if left == 0 { return (answer, start, false) }
                left -= 1
                last = publish.number
                keep(publish, bytes, sender, &answer)
            }
        }
        if last > 0, acks { NativeFrame.appendAck(last, to: &answer) }
        return (answer, start, true)
    }

    private func keep(_ publish: NativeFrame.Publish, _ bytes: Span<UInt8>, _ sender: SenderID, _ answer: inout [UInt8])
    {
        var body: [UInt8] = []
        bytes.append(publish.body, to: &body)
        if publish.number == refusing { return NativeFrame.appendError(number: refusing, .full, to: &answer) }
        let text = String(decoding: body, as: UTF8.self)
        taken.withLock {
            guard publish.number > $0.last[sender] ?? 0 else { return }
            $0.last[sender] = publish.number
            $0.bodies.append(text)
        }
    }

    private func wait(_ raw: CInt) {
        guard let poller = try? Poller(capacity: 1), (try? poller.add(raw, token: 0, events: .readable)) != nil else {
            return
        }
        // A bound on how late `stop` is seen, nothing that a result depends on.
        _ = try? poller.wait(timeoutNanoseconds: 20_000_000)
    }
}
