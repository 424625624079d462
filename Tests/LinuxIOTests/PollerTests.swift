// SPDX-License-Identifier: Apache-2.0
/// Waiting for descriptors, bells and signals.

import Glibc
import LinuxIO
import Testing

@Suite("A poller")
struct PollerTests {
    @Test("says with the token which descriptor is ready, and for what")
    func token() throws {
        let poller = try Poller()
        let quiet = try EventCounter()
        let rung = try EventCounter()
        try poller.add(quiet.raw, token: 1, events: .readable)
        try poller.add(rung.raw, token: .max, events: .readable)
        rung.ring()
        #expect(try poller.wait(timeoutNanoseconds: 10_000_000_000) == 1)
        #expect(poller[0].token == .max)
        #expect(poller[0].events == .readable)
    }

    @Test("says 0 when the time is over")
    func timeout() throws {
        let start = Clock.monotonic()
        #expect(try Poller().wait(timeoutNanoseconds: 2_000_000) == 0)
        #expect(Clock.monotonic() - start >= 2_000_000)
    }

    @Test("brings an edge once, a level as long as it lasts")
    func edge() throws {
        let poller = try Poller()
        let edge = try EventCounter()
        let level = try EventCounter()
        try poller.add(edge.raw, token: 1, events: .readable, edge: true)
        try poller.add(level.raw, token: 2, events: .readable)
        edge.ring()
        level.ring()
        #expect(try poller.wait(timeoutNanoseconds: 10_000_000_000) == 2)
        #expect(try poller.wait(timeoutNanoseconds: 0) == 1)
        #expect(poller[0].token == 2)
    }

    @Test("hears a bell on its edge each time it rings, though nobody drains it, and once if it rang before")
    func undrained() throws {
        let poller = try Poller()
        let bell = try EventCounter()
        bell.ring()
        try poller.add(bell.raw, token: 1, events: .readable, edge: true)
        for _ in 0..<3 {
            #expect(try poller.wait(timeoutNanoseconds: 10_000_000_000) == 1)
            #expect(try poller.wait(timeoutNanoseconds: 0) == 0)
            bell.ring()
        }
    }

    @Test("waits for what it was told last, and for nothing once the descriptor was removed")
    func modify() throws {
        let poller = try Poller()
        let pair = try SeqPacketChannel.pair()
        try poller.add(pair.first.raw, token: 1, events: .readable)
        #expect(try poller.wait(timeoutNanoseconds: 0) == 0)
        try poller.modify(pair.first.raw, token: 7, events: [.readable, .writable])
        #expect(try poller.wait(timeoutNanoseconds: 0) == 1)
        #expect(poller[0].token == 7 && poller[0].events == .writable)
        try poller.remove(pair.first.raw)
        #expect(try poller.wait(timeoutNanoseconds: 0) == 0)
    }

    @Test("hears that the other end has closed")
    func hangup() throws {
        let poller = try Poller()
        let reading = try Descriptor.pipe().keepReading()
        try poller.add(reading.raw, token: 1, events: .readable)
        #expect(try poller.wait(timeoutNanoseconds: 10_000_000_000) == 1)
        #expect(poller[0].events.contains(.hangup))
    }
}

@Suite("A bell")
struct EventCounterTests {
    @Test("rung many times is drained at once")
    func drain() throws {
        let bell = try EventCounter()
        #expect(bell.drain() == false)
        bell.ring()
        EventCounter.ring(bell.raw)
        #expect(bell.drain() == true)
        #expect(bell.drain() == false)
    }
}

@Suite("A signal descriptor")
struct SignalDescriptorTests {
    @Test("brings each signal that came, and no other")
    func signals() async throws {
        let seen = try await onThread {
            let signals = try SignalDescriptor(blocking: [SIGUSR1, SIGUSR2])
            let before = signals.next()
            pthread_kill(pthread_self(), SIGUSR2)
            return [before, signals.next(), signals.next()]
        }
        #expect(seen == [nil, SIGUSR2, nil])
    }
}
