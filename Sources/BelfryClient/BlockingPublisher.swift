// SPDX-License-Identifier: Apache-2.0
/// Publishing from threads that may block: command-line tools, scripts, programs without concurrency.
///
/// Used by `belfry send`. The same engine as Publisher's.
/// Invariant: a call that returns normally has done what it says, whatever connections broke meanwhile.

internal import LinuxIO
internal import Synchronization

/// Publishes notifications to a Belfry broker over one TCP connection, with calls that block the calling thread.
///
/// All that ``Publisher`` does, for programs that don't use Swift concurrency. Don't call it from a task: the few threads
/// that tasks share would be blocked.
///
/// ```swift
/// let publisher = try BlockingPublisher()
/// for line in lines { try publisher.send(topic: "journal", body: line) }
/// try publisher.close()
/// ```
///
/// Any number of threads may use one publisher. One that is let go of without ``close()`` ends at once, and with it what
/// has no answer yet.
public final class BlockingPublisher: Sendable {
    private let engine: PublishEngine

    /// Connects, and returns when the broker has answered.
    ///
    /// - Parameters:
    ///   - endpoint: where the broker listens.
    ///   - options: patience and memory.
    /// - Throws: ``PublishError/unresolved(host:reason:)``, ``PublishError/unreachable(address:reason:)``,
    ///   ``PublishError/notBelfry(address:)``, ``PublishError/streamRefused(address:sentence:)``,
    ///   ``PublishError/stalled(address:timeout:unanswered:)`` or ``PublishError/system(call:reason:)``.
    public convenience init(
        to endpoint: Endpoint = .local, options: PublishOptions = PublishOptions()
    ) throws(PublishError) {
        self.init(try PublishLoop.start(endpoint, options))
        do throws(PublishError) {
            _ = try wait(within: nil) { state, waiter in state.start(waiter) }
        } catch {
            end()
            throw error
        }
    }

    /// Whoever makes the engine sees to it that a loop serves it.
    package init(_ engine: PublishEngine) { self.engine = engine }

    deinit { engine.end(with: .closed) }

    /// Publishes one notification, and returns when the broker has accepted it.
    ///
    /// One call at a time waits for a round trip; for many use ``send(topic:body:within:)-(_,Collection<UInt8>,_)``.
    ///
    /// - Parameters:
    ///   - topic: 1 to 255 bytes: tokens of `A-Z a-z 0-9 _ % -` with single dots between them; not below `syslog.` or
    ///     `belfry.`.
    ///   - body: any bytes, none included, up to the broker's `port.max-message`.
    ///   - time: how long this call may take; nil for no bound but ``PublishOptions/timeout``.
    /// - Returns: the notification's number on this publisher, from 1.
    /// - Throws: ``PublishError/refused(_:)`` if the broker does not take it; ``PublishError/timedOut(isWithdrawn:)``
    ///   behind `time`; what ended the publisher otherwise.
    @discardableResult
    public func publish(
        topic: String, body: some Collection<UInt8>, within time: Duration? = nil
    ) throws(PublishError) -> UInt64 {
        let frame = try engine.frame(topic, Array(body).span)
        return try wait(within: time) { state, waiter in
            state.submit(.init(frame: frame, waiter: waiter, wantsAnswer: true), now: Clock.monotonic())
        }
    }

    /// Publishes a text; see ``publish(topic:body:within:)-(_,Collection<UInt8>,_)``.
    @discardableResult
    public func publish(topic: String, body: String, within time: Duration? = nil) throws(PublishError) -> UInt64 {
        try publish(topic: topic, body: body.utf8, within: time)
    }

    /// Hands one notification over to be sent, and returns without waiting for the broker: at once, or when there is room
    /// in the window (``PublishOptions/windowCount``, ``PublishOptions/windowBytes``). ``flush(within:)`` tells how it went.
    ///
    /// - Parameters:
    ///   - topic: as for `publish`.
    ///   - body: as for `publish`.
    ///   - time: how long to wait for room; nil for no bound but ``PublishOptions/timeout``.
    /// - Returns: its number on this publisher, from 1; a ``Refusal`` told by `flush` names it.
    /// - Throws: ``PublishError/refused(_:)`` for a topic or a size that the broker would refuse;
    ///   ``PublishError/timedOut(isWithdrawn:)``, and then it was not sent; what ended the publisher otherwise.
    @discardableResult
    public func send(
        topic: String, body: some Collection<UInt8>, within time: Duration? = nil
    ) throws(PublishError) -> UInt64 {
        try send(topic: topic, body: Array(body), within: time)
    }

    /// Sends an array, which need not be copied before; see ``send(topic:body:within:)-(_,Collection<UInt8>,_)``.
    @discardableResult
    public func send(topic: String, body: [UInt8], within time: Duration? = nil) throws(PublishError) -> UInt64 {
        try send(topic, body.span, time)
    }

    /// Sends a text; see ``send(topic:body:within:)-(_,Collection<UInt8>,_)``.
    @discardableResult
    public func send(topic: String, body: String, within time: Duration? = nil) throws(PublishError) -> UInt64 {
        try send(topic, body.utf8.span, time)
    }

    private func send(_ topic: String, _ body: Span<UInt8>, _ time: Duration?) throws(PublishError) -> UInt64 {
        if let number = try engine.admit(topic, body) { return number }
        let frame = try engine.frame(topic, body)
        return try wait(within: time) { state, waiter in
            state.submit(.init(frame: frame, waiter: waiter, wantsAnswer: false), now: Clock.monotonic())
        }
    }

    /// Returns when the broker has accepted everything that was sent before.
    ///
    /// - Parameter time: how long this call may take; nil for no bound but ``PublishOptions/timeout``.
    /// - Throws: ``PublishError/someRefused(first:count:)`` if it refused some of it, told to one flush only;
    ///   ``PublishError/timedOut(isWithdrawn:)``; what ended the publisher otherwise.
    public func flush(within time: Duration? = nil) throws(PublishError) {
        _ = try wait(within: time) { state, waiter in state.flush(waiter) }
    }

    /// Flushes, then ends: when this returns, however it does, the publisher's thread and connection are gone.
    ///
    /// - Throws: as ``flush(within:)``. A publisher that has ended already is closed without an error.
    public func close() throws(PublishError) {
        do throws(PublishError) {
            try flush()
        } catch {
            end()
            if error != .closed { throw error }
        }
        end()
    }

    /// How many notifications were sent so far, and how many of them were accepted.
    public var counts: (sent: UInt64, accepted: UInt64) { engine.counts }

    private func end() {
        engine.end(with: .closed)
        let gate = Gate()
        engine.threadEnd.then { gate.open() }
        gate.wait()
    }

    /// Blocks until the waiter that `register` places is settled.
    private func wait(
        within time: Duration?, _ register: (inout PublishState, Waiter) -> [Settled]
    ) throws(PublishError) -> UInt64 {
        let gate = Gate()
        let result = Shared(Waiter.Ending.cancelled)
        let waiter = Waiter(token: engine.token(), deadline: Waiter.deadline(time)) { ending in
            result.value.withLock { $0 = ending }
            gate.open()
        }
        engine.with { register(&$0, waiter) }
        gate.wait()
        switch result.value.withLock({ $0 }) {
        case .done(let number): return number
        case .failed(let error): throw error
        // Nobody cancels a thread.
        case .cancelled: throw .closed
        }
    }
}

private final class Shared<Value: Sendable>: Sendable {
    let value: Mutex<Value>
    init(_ value: Value) { self.value = Mutex(value) }
}
