// SPDX-License-Identifier: Apache-2.0
/// A role that dies in the middle of a change of the settings: its successor knows all that the change has brought.
/// Invariant of each test: the change goes through, and nothing waits for a watchdog to be found.

import LinuxIO
import Testing

@Suite("A death in the middle of a change")
struct ChangeDeathTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func ask(_ line: String, _ broker: Broker) throws -> Descriptor {
        let socket = try Sockets.unixConnect(broker.control)
        try File.write(socket.raw, Array((line + "\n").utf8).span)
        return socket
    }

    private func awaitAnswer(_ socket: borrowing Descriptor) throws {
        let buffer = ByteBuffer(limit: 65_536)
        func text() -> String {
            buffer.withReadable { span in String(decoding: span.indices.map { span[$0] }, as: UTF8.self) }
        }
        while !text().hasSuffix("ok\n") {
            #expect(try Deadline.after().wait(on: socket.raw))
            guard case .bytes = buffer.receive(from: socket.raw) else { throw TimedOut("an answer after \(text())") }
        }
    }

    @Test("an acceptor that is started anew wakes the workers that the change has brought")
    func newBells() throws {
        let recorders = try (0..<4).map { try Recorder.stream("service-\($0)", in: scratch) }
        // The watchdog rings every bell, too: so seldom that nothing here can wait for it.
        let broker = try Broker(
            scratch, services: recorders.enumerated().map { $1.service("topic-\($0)") },
            settings: "workers: { count: 1, stuck-after: 10m }")
        Roles.signal(Signal.stop, "acceptor", of: broker)
        let change = try ask("workers 4", broker)
        // Two answers of the supervisor later it has handed the new settings to the acceptor that does not read.
        for _ in 0..<2 { _ = try broker.status() }
        try Roles.killAndReplace("acceptor", of: broker)
        try awaitAnswer(change)
        for round in 1...3 {
            for index in recorders.indices { try Client.udp(broker.port).send(#"{"topic":"topic-\#(index)"}"#) }
            for recorder in recorders { try recorder.wait(for: round, until: .after(.seconds(20))) }
        }
        #expect(try broker.status().workers.map(\.leases) == [1, 1, 1, 1])
        try broker.stop()
    }
}
