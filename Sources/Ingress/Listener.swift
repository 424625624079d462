// SPDX-License-Identifier: Apache-2.0
// The listening TCP socket: what it accepts, what it refuses, and how it lives through running out of descriptors.
// Used by the acceptor's loop.
// Invariant: a peer is either taken over or closed and counted; none is left in the queue unseen.

package import LinuxIO
package import Reactor

/// The listening side of the port: accepts a bounded number of connections a round, refuses and counts what is too much.
///
/// Used by Acceptor. One spare descriptor is kept, so that a connection can be refused even when there is none left.
/// Invariant: while nothing can be accepted the socket is not watched, so a full backlog never makes the loop spin.
package final class Listener {
    package static let kind: UInt8 = 2
    private static let perRound = 64
    /// How long nothing is accepted once descriptors are out and can't even be refused.
    private static let pauseLength: UInt64 = 100_000_000

    private let socket: Descriptor
    private let loop: EventLoop
    private let counters: PageCounters
    /// Connections that may be open at once. Those that are too many when it falls stay.
    package var limit: Int
    private var spare: Descriptor?
    private var watch: Watch?

    package init(
        socket: consuming Descriptor, loop: EventLoop, counters: PageCounters, limit: Int
    ) throws(SystemCallError) {
        try Descriptor.setNonBlocking(socket.raw)
        // Linux hands these on to all that is accepted: so they cost no call for each connection. Without them a
        // connection still works; a Unix socket has neither.
        try? SocketOptions.setKeepAlive(socket.raw)
        try? SocketOptions.setNoDelay(socket.raw)
        self.socket = socket
        self.loop = loop
        self.counters = counters
        self.limit = limit
        spare = try self.socket.duplicate()
        try start()
    }

    /// Accepts what waits, up to a round's share.
    package func accept(into connections: Connections) throws(SystemCallError) {
        var left = Self.perRound
        while left > 0, try acceptOne(into: connections) { left -= 1 }
    }

    /// Accepts what waits, before the socket is closed for good: up to `deadline` (CLOCK_MONOTONIC), as more may come all
    /// the time.
    package func acceptRest(into connections: Connections, until deadline: UInt64) throws(SystemCallError) {
        while Clock.monotonic() < deadline, try acceptOne(into: connections) {}
    }

    /// The pause is over.
    package func start() throws(SystemCallError) {
        if spare == nil { spare = try? socket.duplicate() }
        guard watch == nil else { return }
        watch = try loop.watch(socket.raw, Subject(kind: Self.kind), .readable)
    }

    package func stop() {
        if let watch { loop.unwatch(watch) }
        watch = nil
    }

    /// False if there is nothing more to accept now.
    private func acceptOne(into connections: Connections) throws(SystemCallError) -> Bool {
        switch Sockets.accept(socket.raw) {
        case .accepted(let descriptor, let peer):
            let action = AcceptAction.of(
                .accepted, open: connections.count, limit: limit, hasSpare: spare != nil)
            guard action == .open else {
                counters.count(.refusedByLimit)
                return true
            }
            do {
                try connections.open(descriptor, peer: peer)
                counters.count(.accepted)
            } catch {
                // The poller is out of memory or of watches: this one is lost, those that are open are not.
                counters.count(.refusedByDescriptors)
            }
            return true
        case .wouldBlock: return try perform(.wouldBlock, connections)
        case .aborted: return try perform(.aborted, connections)
        case .exhausted: return try perform(.exhausted, connections)
        case .failed(let code): throw SystemCallError(call: "accept", code: code)
        }
    }

    private func perform(_ outcome: AcceptAction.Outcome, _ connections: Connections) throws(SystemCallError) -> Bool {
        switch AcceptAction.of(outcome, open: connections.count, limit: limit, hasSpare: spare != nil) {
        case .again: return true
        case .refuseBySpare: return refuseBySpare()
        case .pause: return pause()
        case .open, .refuse, .stop: return false
        }
    }

    /// Gives up the spare descriptor to take a connection and close it.
    private func refuseBySpare() -> Bool {
        spare = nil
        guard takeAndClose() else { return pause() }
        counters.count(.refusedByDescriptors)
        spare = try? socket.duplicate()
        return true
    }

    private func takeAndClose() -> Bool {
        switch Sockets.accept(socket.raw) {
        case .accepted: true
        default: false
        }
    }

    private func pause() -> Bool {
        stop()
        _ = loop.schedule(Subject(kind: Self.kind), at: loop.now &+ Self.pauseLength)
        return false
    }
}
