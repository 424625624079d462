// SPDX-License-Identifier: Apache-2.0
/// Waits for many descriptors at once (epoll). Used by Reactor's EventLoop; the token says which one an event is for.
/// A closed descriptor leaves by itself, unless a duplicate of it lives on: then `remove` it first.
/// Invariant: the events read through the subscript are those of the last `wait`, and waiting allocates nothing.

internal import CLinux
internal import Glibc

@safe package final class Poller {
    package struct Interest: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        package static var readable: Interest { Interest(rawValue: belfry_event_in) }
        package static var writable: Interest { Interest(rawValue: belfry_event_out) }
        /// The peer will send no more, though it may still read.
        package static var readHangup: Interest { Interest(rawValue: belfry_event_rdhup) }
        /// Both directions are over. Reported whether asked for or not.
        package static var hangup: Interest { Interest(rawValue: belfry_event_hup) }
        /// Reported whether asked for or not.
        package static var error: Interest { Interest(rawValue: belfry_event_err) }
    }

    package struct Event {
        package let token: UInt64
        package let events: Interest
    }

    package let descriptor: Descriptor
    private let events: UnsafeMutableRawPointer
    private let capacity: Int

    /// `capacity` is how many events one wait can bring.
    package init(capacity: Int = 256) throws(SystemCallError) {
        descriptor = Descriptor(owning: try systemCall("epoll_create") { belfry_epoll_create() })
        self.capacity = capacity
        unsafe events = .allocate(byteCount: capacity * belfry_event_size, alignment: 16)
    }

    deinit { unsafe events.deallocate() }

    /// With `edge` an event comes once for each change: read until would-block, or the descriptor stays silent.
    package func add(
        _ fd: CInt, token: UInt64, events: Interest, edge: Bool = false
    ) throws(SystemCallError) {
        let epoll = descriptor.raw
        try systemCall("epoll add") { belfry_epoll_add(epoll, fd, Poller.flags(events, edge), token) }
    }

    package func modify(
        _ fd: CInt, token: UInt64, events: Interest, edge: Bool = false
    ) throws(SystemCallError) {
        let epoll = descriptor.raw
        try systemCall("epoll modify") { belfry_epoll_modify(epoll, fd, Poller.flags(events, edge), token) }
    }

    package func remove(_ fd: CInt) throws(SystemCallError) {
        let epoll = descriptor.raw
        try systemCall("epoll remove") { belfry_epoll_remove(epoll, fd) }
    }

    /// How many events there are now, 0 when the time is over. Without a time-out it waits for ever.
    package func wait(timeoutNanoseconds: UInt64?) throws(SystemCallError) -> Int {
        let timeout = timeoutNanoseconds.map { Int64(clamping: $0) } ?? -1
        // Holds: the buffer has room for `capacity` events. A signal that interrupts only makes the wait begin anew;
        // all signals that matter come through a descriptor.
        let (count, code) = uninterrupted {
            unsafe belfry_epoll_wait(descriptor.raw, events, CInt(capacity), timeout)
        }
        guard count >= 0 else { throw SystemCallError(call: "epoll_pwait2", code: code) }
        return Int(count)
    }

    package subscript(index: Int) -> Event {
        precondition(index >= 0 && index < capacity)
        // Holds: checked just now; an index past the last wait's count reads an older event, never foreign memory.
        return unsafe Event(
            token: belfry_event_token(events, CInt(index)),
            events: Interest(rawValue: belfry_event_flags(events, CInt(index))))
    }

    private static func flags(_ events: Interest, _ edge: Bool) -> UInt32 {
        edge ? events.rawValue | belfry_event_edge : events.rawValue
    }
}
