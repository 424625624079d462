// SPDX-License-Identifier: Apache-2.0
/// A service made with the client library, whose handler looks at each delivery and returns; the worker is played.
///
/// Invariant: a batch is through when the service has written that all of it is done.

import BelfryClient
import LinuxIO
import Wire

final class ServiceDrive: Scenario {
    let batch = 64
    private let service: HandlerLoop
    private let socket: Descriptor
    private let input = ByteBuffer(capacity: 1 << 16, limit: 1 << 16)
    private var number: UInt64 = 0
    private var done: UInt64 = 0
    private var handled = 0

    init() throws {
        let pair = try SocketPair.make()
        let theirs = try pair.theirs.duplicate()
        try Descriptor.setNonBlocking(theirs.raw)
        socket = pair.takeOurs()
        service = try HandlerLoop(theirs, window: batch)
        // The WINDOW, and room for everything.
        try step()
        _ = try isThrough()
    }

    func feed() throws {
        var bytes: [UInt8] = []
        for _ in 0..<batch {
            number += 1
            append(number, to: &bytes)
        }
        guard Descriptor.write(socket.raw, bytes.span) == .wrote(bytes.count) else {
            throw Fault("the service does not take a batch")
        }
    }

    private func append(_ number: UInt64, to bytes: inout [UInt8]) {
        let body = Messages.body(number)
        let fixed = ServiceFrame.Delivery(
            number: number, id: MessageID(log: 7, epoch: 1, sequence: number), time: 1_772_368_496_123_456_789,
            attempt: 1, isRedelivered: false, wireProtocol: 1, decodedKind: 0)
        var head = [UInt8](repeating: 0, count: ServiceFrame.Delivery.headCount)
        var span = head.mutableSpan
        // Any bits are a byte.
        var raw = unsafe span.mutableBytes
        ServiceFrame.write(
            fixed, topic: Messages.topic.count, source: Messages.source.count, decoded: 0, body: body.count, to: &raw)
        bytes += head + Messages.topic + Messages.source + body
    }

    func step() throws {
        let goesOn = try service.turn(waits: false) { handled &+= $0.body.count }
        guard goesOn else { throw Fault("the service has ended") }
    }

    func isThrough() throws -> Bool {
        while case .bytes = input.receive(from: socket.raw) {}
        let used = input.withReadable { bytes in
            var start = 0
            while case .frame(let kind, _, let payload) = ServiceFrame.next(in: bytes, from: start, most: 1 << 16) {
                if kind == .done, let range = ServiceFrame.range(0, in: bytes, payload: payload) {
                    done = range.lowerBound == done + 1 ? range.upperBound : done
                }
                start = payload.upperBound
            }
            return start
        }
        input.consume(used)
        return done == number
    }
}
