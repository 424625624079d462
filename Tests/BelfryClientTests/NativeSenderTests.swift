// SPDX-License-Identifier: Apache-2.0
/// The sender against a small broker: acks, refusals, and connections that break in the middle.

import LinuxIO
import Testing
import Wire

@testable import BelfryClient

@Suite("A native sender", .timeLimit(.minutes(1)))
struct NativeSenderTests {
    static let topic = Array("test.topic".utf8)

    @Test("has finished when everything is acked")
    func acks() throws {
        let broker = try SmallBroker()
        let sender = try NativeSender(host: "127.0.0.1", port: broker.port)
        for number in 1...1000 { try sender.send(topic: Self.topic, body: Array("\(number)".utf8)) }
        try sender.finish()
        let taken = broker.stop()
        #expect(sender.finished == 1000 && sender.refused.isEmpty)
        #expect(taken.bodies == (1...1000).map { "\($0)" })
        #expect(taken.connections == 1)
    }

    @Test("loses and doubles nothing over connections that break", arguments: [1, 7, 150])
    func broken(framesPerConnection: Int) throws {
        let broker = try SmallBroker(breakAfter: framesPerConnection, connectionsToBreak: 3)
        var breaks = 0
        let sender = try NativeSender(host: "127.0.0.1", port: broker.port) { _ in breaks += 1 }
        for number in 1...500 { try sender.send(topic: Self.topic, body: Array("\(number)".utf8)) }
        try sender.finish()
        let taken = broker.stop()
        #expect(taken.bodies == (1...500).map { "\($0)" })
        #expect(taken.connections == 4 && breaks >= 3)
    }

    @Test("goes on when the broker ends a connection that was silent for too long")
    func timedOut() throws {
        let broker = try SmallBroker(breakAfter: 2, connectionsToBreak: 1, farewell: .timedOut)
        var reasons: [String] = []
        let sender = try NativeSender(host: "127.0.0.1", port: broker.port) { reasons.append($0) }
        for body in ["a", "b", "c"] {
            try sender.send(topic: Self.topic, body: Array(body.utf8))
            if body != "c" { try sender.finish() }
        }
        try sender.finish()
        #expect(broker.stop().bodies == ["a", "b", "c"])
        #expect(reasons == [Refusal.timedOut.sentence])
    }

    @Test("ends with the broker's sentence when the stream as a whole is refused")
    func ended() throws {
        let broker = try SmallBroker(breakAfter: 0, connectionsToBreak: 1, farewell: .badFrame)
        let sender = try NativeSender(host: "127.0.0.1", port: broker.port)
        try sender.send(topic: Self.topic, body: [])
        do throws(SendError) {
            try sender.finish()
            Issue.record("it went on")
        } catch {
            #expect("\(error)" == "127.0.0.1:\(broker.port): \(Refusal.badFrame.sentence)")
        }
    }

    @Test("tells what the broker refuses by its number, and goes on")
    func refusals() throws {
        let broker = try SmallBroker(refusing: 2)
        let sender = try NativeSender(host: "127.0.0.1", port: broker.port)
        for body in ["a", "b", "c"] { try sender.send(topic: Self.topic, body: Array(body.utf8)) }
        try sender.finish()
        #expect(broker.stop().bodies == ["a", "c"])
        #expect(sender.refused == [RefusedMessage(number: 2, .full)])
    }

    @Test("does not send what the broker would refuse for its topic or size")
    func localRefusals() throws {
        let broker = try SmallBroker(maxMessage: 3)
        let sender = try NativeSender(host: "127.0.0.1", port: broker.port)
        try sender.send(topic: Self.topic, body: [1, 2, 3, 4])
        try sender.send(topic: Array("a..b".utf8), body: [])
        try sender.send(topic: Array("belfry.x".utf8), body: [])
        try sender.send(topic: Self.topic, body: Array("abc".utf8))
        try sender.finish()
        #expect(broker.stop().bodies == ["abc"])
        #expect(
            sender.refused == [
                RefusedMessage(number: 1, .tooLarge), RefusedMessage(number: 2, .badTopic),
                RefusedMessage(number: 3, .reservedTopic),
            ])
    }

    @Test("gets more than a window through a broker that reads in small steps")
    func slow() throws {
        let broker = try SmallBroker(readsAtMost: 1000)
        let sender = try NativeSender(host: "127.0.0.1", port: broker.port)
        for number in 1...10_000 { try sender.send(topic: Self.topic, body: Array("\(number)".utf8)) }
        try sender.finish()
        #expect(broker.stop().bodies == (1...10_000).map { "\($0)" })
    }

    @Test("keeps no more than a window, and gives up when no ack comes")
    func stalled() throws {
        let broker = try SmallBroker(acks: false)
        let sender = try NativeSender(host: "127.0.0.1", port: broker.port, timeout: 100_000_000)
        var sent = 0
        let error = #expect(throws: SendError.self) {
            for _ in 1...10_000 {
                try sender.send(topic: Self.topic, body: [1])
                sent += 1
            }
        }
        guard case .stalled(_, _, unanswered: 4096) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(sent == 4096 && sender.finished == 0)
        _ = broker.stop()
    }

    @Test("says that nobody answers, the first time")
    func nobody() throws {
        let address = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
        let listener = try Sockets.udp(address)
        // A port that is taken for UDP and so by nobody else here, but that no TCP socket listens on.
        let port = try #require(try SocketFacts.name(of: listener.raw)).port
        #expect(throws: SendError.self) { try NativeSender(host: "127.0.0.1", port: port) }
    }

    @Test("sends by UDP one frame a datagram, and says what does not fit")
    func datagrams() throws {
        let address = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
        let listener = try Sockets.udp(address)
        let port = try #require(try SocketFacts.name(of: listener.raw)).port
        let sender = try DatagramSender(host: "127.0.0.1", port: port)
        try sender.send(topic: Self.topic, body: [1])
        try sender.send(topic: Self.topic, body: [UInt8](repeating: 0, count: 65_507))
        try sender.send(topic: Self.topic, body: [2, 3])
        #expect(sender.refused.map(\.number) == [2])
        for (number, body) in [(UInt64(1), [UInt8(1)]), (3, [2, 3])] {
            var expected: [UInt8] = []
            NativeFrame.appendPublish(number: number, topic: Self.topic.span, body: body.span, to: &expected)
            let datagram = ByteBuffer(limit: 65_536)
            _ = datagram.receive(from: listener.raw)
            #expect(datagram.withReadable { span in span.indices.map { span[$0] } } == expected)
        }
    }
}
