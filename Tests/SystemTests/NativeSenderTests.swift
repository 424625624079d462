// SPDX-License-Identifier: Apache-2.0
/// What the native protocol promises to a sender that names itself: acks that mean accepted, and no doubling when it sends
/// again after a broken connection. The frames are written out by hand (Harness/Native.swift).
/// Invariant of each test: the ledger's duplicates are exactly those that were sent again.

import LinuxIO
import Testing

@Suite("A sender that names itself")
struct NativeSenderTests {
    let scratch: Scratch
    let recorder: Recorder
    let broker: Broker
    private let sender = [UInt8](repeating: 0x5A, count: 16)

    init() throws {
        scratch = try Scratch()
        recorder = try Recorder.stream("recorder", in: scratch)
        broker = try Broker(scratch, services: [recorder.service()])
    }

    private func connect(expecting last: UInt8) throws -> Client {
        let client = try Client.tcp(broker.port)
        try client.send(Native.hello(sender))
        let welcome = try client.read(atLeast: 20)
        #expect(Native.types(welcome) == [2])
        #expect(welcome[15] == last, "the last number that was accepted: \(welcome)")
        return client
    }

    private func bodies(_ numbers: ClosedRange<UInt64>) -> [UInt8] {
        numbers.flatMap { Native.publish($0, "test.topic", "number \($0)") }
    }

    @Test("what it sends again on a new connection is acked, counted as duplicate and not delivered twice")
    func sendsAgain() throws {
        let first = try connect(expecting: 0)
        try first.send(bodies(1...5))
        try recorder.wait(for: 5)
        let second = try connect(expecting: 5)
        try second.send(bodies(3...8))
        let ledger = try broker.ledger("all settled") { $0.services["recorder"]?.delivered == 8 }
        #expect(ledger.intake.duplicate == 3)
        #expect(ledger.intake.published == 8)
        #expect(try recorder.deliveries().map(\.text) == (1...8).map { "number \($0)" })
        try broker.stop()
    }

    @Test("the broker remembers its numbers over the death of the acceptor")
    func remembered() throws {
        let first = try connect(expecting: 0)
        try first.send(bodies(1...5))
        try recorder.wait(for: 5)
        try Roles.killAndReplace("acceptor", of: broker)
        let second = try connect(expecting: 5)
        try second.send(bodies(4...6))
        let ledger = try broker.ledger("all settled") { $0.services["recorder"]?.delivered == 6 }
        #expect(ledger.intake.duplicate == 2)
        try broker.stop()
    }

    @Test("one ack answers a whole burst, with the last number of it")
    func cumulative() throws {
        let client = try connect(expecting: 0)
        try client.send(bodies(1...200))
        var answer: [UInt8] = []
        while answer.suffix(1) != [200] { answer = try client.read(atLeast: answer.count + 16) }
        #expect(Native.types(Array(answer.dropFirst(20))) == [4])
        #expect(answer.count < 20 + 16 * 200)
        try broker.stop()
    }
}
