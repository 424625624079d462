// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Ring
import Testing
import Wire

@testable import Ingress

/// The native protocol on TCP: welcome, cumulative acks, duplicates, refusals.
@Suite("A native connection")
struct NativeSessionTests {
    @Test("gets one cumulative ack for all that came at once, behind the publish")
    func ack() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send(Native.publish(1) + Native.publish(2) + Native.publish(3))
        try port.run { client.frames().contains(.ack(3)) }
        #expect(client.frames() == [.ack(3)])
        #expect(port.records().count == 3)
    }

    @Test("is taken frame by frame even if it comes byte by byte")
    func byteByByte() throws {
        let port = try TestPort()
        let client = try port.connect()
        for byte in Native.hello(1) + Native.publish(1, "a.b", "x") + Native.publish(2, "a.b", "y") {
            client.send([byte])
            _ = try port.acceptor.step(until: Clock.monotonic())
        }
        try port.run { client.frames().last == .ack(2) }
        #expect(port.records().map(\.text) == ["x", "y"])
    }

    @Test("that names itself is told the last number taken from it, and the greatest message")
    func welcome() throws {
        let port = try TestPort()
        let first = try port.connect()
        first.send(Native.hello(1) + Native.publish(5))
        try port.run { first.frames().last == .ack(5) }
        #expect(first.frames().first == .welcome(last: 0, maxMessage: 1024))
        first.close()
        let second = try port.connect()
        second.send(Native.hello(1))
        try port.run { !second.frames().isEmpty }
        #expect(second.frames() == [.welcome(last: 5, maxMessage: 1024)])
    }

    @Test("is acked for a number that it had sent before, which is counted and not taken again")
    func duplicate() throws {
        let port = try TestPort()
        let first = try port.connect()
        first.send(Native.hello(1) + Native.publish(1, "a", "one") + Native.publish(2, "a", "two"))
        try port.run { first.frames().last == .ack(2) }
        first.close()
        let second = try port.connect()
        second.send(Native.hello(1) + Native.publish(2, "a", "two") + Native.publish(3, "a", "three"))
        try port.run { second.frames().last == .ack(3) }
        #expect(port.records().map(\.text) == ["one", "two", "three"])
        #expect(port.producer.intake.duplicate == 1)
    }

    @Test("is remembered by the acceptor's successor")
    func successor() throws {
        let port = try TestPort()
        let first = try port.connect()
        first.send(Native.hello(1) + Native.publish(1))
        try port.run { first.frames().last == .ack(1) }
        try port.replaceAcceptor()
        let second = try port.connect()
        second.send(Native.hello(1) + Native.publish(1))
        try port.run { second.frames().last == .ack(1) }
        #expect(port.producer.intake.duplicate == 1)
        #expect(port.records().count == 1)
    }

    @Test("takes over from an older one of the same sender, which is closed")
    func takeOver() throws {
        let port = try TestPort()
        let older = try port.connect()
        older.send(Native.hello(1) + Native.publish(1))
        try port.run { older.frames().last == .ack(1) }
        let newer = try port.connect()
        newer.send(Native.hello(1))
        try port.run { older.sawEnd() && !newer.frames().isEmpty }
        #expect(newer.frames() == [.welcome(last: 1, maxMessage: 1024)])
        newer.send(Native.publish(2))
        try port.run { newer.frames().last == .ack(2) }
    }

    @Test("without a name is acked with its own numbers, whatever they are")
    func nameless() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send(Native.publish(7) + Native.publish(7) + Native.publish(3))
        try port.run { client.frames().last == .ack(3) }
        #expect(port.records().count == 3)
    }

    @Test("that names itself keeps one order key over all of its connections")
    func orderKey() throws {
        let port = try TestPort()
        for number: UInt64 in [1, 2] {
            let client = try port.connect()
            client.send(Native.hello(9) + Native.publish(number))
            try port.run { client.frames().last == .ack(number) }
            client.close()
        }
        let records = port.records()
        #expect(records[0].source != records[1].source)
        #expect(records[0].sourceHash == records[1].sourceHash)
    }

    @Test(
        "hears of a refused message with its number, and goes on",
        arguments: [
            ("syslog.x", "body", Refusal.reservedTopic), ("belfry.x", "body", .reservedTopic),
            ("a..b", "body", .badTopic),
            ("", "body", .badTopic), ("a", String(repeating: "x", count: 1025), .tooLarge),
        ])
    func refusedMessage(topic: String, body: String, refusal: Refusal) throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send(Native.publish(1) + Native.publish(2, topic, body) + Native.publish(3))
        try port.run { client.frames().contains(.ack(3)) }
        #expect(client.frames() == [.error(2, refusal), .ack(3)])
        #expect(port.refused(refusal) == 1)
        #expect(port.records().count == 2)
    }

    @Test("hears of a frame of an unknown type, and goes on")
    func unknownType() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send([0xB5, 1, 77, 0, 0, 0, 0, 1, 0] + Native.publish(1))
        try port.run { client.frames().contains(.ack(1)) }
        #expect(client.frames() == [.error(0, .unknownType), .ack(1)])
        #expect(port.refused(.unknownType) == 1)
    }

    @Test(
        "that can't go on is told why and closed, and what came before stands",
        arguments: [
            ([0xB5, 2, 3, 0, 0, 0, 0, 0], Refusal.unknownVersion), ([0xB5, 1, 3, 0, 0xFF, 0, 0, 0], .tooLarge),
            ([0x41], .badFrame), ([0xB5, 1, 3, 0, 0, 0, 0, 2, 0, 0], .badFrame),
            ([0xB5, 1, 3, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 1, 0, 9], .badFrame),
            ([0xB5, 1, 1, 0, 0, 0, 0, 1, 0], .badFrame),
        ] as [([UInt8], Refusal)])
    func broken(bytes: [UInt8], refusal: Refusal) throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send(Native.publish(1) + bytes)
        try port.run { client.frames().count == 2 }
        #expect(client.frames() == [.ack(1), .error(0, refusal)])
        #expect(port.refused(refusal) == 1)
        #expect(port.records().count == 1)
        #expect(port.counters.page.counter(5) == 1)
        client.end()
        try port.run { client.sawEnd() && port.acceptor.connections.count == 0 }
    }

    @Test("that ends in the middle of a frame is counted as truncated")
    func truncated() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send(Native.publish(1) + Native.publish(2).dropLast())
        client.end()
        try port.run { client.sawEnd() }
        #expect(client.frames() == [.ack(1), .error(0, .truncated)])
        #expect(port.refused(.truncated) == 1)
    }

    @Test("that numbers from 0 under a name is refused, not silently taken for a duplicate")
    func zero() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send(Native.hello(1) + Native.publish(0))
        try port.run { client.frames().last == .error(0, .badFrame) }
        #expect(port.producer.intake.duplicate == 0)
    }
}
