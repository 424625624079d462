// SPDX-License-Identifier: Apache-2.0
/// A DatagramPublisher that sends messages by the batch to a socket on loopback.
///
/// Invariant: what was sent is read before the next batch, so that the kernel always has room.

import BelfryClient
import LinuxIO

final class DatagramPublisherDrive: Scenario {
    let batch = 64
    private let publisher: DatagramPublisher
    private let socket: Descriptor
    private let messages: [DatagramPublisher.Message]
    private let input = ByteBuffer(capacity: 1 << 16, limit: 1 << 16)

    init() throws {
        socket = try Sockets.udp(SocketAddress(numeric: "127.0.0.1", port: 0)!)
        let port = try SocketFacts.name(of: socket.raw)!.port
        publisher = try DatagramPublisher(to: Endpoint(host: "127.0.0.1", port: port))
        messages = (0..<64).map { .init(topic: "alarms.cellar.door", body: Messages.body($0)) }
    }

    func feed() {}

    func step() throws { try publisher.send(messages) }

    func isThrough() throws -> Bool {
        var count = 0
        while case .bytes = input.receive(from: socket.raw) {
            input.consume(input.count)
            count += 1
        }
        guard count == batch else { throw Fault("\(count) datagrams came of \(batch)") }
        return true
    }
}
