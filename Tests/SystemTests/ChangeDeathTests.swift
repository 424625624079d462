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

    @Test("a drain in the middle of a change delivers to the services that it brings, too")
    func drain() throws {
        let old = try Recorder.stream("old", in: scratch)
        let new = try Recorder.stream("new", in: scratch)
        let broker = try Broker(scratch, services: [old.service()], settings: "shutdown: { grace: 20s }")
        Roles.signal(Signal.stop, "acceptor", of: broker)
        _ = try Broker.configure(
            scratch, [old.service(), new.service()], "number: 0", "shutdown: { grace: 20s }")
        let change = try ask("reload", broker)
        // More than the acceptor reads in the round in which it goes over: the rest is for both.
        let sender = try Client.udp(broker.port)
        for number in 1...500 { try sender.send("\(number)") }
        // The file is read, and the acceptor is to go over: the next slot is taken.
        _ = try broker.ledger("a slot for the new service") { $0.services["new"] != nil }
        broker.program.signal(Signal.terminate)
        _ =
            try scratch.poll("the drain") {
                broker.program.errors.contains("taking nothing more") ? true : nil
            } as Bool
        Roles.signal(Signal.resume, "acceptor", of: broker)
        let begin = Deadline.after(.seconds(15))
        let result = try broker.program.wait()
        #expect(!begin.passed, "the drain took all of its grace")
        #expect(result.errors.contains("ledger of old: matched 500 = delivered 500 "), "\(result.errors)")
        let counts = result.errors.firstMatch(of: /ledger of new: matched (\d+) = delivered (\d+)\b/)
        #expect(counts.map { $0.1 == $0.2 && $0.1 != "0" } == true, "\(result.errors)")
        #expect(try old.deliveries().count == 500)
        _ = consume change
    }
}
