// SPDX-License-Identifier: Apache-2.0
/// One thread's loop over descriptors and timers, without callbacks: `wait`, then `nextEvent` until there is none, then
/// `nextDue` until there is none. Used by acceptor, worker and supervisor, which decide by the subject what to do.
/// A descriptor must be unwatched before it is closed or given away.
/// Invariant: an event comes out only for a watch that is still held when it comes out; a round allocates nothing.

package import LinuxIO

package final class EventLoop {
    package struct Event: Sendable {
        package let subject: Subject
        package let watch: Watch
        package let events: Poller.Interest
    }

    private let poller: Poller
    private var watches = WatchTable()
    private var timers = TimerHeap()
    private var ready = 0
    private var next = 0

    /// The monotonic clock as it was when the last wait ended.
    package private(set) var now: UInt64

    package init(capacity: Int = 256) throws(SystemCallError) {
        poller = try Poller(capacity: capacity)
        now = Clock.monotonic()
    }

    /// Waits for an event, a due timer or `limit` (monotonic nanoseconds), whichever is first; with `blocking` false it
    /// only looks. Events of an earlier round that were not taken come again if they still hold.
    package func wait(blocking: Bool = true, until limit: UInt64? = nil) throws(SystemCallError) {
        next = 0
        ready = 0
        ready = try poller.wait(timeoutNanoseconds: blocking ? timeout(limit) : 0)
        now = Clock.monotonic()
    }

    /// The next event of this round.
    package func nextEvent() -> Event? {
        while next < ready {
            let event = poller[next]
            next &+= 1
            let watch = Watch(token: event.token)
            // Released while this round was handled: the event is stale.
            guard let subject = watches.subject(watch) else { continue }
            return Event(subject: subject, watch: watch, events: event.events)
        }
        return nil
    }

    /// The next timer that was due when the wait ended; it is gone from the loop then.
    package func nextDue() -> Subject? { timers.popDue(now) }

    package func watch(
        _ fd: CInt, _ subject: Subject, _ events: Poller.Interest, edge: Bool = false
    ) throws(SystemCallError) -> Watch {
        let watch = watches.add(fd, subject)
        do throws(SystemCallError) {
            try poller.add(fd, token: watch.token, events: events, edge: edge)
        } catch {
            watches.release(watch)
            throw error
        }
        return watch
    }

    /// Waits for other events from now on. A stale watch does nothing.
    package func change(_ watch: Watch, _ events: Poller.Interest, edge: Bool = false) throws(SystemCallError) {
        guard let fd = watches.descriptor(watch) else { return }
        try poller.modify(fd, token: watch.token, events: events, edge: edge)
    }

    /// No event of this watch comes out any more, those that have been fetched included. A stale watch does nothing.
    package func unwatch(_ watch: Watch) {
        guard let fd = watches.descriptor(watch) else { return }
        watches.release(watch)
        // An error could only say that the descriptor is gone already, which comes to the same.
        try? poller.remove(fd)
    }

    package func schedule(_ subject: Subject, at deadline: UInt64) -> Timer { timers.schedule(subject, at: deadline) }

    /// False when the timer was due or cancelled before.
    @discardableResult
    package func reschedule(_ timer: Timer, at deadline: UInt64) -> Bool { timers.reschedule(timer, at: deadline) }

    /// False when the timer was due or cancelled before.
    @discardableResult
    package func cancel(_ timer: Timer) -> Bool { timers.cancel(timer) }

    private func timeout(_ limit: UInt64?) -> UInt64? {
        let deadline: UInt64
        switch (timers.nextDeadline, limit) {
        case (nil, nil): return nil
        case (let timer?, nil): deadline = timer
        case (nil, let limit?): deadline = limit
        case (let timer?, let limit?): deadline = min(timer, limit)
        }
        let now = Clock.monotonic()
        return deadline > now ? deadline - now : 0
    }
}
