// SPDX-License-Identifier: Apache-2.0
/// A hand-over of as many connections as there may be, and the pause that their senders feel: printed, not judged.
/// Invariant: each connection is in the middle of a frame, and each is answered behind it. One test at a time: each takes
/// nearly all descriptors that this process may have.

import Glibc
import LinuxIO
import Ring
import Testing
import Wire

@testable import Ingress

@Suite("Many connections", .serialized)
struct ManyConnectionsTests {
    private static func count(_ wanted: Int, descriptors: Int) throws -> Int {
        let limit = try CurrentProcess.raiseDescriptorLimit()
        return min(wanted, (Int(clamping: limit) - 2_000) / descriptors)
    }

    @Test("pass to the successor, each where it was", arguments: [1_000, 10_000])
    func pause(wanted: Int) throws {
        // The client's, and one of each acceptor.
        let count = try Self.count(wanted, descriptors: 3)
        let port = try TestPort(arena: 1 << 24, records: 1 << 16) { $0.port.maxConnections = 20_000 }
        var clients: [TestClient] = []
        for number in 1...UInt64(count) {
            let client = try port.connect()
            client.send(Native.hello(number) + Native.publish(1).dropLast(4))
            clients.append(client)
            if number % 64 == 0 { _ = try port.acceptor.step(until: Clock.monotonic()) }
        }
        try port.run { clients.allSatisfy { !$0.frames().isEmpty } }
        let succession = try Succession.run(on: port)
        print("hand-over of \(count) connections: nobody was heard for \(succession.pause / 1_000) µs")
        #expect(port.acceptor.connections.count == count)
        for client in clients { client.send(Native.publish(1).suffix(4)) }
        try port.run { clients.allSatisfy { $0.frames().last == .ack(1) } }
        #expect(port.producer.intake.published == UInt64(count) && port.producer.intake.duplicate == 0)
    }

    @Test("pass between processes, too", arguments: [1_000, 10_000])
    func processes(wanted: Int) throws {
        try HandOverProcessTests.pass(Self.count(wanted, descriptors: 1))
    }
}
