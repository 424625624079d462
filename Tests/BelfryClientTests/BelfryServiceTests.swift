// SPDX-License-Identifier: Apache-2.0
/// A service in tasks against the broker's end of its socket: what it reads, how it answers, how it ends.

import LinuxIO
import Testing
import Wire

@testable import BelfryClient

@Suite("A service", .timeLimit(.minutes(1)))
struct BelfryServiceTests {
    private let worker: SmallWorker
    private let service: BelfryService

    init() throws {
        worker = try SmallWorker()
        service = try BelfryService(socket: Descriptor(owning: worker.serviceEnd), window: 7)
    }

    @Test("says first how many deliveries it takes")
    func window() async throws {
        #expect(try worker.hear(1) == [.window(7)])
        await service.close()
    }

    @Test("reads all parts of a delivery")
    func parts() async throws {
        try worker.deliver("sda1 at 97 %", attempt: 2, kind: 1, decoded: #"{"a":1}"#)
        var deliveries = service.deliveries.makeAsyncIterator()
        let delivery = try #require(try await deliveries.next())
        #expect(delivery.id == "0123456789abcdef-1-42")
        #expect(delivery.topic == "test.topic" && delivery.source == "127.0.0.1:50122")
        #expect(delivery.text == "sda1 at 97 %" && delivery.body == Array("sda1 at 97 %".utf8))
        #expect(delivery.attempt == 2 && delivery.isRedelivered && delivery.sentAs == "native")
        #expect(delivery.receivedAt == .nanoseconds(1_764_000_000_000_000_001))
        #expect(delivery.decoded == .syslog(json: #"{"a":1}"#))
        await service.close()
    }

    @Test("answers what it has acked and what has failed, the first answer only")
    func answers() async throws {
        try worker.deliver("a", "b", "c")
        var deliveries = service.deliveries.makeAsyncIterator()
        for index in 0..<3 {
            let delivery = try #require(try await deliveries.next())
            if index == 1 { delivery.fail(reason: "no room", dead: true) }
            delivery.ack()
            delivery.fail(reason: "too late")
        }
        try worker.finish()
        #expect(try await deliveries.next() == nil)
        let said = try worker.hearToEnd()
        #expect(said.contains(.failed(2, isFinal: true, reason: "no room")))
        #expect(Self.done(said) == [1, 3])
        #expect(said.count <= 4)
    }

    private static func done(_ said: [ServiceSaid]) -> [UInt64] {
        said.flatMap { if case .done(let range) = $0 { Array(range) } else { [UInt64]() } }
    }

    @Test("what is let go of without an answer fails with a retry")
    func dropped() async throws {
        try worker.deliver("a", "b")
        try worker.finish()
        var count = 0
        for try await _ in service.deliveries { count += 1 }
        #expect(count == 2)
        let said = try worker.hearToEnd()
        for number in [UInt64(1), 2] {
            #expect(said.contains(.failed(number, isFinal: false, reason: "let go of without an answer")))
        }
    }

    @Test("does not end before the last open delivery is answered, be it in another task")
    func openAtFinish() async throws {
        try worker.deliver("a")
        try worker.finish()
        var deliveries = service.deliveries.makeAsyncIterator()
        let delivery = try #require(try await deliveries.next())
        async let answered: Void = delivery.ack()
        #expect(try await deliveries.next() == nil)
        await answered
        #expect(Self.done(try worker.hearToEnd()) == [1])
    }

    @Test("takes the end of the stream for a finish")
    func endWithoutFinish() async throws {
        try worker.deliver("a")
        var deliveries = service.deliveries.makeAsyncIterator()
        let delivery = try #require(try await deliveries.next())
        worker.hangUp()
        delivery.ack()
        #expect(try await deliveries.next() == nil)
        #expect(Self.done(try worker.hearToEnd()) == [1])
    }

    @Test("gives many deliveries in their order, and answers them in few frames")
    func many() async throws {
        let reading = Task { [service] in
            var texts: [String] = []
            for try await delivery in service.deliveries {
                texts.append(delivery.text)
                delivery.ack()
            }
            return texts
        }
        for round in 0..<50 {
            try worker.deliver("\(round)a", "\(round)b", "\(round)c", "\(round)d")
        }
        try worker.finish()
        #expect(try await reading.value == (0..<50).flatMap { ["\($0)a", "\($0)b", "\($0)c", "\($0)d"] })
        #expect(Self.done(try worker.hearToEnd()) == Array(1...200))
    }

    @Test(
        "what is no frame ends the deliveries with an error",
        arguments: [Array("HTTP/1.1 200 OK".utf8), [0xB5, 1, 17, 0, 0, 0, 0, 1, 42], [0xB5, 1, 17, 0, 0xFF, 0, 0, 0]])
    func garbage(bytes: [UInt8]) async throws {
        try worker.send(bytes)
        var deliveries = service.deliveries.makeAsyncIterator()
        await #expect(throws: ServiceError.unreadable) { try await deliveries.next() }
        await #expect(throws: ServiceError.unreadable) { try await deliveries.next() }
    }

    @Test("takes no notice of a frame that the end of the stream has cut off", arguments: [1, 8, 40])
    func cutOff(count: Int) async throws {
        try worker.deliver("a")
        try worker.send(Array([0xB5, 1, 17, 0, 0, 0, 0, 60] + [UInt8](repeating: 0, count: 60)).dropLast(68 - count))
        worker.hangUp()
        var texts: [String] = []
        for try await delivery in service.deliveries {
            texts.append(delivery.text)
            delivery.ack()
        }
        #expect(texts == ["a"])
        #expect(Self.done(try worker.hearToEnd()) == [1])
    }

    @Test("skips frames of a type that this version does not know")
    func unknown() async throws {
        try worker.send([0xB5, 1, 99, 0, 0, 0, 0, 1, 42])
        try worker.deliver("a")
        var deliveries = service.deliveries.makeAsyncIterator()
        #expect(try await deliveries.next()?.text == "a")
    }

    @Test("a reader whose task is cancelled ends, and the next one goes on")
    func cancelled() async throws {
        let reading = Task { [service] in
            var iterator = service.deliveries.makeAsyncIterator()
            return try await iterator.next()?.text
        }
        reading.cancel()
        #expect(try await reading.value == nil)
        try worker.deliver("a")
        var deliveries = service.deliveries.makeAsyncIterator()
        #expect(try await deliveries.next()?.text == "a")
    }

    @Test("closes at once, though a delivery is open and a reader waits")
    func closes() async throws {
        try worker.deliver("a", "b")
        var deliveries = service.deliveries.makeAsyncIterator()
        let open = try await deliveries.next()
        await service.close()
        #expect(try await deliveries.next() == nil)
        open?.ack()
        _ = try worker.hearToEnd()
    }
}

@Suite("A service with a handler", .timeLimit(.minutes(1)))
struct BelfryServiceRunTests {
    private struct Sorry: Error {}

    private static func handle(_ delivery: Delivery) throws {
        switch delivery.text {
        case "bad": throw DeadLetter("no such thing")
        case "sorry": throw Sorry()
        case "self": delivery.fail(reason: "by itself")
        default: break
        }
    }

    private static let expected: [ServiceSaid] = [
        .done(1...1), .done(5...5), .failed(2, isFinal: true, reason: "no such thing"),
        .failed(3, isFinal: false, reason: "Sorry()"), .failed(4, isFinal: false, reason: "by itself"), .window(3),
    ]

    private static func sorted(_ said: [ServiceSaid]) -> [String] { said.map { "\($0)" }.sorted() }

    @Test("acks what returns and fails what throws, on the calling thread")
    func blocking() throws {
        let worker = try SmallWorker()
        try worker.deliver("good", "bad", "sorry", "self", "good")
        try worker.finish()
        try BelfryService.run(socket: Descriptor(owning: worker.serviceEnd), window: 3, Self.handle)
        #expect(Self.sorted(try worker.hearToEnd()) == Self.sorted(Self.expected))
    }

    @Test("does the same in several tasks at once", arguments: [1, 3])
    func concurrent(tasks: Int) async throws {
        let worker = try SmallWorker()
        try worker.deliver("good", "bad", "sorry", "self", "good")
        try worker.finish()
        let service = try BelfryService(socket: Descriptor(owning: worker.serviceEnd), window: 3)
        try await service.forEach(tasks) { try Self.handle($0) }
        #expect(Self.sorted(try worker.hearToEnd()) == Self.sorted(Self.expected))
    }

    @Test("tells what is wrong with the stream, after the handler is through with what came before")
    func garbage() throws {
        let worker = try SmallWorker()
        try worker.deliver("good")
        try worker.send(Array("garbage".utf8))
        var handled = 0
        #expect(throws: ServiceError.unreadable) {
            try BelfryService.run(socket: Descriptor(owning: worker.serviceEnd), window: 3) { _ in handled += 1 }
        }
        #expect(handled <= 1)
    }

    @Test("says so when Belfry did not start the process")
    func notStarted() {
        #expect(throws: ServiceError.notStartedByBelfry) { try BelfryService.run { _ in } }
        #expect(throws: ServiceError.notStartedByBelfry) { try BelfryService() }
    }
}

@Suite("Topic and source of deliveries")
struct DeliveryTextsTests {
    @Test("are what the bytes say, the same as before or not")
    func texts() {
        var texts = DeliveryTexts()
        for topic in ["", "a.b", "a.b", "a.c", "a", "a.b"] {
            #expect(texts.topic.text(topic.utf8.span) == topic)
        }
        #expect(texts.source.text("127.0.0.1:1".utf8.span) == "127.0.0.1:1")
    }
}

@Suite("Answers as frames")
struct AnswerFramesTests {
    @Test(
        "what is done becomes as few ranges as it takes",
        arguments: [
            ([], []), ([1], [1...1]), ([3, 1, 2], [1...3]), ([1, 2, 4, 5, 9], [1...2, 4...5, 9...9]),
        ] as [([UInt64], [ClosedRange<UInt64>])])
    func ranges(numbers: [UInt64], ranges: [ClosedRange<UInt64>]) {
        var numbers = numbers
        #expect(AnswerFrames.ranges(&numbers) == ranges)
    }

    @Test("no frame is longer than a service may send, though every other number is open")
    func longest() {
        var bytes: [UInt8] = []
        AnswerFrames.append((1...10_000).map { .done($0 * 2) }, to: &bytes)
        var frames: [Int] = []
        var start = 0
        while case .frame(.done, _, let payload) = Self.next(bytes, start) {
            frames.append(payload.count / 16)
            start = payload.upperBound
        }
        #expect(frames == [4096, 4096, 1808] && start == bytes.count)
    }

    @Test("a long reason is cut between two characters")
    func reason() {
        var bytes: [UInt8] = []
        AnswerFrames.append([.failed(1, isFinal: false, reason: String(repeating: "€", count: 2000))], to: &bytes)
        #expect(String(validating: bytes[17...], as: UTF8.self)?.count == 1365)
    }

    /// A test macro can't take a span.
    private static func next(_ bytes: [UInt8], _ start: Int) -> ServiceFrame.Step {
        ServiceFrame.next(in: bytes.span, from: start, most: ServiceFrame.maximumAnswer)
    }
}
