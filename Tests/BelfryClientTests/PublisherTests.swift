// SPDX-License-Identifier: Apache-2.0
/// The publisher for tasks against a small broker. What it has in common with the blocking one is tested there.

import LinuxIO
import Testing
import Wire

@testable import BelfryClient

@Suite("A publisher", .timeLimit(.minutes(1)))
struct PublisherTests {
    static let topic = "test.topic"

    private static func publisher(
        _ broker: SmallBroker, window: Int = 4096, timeout: Duration = .seconds(20)
    ) async throws -> Publisher {
        var options = PublishOptions()
        options.windowCount = window
        options.timeout = timeout
        return try await Publisher.connect(to: Endpoint(host: "127.0.0.1", port: broker.port), options: options)
    }

    @Test("publishes from many tasks at once, each accepted when its call returns")
    func tasks() async throws {
        let broker = try SmallBroker()
        let publisher = try await Self.publisher(broker)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<20 {
                group.addTask {
                    for number in 0..<50 { try await publisher.publish(topic: Self.topic, body: "\(task)-\(number)") }
                }
            }
            try await group.waitForAll()
        }
        #expect(publisher.counts == (1000, 1000))
        try await publisher.close()
        let taken = broker.stop()
        #expect(Set(taken.bodies).count == 1000 && taken.bodies.count == 1000 && taken.connections == 1)
        for task in 0..<20 {
            let own = taken.bodies.filter { $0.hasPrefix("\(task)-") }
            #expect(own == (0..<50).map { "\(task)-\($0)" })
        }
    }

    @Test("loses and doubles nothing over connections that break", arguments: [1, 7, 150])
    func broken(framesPerConnection: Int) async throws {
        let broker = try SmallBroker(breakAfter: framesPerConnection, connectionsToBreak: 3)
        let publisher = try await Self.publisher(broker, window: 10)
        for number in 1...500 { try await publisher.send(topic: Self.topic, body: "\(number)") }
        try await publisher.close()
        #expect(broker.stop().bodies == (1...500).map { "\($0)" })
    }

    @Test("connects again when something is to be sent, though the connection broke while all was answered")
    func idle() async throws {
        let broker = try SmallBroker(breakAfter: 1, connectionsToBreak: 1, farewell: .timedOut)
        let publisher = try await Self.publisher(broker)
        for body in ["a", "b", "c"] { try await publisher.publish(topic: Self.topic, body: body) }
        try await publisher.close()
        let taken = broker.stop()
        #expect(taken.bodies == ["a", "b", "c"] && taken.connections == 2)
    }

    @Test("a cancelled wait for room sends nothing, and the publisher goes on")
    func cancelledSend() async throws {
        let broker = try SmallBroker(acks: false)
        let publisher = try await Self.publisher(broker, window: 1)
        try await publisher.send(topic: Self.topic, body: "a")
        let sending = Task { try await publisher.send(topic: Self.topic, body: "b") }
        sending.cancel()
        await #expect(throws: CancellationError.self) { try await sending.value }
        #expect(publisher.counts == (1, 0))
        _ = broker.stop()
    }

    @Test("a cancelled publish does not wait for the answer")
    func cancelledPublish() async throws {
        let broker = try SmallBroker(acks: false)
        let publisher = try await Self.publisher(broker)
        let publishing = Task { try await publisher.publish(topic: Self.topic, body: "a") }
        publishing.cancel()
        await #expect(throws: CancellationError.self) { try await publishing.value }
        _ = broker.stop()
    }

    @Test("a call's own time ends it", .timeLimit(.minutes(1)))
    func within() async throws {
        let broker = try SmallBroker(acks: false)
        let publisher = try await Self.publisher(broker, window: 1)
        await #expect(throws: PublishError.timedOut(isWithdrawn: false)) {
            try await publisher.publish(topic: Self.topic, body: "a", within: .milliseconds(5))
        }
        await #expect(throws: PublishError.timedOut(isWithdrawn: true)) {
            try await publisher.publish(topic: Self.topic, body: "b", within: .milliseconds(5))
        }
        _ = broker.stop()
    }

    @Test("tells the task that waits for it what the broker refused, and goes on")
    func refused() async throws {
        let broker = try SmallBroker(refusing: 2)
        let publisher = try await Self.publisher(broker)
        try await publisher.publish(topic: Self.topic, body: "a")
        await #expect(throws: PublishError.refused(Refusal(number: 2, .full))) {
            try await publisher.publish(topic: Self.topic, body: "b")
        }
        try await publisher.publish(topic: Self.topic, body: "c")
        try await publisher.close()
        #expect(broker.stop().bodies == ["a", "c"])
    }

    @Test("ends everybody's wait when nothing is accepted for too long")
    func stalled() async throws {
        let broker = try SmallBroker(acks: false)
        let publisher = try await Self.publisher(broker, window: 2, timeout: .milliseconds(100))
        let results = await withTaskGroup(of: PublishError?.self) { group in
            for number in 0..<5 {
                group.addTask {
                    do {
                        try await publisher.publish(topic: Self.topic, body: "\(number)")
                        return nil
                    } catch {
                        return error as? PublishError
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let expected = PublishError.stalled(
            address: "127.0.0.1:\(broker.port)", timeout: .milliseconds(100), unanswered: 2)
        #expect(results == Array(repeating: expected, count: 5))
        _ = broker.stop()
    }

    enum Leaving: CaseIterable { case closed, letGo, cancelled }

    @Test("leaves no connection behind, however it ends", arguments: Leaving.allCases)
    func leavesNothing(_ way: Leaving) async throws {
        let peer = try await Self.visit(way)
        // The end of the stream comes only when nothing holds the publisher's socket any more.
        try await Self.readToEnd(peer)
        _ = Descriptor(owning: peer)
    }

    /// The broker's end of a connection that a publisher has made. When this returns, nobody holds the publisher.
    private static func visit(_ way: Leaving) async throws -> CInt {
        let address = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
        let listener = try Sockets.tcp(address)
        let port = try #require(try SocketFacts.name(of: listener.raw)).port
        let connecting = Task { try await Publisher.connect(to: Endpoint(host: "127.0.0.1", port: port)) }
        let peer = try await accept(listener.raw)
        guard way != .cancelled else {
            connecting.cancel()
            await #expect(throws: CancellationError.self) { try await connecting.value }
            return peer
        }
        var welcome: [UInt8] = []
        NativeFrame.appendWelcome(.init(lastAccepted: 0, maxMessage: 100), to: &welcome)
        try File.write(peer, welcome.span)
        let publisher = try await connecting.value
        if way == .closed { try await publisher.close() }
        return peer
    }

    private static func readToEnd(_ peer: CInt) async throws {
        try await Task.detached {
            let poller = try Poller(capacity: 1)
            try poller.add(peer, token: 0, events: .readable)
            let input = ByteBuffer(limit: 4096)
            while input.receive(from: peer) != .closed {
                try #require(try poller.wait(timeoutNanoseconds: 10_000_000_000) == 1, "the connection is still there")
            }
        }.value
    }

    private static func accept(_ listener: CInt) async throws -> CInt {
        try await Task.detached {
            let poller = try Poller(capacity: 1)
            try poller.add(listener, token: 0, events: .readable)
            try #require(try poller.wait(timeoutNanoseconds: 10_000_000_000) == 1)
            guard case .accepted(let peer, _) = Sockets.accept(listener) else { throw CancellationError() }
            return peer.release()
        }.value
    }
}
