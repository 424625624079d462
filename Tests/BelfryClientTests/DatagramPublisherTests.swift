// SPDX-License-Identifier: Apache-2.0
/// Datagrams: which of them leave together, what is looked at before, and what arrives.

import LinuxIO
import Testing
import Wire

@testable import BelfryClient

@Suite("A publisher of datagrams", .timeLimit(.minutes(1)))
final class DatagramPublisherTests {
    private let listener: Descriptor
    private let endpoint: Endpoint

    init() throws {
        let address = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
        listener = try Sockets.udp(address)
        endpoint = Endpoint(host: "127.0.0.1", port: try #require(try SocketFacts.name(of: listener.raw)).port)
    }

    private func received() -> [[UInt8]] {
        var all: [[UInt8]] = []
        while true {
            let datagram = ByteBuffer(capacity: 65_536, limit: 65_536)
            guard case .bytes = datagram.receive(from: listener.raw) else { return all }
            all.append(datagram.withReadable { span in span.indices.map { span[$0] } })
        }
    }

    private static func frame(_ topic: String, _ body: [UInt8]) -> [UInt8] {
        var frame: [UInt8] = []
        NativeFrame.appendPublish(number: 0, topic: Array(topic.utf8).span, body: body.span, to: &frame)
        return frame
    }

    @Test("sends one frame a datagram")
    func one() throws {
        let publisher = try DatagramPublisher(to: endpoint)
        try publisher.send(topic: "a.b", body: "x")
        try publisher.send(topic: "a.b", body: [1, 2, 3])
        #expect(received() == [Self.frame("a.b", [0x78]), Self.frame("a.b", [1, 2, 3])])
    }

    @Test("sends a batch in its order, with trains and without", arguments: [true, false])
    func batch(usesTrains: Bool) throws {
        let publisher = try DatagramPublisher(to: endpoint, patience: .seconds(5), usesTrains: usesTrains)
        let sizes = Array(repeating: 10, count: 150) + [4, 11, 11, 0, 3]
        let messages = sizes.enumerated().map { index, size in
            DatagramPublisher.Message(topic: "a.b", body: [UInt8](repeating: UInt8(index), count: size))
        }
        try publisher.send(messages)
        #expect(received() == messages.map { Self.frame($0.topic, $0.body) })
    }

    @Test("keeps each message's own topic and body where they change within a batch")
    func mixed() throws {
        let publisher = try DatagramPublisher(to: endpoint)
        let messages = [("a.b", "1"), ("a.b", "2"), ("a.c", "3"), ("a.c", "33"), ("a.b", "44"), ("a.bc", "5")].map {
            DatagramPublisher.Message(topic: $0.0, body: $0.1)
        }
        try publisher.send(messages)
        #expect(received() == messages.map { Self.frame($0.topic, $0.body) })
    }

    @Test("names the place of the first that can't be sent, though its topic counts as equal to the one before")
    func equivalent() throws {
        let publisher = try DatagramPublisher(to: endpoint)
        // The sign for Kelvin and the letter K are the same text to Swift, and not the same bytes.
        let messages = ["K", "\u{212A}"].map { DatagramPublisher.Message(topic: $0, body: "x") }
        #expect(throws: PublishError.refused(Refusal(number: 2, .badTopic))) { try publisher.send(messages) }
        #expect(received() == [])
    }

    @Test("refuses what does not fit, or has no topic, before anything is sent")
    func refusals() throws {
        let publisher = try DatagramPublisher(to: endpoint)
        let good = DatagramPublisher.Message(topic: "a.b", body: "x")
        let large = DatagramPublisher.Message(topic: "a.b", body: [UInt8](repeating: 0, count: 65_487))
        do throws(PublishError) {
            try publisher.send([good, large])
            Issue.record("it was sent")
        } catch {
            guard case .refused(let refusal) = error else { throw error }
            #expect(refusal.number == 2 && refusal.reason == "too-large")
        }
        #expect(throws: PublishError.refused(Refusal(number: 1, .badTopic))) {
            try publisher.send(topic: "a..b", body: "x")
        }
        #expect(received() == [])
        try publisher.send(topic: "a.b", body: large.body.dropLast())
        #expect(received().map(\.count) == [65_507])
    }

    @Test("says that nobody listens, once the network has told")
    func nobody() throws {
        let address = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
        let taken = try Sockets.tcp(address)
        // A port that is taken for TCP and so by nobody else here, but that no UDP socket has.
        let port = try #require(try SocketFacts.name(of: taken.raw)).port
        let publisher = try DatagramPublisher(to: Endpoint(host: "127.0.0.1", port: port))
        try publisher.send(topic: "a.b", body: "the network answers to this one")
        #expect(throws: PublishError.unreachable(address: "127.0.0.1:\(port)", reason: "connection refused")) {
            try publisher.send(topic: "a.b", body: "and this one hears of it")
        }
    }

    @Test(
        "frames of equal length leave together, with a shorter one at the end",
        arguments: [
            ([], []), ([9], [1]), ([9, 9, 9], [3]), ([9, 9, 5, 9], [3, 1]), ([5, 9], [1, 1]), ([9, 5, 5], [2, 1]),
            (Array(repeating: 20, count: 130), [64, 64, 2]), ([40_000, 40_000], [1, 1]), ([40_000, 25_507], [2]),
            ([40_000, 25_508], [1, 1]),
        ] as [([Int], [Int])])
    func runs(lengths: [Int], counts: [Int]) {
        var (index, start) = (0, 0)
        for count in counts {
            let run = DatagramBatch.run(lengths, from: index, at: start, atMost: 64)
            let end = start + lengths[index..<index + count].reduce(0, +)
            #expect(run == DatagramBatch.Run(bytes: start..<end, segment: lengths[index], count: count))
            (index, start) = (index + count, end)
        }
        #expect(index == lengths.count)
        #expect(DatagramBatch.run(lengths, from: index, at: start, atMost: 64) == nil)
    }
}

@Suite("A train that the kernel does not take")
struct TrainLimitsTests {
    private func run(_ count: Int, of segment: Int) -> DatagramBatch.Run {
        DatagramBatch.Run(bytes: 0..<count * segment, segment: segment, count: count)
    }

    @Test("comes again with as many as every kernel takes, then one by one; shorter frames still go in trains")
    func lower() {
        var limits = TrainLimits(true)
        #expect(limits.pass(run(limits.count, of: 500)))
        limits.lower(behind: run(limits.count, of: 500))
        #expect(limits.count == 64 && limits.pass(run(64, of: 500)) && !limits.pass(run(65, of: 500)))
        limits.lower(behind: run(64, of: 500))
        #expect(!limits.pass(run(64, of: 500)) && limits.pass(run(64, of: 499)))
    }

    @Test("is none where the kernel has no trains, or where there is a single frame")
    func none() {
        #expect(!TrainLimits(false).pass(run(2, of: 1)))
        #expect(!TrainLimits(true).pass(run(1, of: 500)))
    }
}

@Suite("A datagram that the kernel does not take")
struct DatagramWaitsTests {
    @Test("waits for a full socket to become writable, up to the patience")
    func wouldBlock() {
        var waits = DatagramWaits(100, now: 1000)
        #expect(waits.next(after: .wouldBlock, now: 1000) == .socket(100))
        #expect(waits.next(after: .wouldBlock, now: 1060) == .socket(40))
        #expect(waits.next(after: .wouldBlock, now: 1100) == .givenUp)
    }

    @Test("gives a full queue time, longer and longer, because its socket stays writable")
    func noBuffers() {
        var waits = DatagramWaits(300_000_000, now: 0)
        var now: UInt64 = 0
        var pauses: [UInt64] = []
        while case .pause(let pause) = waits.next(after: .noBuffers, now: now) {
            pauses.append(pause / 100_000)
            now += pause
        }
        #expect(pauses == [5, 10, 20, 40, 80, 160, 320, 500, 500, 500, 500, 365])
        #expect(waits.next(after: .noBuffers, now: now) == .givenUp)
    }

    @Test("is over once it was sent, or can't be", arguments: [DatagramResult.sent, .failed(1)])
    func over(result: DatagramResult) {
        var waits = DatagramWaits(0, now: 5)
        #expect(waits.next(after: result, now: 5) == .over)
    }
}
