// SPDX-License-Identifier: Apache-2.0
/// The loop with real bells and a real clock: what comes out, and what must not come out any more.

import LinuxIO
import Reactor
import Testing

@Suite("An event loop")
struct EventLoopTests {
    private let loop: EventLoop
    private let deadline = Clock.monotonic() + 10_000_000_000

    init() throws { loop = try EventLoop() }

    @Test("brings the subject of what is ready, and nothing else")
    func events() throws {
        let quiet = try EventCounter()
        let rung = try EventCounter()
        _ = try loop.watch(quiet.raw, Subject(kind: 1, index: 1), .readable)
        let watch = try loop.watch(rung.raw, Subject(kind: 2, index: 70_000), .readable)
        rung.ring()
        try loop.wait(until: deadline)
        let event = try #require(loop.nextEvent())
        #expect(event.subject == Subject(kind: 2, index: 70_000))
        #expect(event.watch == watch && event.events == .readable)
        #expect(loop.nextEvent() == nil)
    }

    @Test("brings no event for a watch that was given up in the same round")
    func stale() throws {
        let bells = try (0..<2).map { _ in Bell(try EventCounter()) }
        let watches = try bells.map { try loop.watch($0.counter.raw, Subject(kind: 1), .readable) }
        for bell in bells { bell.counter.ring() }
        try loop.wait(until: deadline)
        let first = try #require(loop.nextEvent())
        let other = try #require(watches.first { $0 != first.watch })
        loop.unwatch(other)
        // The same place, used again at once: the old event must not come out as the new one's.
        let late = try EventCounter()
        let reused = try loop.watch(late.raw, Subject(kind: 9), .readable)
        #expect(loop.nextEvent() == nil)
        late.ring()
        try loop.wait(until: deadline)
        #expect(drainEvents().contains { $0.watch == reused && $0.subject.kind == 9 })
    }

    @Test("hears no more of what was unwatched, and unwatching twice does no harm")
    func unwatch() throws {
        let bell = try EventCounter()
        let watch = try loop.watch(bell.raw, Subject(kind: 1), .readable)
        bell.ring()
        loop.unwatch(watch)
        loop.unwatch(watch)
        try loop.change(watch, [.readable, .writable])
        try loop.wait(blocking: false)
        #expect(loop.nextEvent() == nil)
    }

    @Test("waits for other events after a change")
    func change() throws {
        let pair = try SeqPacketChannel.pair()
        let watch = try loop.watch(pair.first.raw, Subject(kind: 1), .readable)
        try loop.wait(blocking: false)
        #expect(loop.nextEvent() == nil)
        try loop.change(watch, .writable)
        try loop.wait(until: deadline)
        #expect(loop.nextEvent()?.events == .writable)
    }

    @Test("takes a refused descriptor back, so that nothing of it stays")
    func refused() throws {
        #expect(throws: SystemCallError.self) { try loop.watch(999_999, Subject(kind: 1), .readable) }
        let bell = try EventCounter()
        _ = try loop.watch(bell.raw, Subject(kind: 2), .readable)
        bell.ring()
        try loop.wait(until: deadline)
        #expect(drainEvents().map(\.subject.kind) == [2])
    }

    @Test("wakes up for the earliest timer, and not before its time")
    func timer() throws {
        let due = Clock.monotonic() + 3_000_000
        _ = loop.schedule(Subject(kind: 1, index: 8), at: deadline)
        _ = loop.schedule(Subject(kind: 1, index: 7), at: due)
        while Clock.monotonic() < due {
            try loop.wait()
            if loop.now < due { #expect(loop.nextDue() == nil) }
        }
        try loop.wait(blocking: false)
        #expect(loop.nextDue() == Subject(kind: 1, index: 7))
        #expect(loop.nextDue() == nil)
    }

    @Test("does not wait for a timer that was cancelled")
    func cancelled() throws {
        let timer = loop.schedule(Subject(kind: 1), at: 0)
        #expect(loop.cancel(timer))
        let limit = Clock.monotonic() + 2_000_000
        try loop.wait(until: limit)
        #expect(loop.now >= limit)
        #expect(loop.nextDue() == nil)
    }

    private func drainEvents() -> [EventLoop.Event] {
        var events: [EventLoop.Event] = []
        while let event = loop.nextEvent() { events.append(event) }
        return events
    }
}

/// Carries a bell in an array.
private final class Bell {
    let counter: EventCounter
    init(_ counter: consuming EventCounter) { self.counter = counter }
}
