// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Ring
import Testing
import Wire

@testable import Ingress

/// How long a connection may take.
@Suite("In time")
struct TimeLimitTests {
    @Test("a client that says nothing is closed after frame-timeout, told why, and counted in the page")
    func silent() throws {
        let port = try TestPort { $0.port.frameTimeout = .milliseconds(50) }
        let client = try port.connect()
        let begin = Clock.monotonic()
        try port.run { client.text().hasPrefix("error timed-out:") }
        #expect(Clock.monotonic() - begin >= 50_000_000)
        client.end()
        try port.run { client.sawEnd() }
        #expect(port.counters.page.counter(4) == 1)
        #expect(port.producer.intake.received == 0)
    }

    @Test("a client that begins a frame and dribbles is closed after frame-timeout, and counted")
    func dribble() throws {
        let port = try TestPort { $0.port.frameTimeout = .milliseconds(60) }
        let client = try port.connect()
        client.send(Native.publish(1))
        try port.run { client.frames() == [.ack(1)] }
        client.send([0xB5])
        var rest = Native.publish(2).dropFirst()
        try port.run {
            if rest.count > 1 { client.send([rest.removeFirst()]) }
            return client.frames().last == .error(0, .timedOut)
        }
        #expect(port.refused(.timedOut) == 1)
        #expect(port.records().count == 1)
    }

    @Test("a quiet client that has spoken stays")
    func quiet() throws {
        let port = try TestPort { $0.port.frameTimeout = .milliseconds(20) }
        let quiet = try port.connect()
        quiet.send("one\n")
        try port.receive(1)
        // A silent one that came later is gone, and the quiet one is still served.
        let silent = try port.connect()
        try port.run { silent.text().hasPrefix("error timed-out:") }
        quiet.send("two\n")
        try port.receive(2)
        #expect(port.records().map(\.text) == ["one", "two"])
    }

    @Test("a frame that is begun after a long rest has its whole time, counted from its first byte")
    func afterRest() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send("one\n")
        try port.receive(1)
        let connection = try #require(port.acceptor.connections.table.all.first)
        // As if the line before had come a minute ago.
        connection.clock.frameBegan -= 60_000_000_000
        client.send("tw")
        try port.run { connection.unread == 2 || client.sawEnd() || connection.phase != .open }
        #expect(connection.phase == .open)
        client.send("o\n")
        try port.receive(2)
        #expect(port.records().map(\.text) == ["one", "two"])
    }

    @Test("a quiet client is closed after idle-timeout if there is one")
    func idle() throws {
        let port = try TestPort { $0.port.idleTimeout = .milliseconds(30) }
        let client = try port.connect()
        client.send("one\n")
        try port.receive(1)
        client.end()
        try port.run { client.sawEnd() }
        let other = try port.connect()
        other.send("two\n")
        try port.run { other.text().hasPrefix("error timed-out:") }
        #expect(port.producer.intake.received == 2)
    }

    @Test("what has not told its protocol is taken for text when three seconds are over, and goes on")
    func sniffing() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send("12")
        try port.run { port.acceptor.connections.table.all.first?.hasSpoken == true }
        let connection = try #require(port.acceptor.connections.table.all.first)
        #expect(connection.stream == .undecided)
        // As if it had begun three seconds ago.
        connection.clock.frameBegan -= ConnectionLimits.sniffing
        port.acceptor.connections.expire(connection.place)
        #expect(connection.stream == .text)
        client.send(" <3 of them\n")
        try port.receive(1)
        #expect(port.records().map(\.text) == ["12 <3 of them"])
    }

    @Test(
        "limits are counted from the right moment",
        arguments: [
            (false, false, false, 1_030), (true, true, true, 2_030), (true, false, true, 2_030),
            (true, false, false, 3_500),
        ] as [(Bool, Bool, Bool, UInt64)])
    func table(hasSpoken: Bool, isUndecided: Bool, hasBegunFrame: Bool, expected: UInt64) {
        var clock = ConnectionClock(openedAt: 1_000)
        clock.frameBegan = 2_000
        clock.lastHeard = 3_000
        let limits = ConnectionLimits(frame: 30, idle: 500)
        #expect(
            clock.deadline(hasSpoken: hasSpoken, isUndecided: isUndecided, hasBegunFrame: hasBegunFrame, limits)
                == expected)
    }

    @Test("without an idle limit a client at rest has no deadline")
    func never() {
        let clock = ConnectionClock(openedAt: 1)
        let limits = ConnectionLimits(frame: 30, idle: nil)
        #expect(clock.deadline(hasSpoken: true, isUndecided: false, hasBegunFrame: false, limits) == .max)
    }
}
