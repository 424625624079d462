// SPDX-License-Identifier: Apache-2.0
/// The publisher for threads against a small broker: acks, refusals, and connections that break in the middle.

import LinuxIO
import Synchronization
import Testing
import Wire

@testable import BelfryClient

@Suite("A blocking publisher", .timeLimit(.minutes(1)))
struct BlockingPublisherTests {
    static let topic = "test.topic"

    private static func publisher(
        _ broker: SmallBroker, timeout: Duration = .seconds(20), reasons: Reasons? = nil
    ) throws -> BlockingPublisher {
        var options = PublishOptions()
        options.timeout = timeout
        options.onReconnect = { reasons?.add($0) }
        return try BlockingPublisher(to: Endpoint(host: "127.0.0.1", port: broker.port), options: options)
    }

    @Test("has flushed when everything is acked")
    func acks() throws {
        let broker = try SmallBroker()
        let publisher = try Self.publisher(broker)
        for number in 1...1000 { try publisher.send(topic: Self.topic, body: "\(number)") }
        try publisher.flush()
        let taken = broker.stop()
        #expect(publisher.counts == (1000, 1000))
        #expect(taken.bodies == (1...1000).map { "\($0)" })
        #expect(taken.connections == 1)
    }

    @Test("publishes one by one, each accepted when the call returns")
    func publish() throws {
        let broker = try SmallBroker()
        let publisher = try Self.publisher(broker)
        for number in UInt64(1)...20 {
            #expect(try publisher.publish(topic: Self.topic, body: "\(number)") == number)
            #expect(publisher.counts.accepted == number)
        }
        try publisher.close()
        #expect(broker.stop().bodies == (1...20).map { "\($0)" })
    }

    @Test("loses and doubles nothing over connections that break", arguments: [1, 7, 150])
    func broken(framesPerConnection: Int) throws {
        let broker = try SmallBroker(breakAfter: framesPerConnection, connectionsToBreak: 3)
        let reasons = Reasons()
        let publisher = try Self.publisher(broker, reasons: reasons)
        for number in 1...500 { try publisher.send(topic: Self.topic, body: "\(number)") }
        try publisher.close()
        let taken = broker.stop()
        #expect(taken.bodies == (1...500).map { "\($0)" })
        #expect(taken.connections == 4 && reasons.all.count == 3)
    }

    @Test("goes on when the broker ends a connection that was silent for too long")
    func timedOut() throws {
        let broker = try SmallBroker(breakAfter: 2, connectionsToBreak: 1, farewell: .timedOut)
        let reasons = Reasons()
        let publisher = try Self.publisher(broker, reasons: reasons)
        for body in ["a", "b", "c"] {
            try publisher.send(topic: Self.topic, body: body)
            if body != "c" { try publisher.flush() }
        }
        try publisher.close()
        #expect(broker.stop().bodies == ["a", "b", "c"])
        #expect(reasons.all == [Wire.Refusal.timedOut.sentence])
    }

    @Test("ends with the broker's sentence when the stream as a whole is refused")
    func ended() throws {
        let broker = try SmallBroker(breakAfter: 0, connectionsToBreak: 1, farewell: .badFrame)
        let publisher = try Self.publisher(broker)
        let expected = PublishError.streamRefused(
            address: "127.0.0.1:\(broker.port)", sentence: Wire.Refusal.badFrame.sentence)
        #expect(throws: expected) { try publisher.publish(topic: Self.topic, body: "") }
        #expect(throws: expected) { try publisher.send(topic: Self.topic, body: "") }
        _ = broker.stop()
    }

    @Test("tells at the flush what the broker refused by its number, once, and goes on")
    func refusals() throws {
        let broker = try SmallBroker(refusing: 2)
        let publisher = try Self.publisher(broker)
        for body in ["a", "b", "c"] { try publisher.send(topic: Self.topic, body: body) }
        #expect(throws: PublishError.someRefused(first: [Refusal(number: 2, .full)], count: 1)) {
            try publisher.flush()
        }
        #expect(publisher.counts == (3, 2))
        try publisher.publish(topic: Self.topic, body: "d")
        try publisher.close()
        #expect(broker.stop().bodies == ["a", "c", "d"])
    }

    @Test("tells the caller who waits for it what the broker refused")
    func refusedPublish() throws {
        let broker = try SmallBroker(refusing: 1)
        let publisher = try Self.publisher(broker)
        #expect(throws: PublishError.refused(Refusal(number: 1, .full))) {
            try publisher.publish(topic: Self.topic, body: "a")
        }
        try publisher.flush()
        #expect(broker.stop().bodies == [])
    }

    @Test("does not send what the broker would refuse for its topic or size")
    func localRefusals() throws {
        let broker = try SmallBroker(maxMessage: 3)
        let publisher = try Self.publisher(broker)
        for (topic, body, refusal) in [
            (Self.topic, "1234", Wire.Refusal.tooLarge), ("a..b", "", .badTopic), ("belfry.x", "", .reservedTopic),
        ] {
            #expect(throws: PublishError.refused(Refusal(refusal))) { try publisher.send(topic: topic, body: body) }
        }
        #expect(try publisher.send(topic: Self.topic, body: "abc") == 1)
        try publisher.close()
        #expect(broker.stop().bodies == ["abc"])
    }

    @Test("gets more than a window through a broker that reads in small steps")
    func slow() throws {
        let broker = try SmallBroker(readsAtMost: 1000)
        let publisher = try Self.publisher(broker)
        for number in 1...10_000 { try publisher.send(topic: Self.topic, body: "\(number)") }
        try publisher.close()
        #expect(broker.stop().bodies == (1...10_000).map { "\($0)" })
    }

    @Test("keeps no more than a window, and gives up when no ack comes")
    func stalled() throws {
        let broker = try SmallBroker(acks: false)
        var options = PublishOptions()
        // So few are sent within the time even where each takes a millisecond.
        options.windowCount = 64
        options.timeout = .milliseconds(500)
        let publisher = try BlockingPublisher(to: Endpoint(host: "127.0.0.1", port: broker.port), options: options)
        let expected = PublishError.stalled(
            address: "127.0.0.1:\(broker.port)", timeout: .milliseconds(500), unanswered: 64)
        #expect(throws: expected) {
            for _ in 1...1000 { try publisher.send(topic: Self.topic, body: [1]) }
        }
        #expect(publisher.counts == (64, 0))
        _ = broker.stop()
    }

    @Test("a call's own time that is over withdraws what had no room, and nothing else")
    func within() throws {
        let broker = try SmallBroker(acks: false)
        var options = PublishOptions()
        options.windowCount = 1
        let publisher = try BlockingPublisher(to: Endpoint(host: "127.0.0.1", port: broker.port), options: options)
        #expect(throws: PublishError.timedOut(isWithdrawn: false)) {
            try publisher.publish(topic: Self.topic, body: "a", within: .milliseconds(5))
        }
        #expect(throws: PublishError.timedOut(isWithdrawn: true)) {
            try publisher.send(topic: Self.topic, body: "b", within: .milliseconds(5))
        }
        #expect(throws: PublishError.timedOut(isWithdrawn: false)) { try publisher.flush(within: .milliseconds(5)) }
        #expect(publisher.counts == (1, 0))
        _ = broker.stop()
    }

    @Test("says that nobody answers, the first time")
    func nobody() throws {
        let address = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
        let listener = try Sockets.udp(address)
        // A port that is taken for UDP and so by nobody else here, but that no TCP socket listens on.
        let port = try #require(try SocketFacts.name(of: listener.raw)).port
        #expect(throws: PublishError.unreachable(address: "127.0.0.1:\(port)", reason: "connection refused")) {
            try BlockingPublisher(to: Endpoint(host: "127.0.0.1", port: port))
        }
    }

    @Test("does not take for a broker what only listens")
    func foreign() throws {
        let broker = try SmallBroker(greeting: Array("220 mail.example ESMTP\r\n".utf8))
        #expect(throws: PublishError.notBelfry(address: "127.0.0.1:\(broker.port)")) { try Self.publisher(broker) }
        _ = broker.stop()
    }

    @Test("refuses everything once it is closed, and may be closed again")
    func closed() throws {
        let broker = try SmallBroker()
        let publisher = try Self.publisher(broker)
        try publisher.close()
        #expect(throws: PublishError.closed) { try publisher.publish(topic: Self.topic, body: "a") }
        try publisher.close()
        _ = broker.stop()
    }
}

/// What a publisher said about its connections.
final class Reasons: Sendable {
    private let reasons = Mutex<[String]>([])
    var all: [String] { reasons.withLock { $0 } }
    func add(_ reason: String) { reasons.withLock { $0.append(reason) } }
}
