// SPDX-License-Identifier: Apache-2.0
/// Publishing from tasks.
///
/// For Swift programs that use concurrency; BlockingPublisher is the same for those that don't.
/// Invariant: a call that returns normally has done what it says, whatever connections broke meanwhile.

internal import LinuxIO

/// Publishes notifications to a Belfry broker over one TCP connection, from any number of tasks at once.
///
/// Notifications go out without waiting for each other's acks. When the connection breaks, it is made again, and what has
/// no answer is sent again under the same sender and number, so that nothing is lost and nothing is taken twice. One
/// thread serves the connection; no thread of the Swift runtime is ever blocked.
///
/// ```swift
/// let publisher = try await Publisher.connect()
/// try await publisher.publish(topic: "alerts.disk.full", body: "sda1 at 97 %")
/// try await publisher.close()
/// ```
///
/// Every call throws `CancellationError` when its task is cancelled, and else a ``PublishError``. A publisher that is let
/// go of without ``close()`` ends at once, and with it what has no answer yet.
public final class Publisher: Sendable {
    private let engine: PublishEngine

    private init(_ engine: PublishEngine) { self.engine = engine }

    deinit { engine.end(with: .closed) }

    /// Connects, and returns when the broker has answered.
    ///
    /// - Parameters:
    ///   - endpoint: where the broker listens. A name is looked up on the publisher's own thread.
    ///   - options: patience and memory.
    /// - Throws: ``PublishError/unresolved(host:reason:)``, ``PublishError/unreachable(address:reason:)``,
    ///   ``PublishError/notBelfry(address:)``, ``PublishError/streamRefused(address:sentence:)``,
    ///   ``PublishError/stalled(address:timeout:unanswered:)`` or ``PublishError/system(call:reason:)``;
    ///   `CancellationError` if the task is cancelled meanwhile, and then nothing stays behind; a name's look-up that
    ///   has begun is waited for.
    public static nonisolated(nonsending) func connect(
        to endpoint: Endpoint = .local, options: PublishOptions = PublishOptions()
    ) async throws -> Publisher {
        try Task.checkCancellation()
        let publisher = Publisher(try PublishLoop.start(endpoint, options))
        do {
            _ = try await publisher.wait(within: nil) { state, waiter in state.start(waiter) }
        } catch {
            await publisher.end()
            throw error
        }
        return publisher
    }

    /// Publishes one notification, and returns when the broker has accepted it.
    ///
    /// - Parameters:
    ///   - topic: 1 to 255 bytes: tokens of `A-Z a-z 0-9 _ % -` with single dots between them; not below `syslog.` or
    ///     `belfry.`.
    ///   - body: any bytes, none included, up to the broker's `port.max-message`.
    ///   - time: how long this call may take; nil for no bound but ``PublishOptions/timeout``.
    /// - Returns: the notification's number on this publisher, from 1.
    /// - Throws: ``PublishError/refused(_:)`` if the broker does not take it; ``PublishError/timedOut(isWithdrawn:)``
    ///   behind `time`; `CancellationError`, after which it may still be accepted if it was under way; what ended the
    ///   publisher otherwise.
    @discardableResult
    public nonisolated(nonsending) func publish(
        topic: String, body: some Collection<UInt8>, within time: Duration? = nil
    ) async throws -> UInt64 {
        let frame = try engine.frame(topic, Array(body).span)
        return try await wait(within: time) { state, waiter in
            state.submit(.init(frame: frame, waiter: waiter, wantsAnswer: true), now: Clock.monotonic())
        }
    }

    /// Publishes a text; see ``publish(topic:body:within:)-(_,Collection<UInt8>,_)``.
    @discardableResult
    public nonisolated(nonsending) func publish(topic: String, body: String, within time: Duration? = nil) async throws
        -> UInt64
    {
        try await publish(topic: topic, body: body.utf8, within: time)
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
    ///   ``PublishError/timedOut(isWithdrawn:)`` or `CancellationError`, and then it was not sent; what ended the publisher
    ///   otherwise.
    @discardableResult
    public nonisolated(nonsending) func send(topic: String, body: some Collection<UInt8>, within time: Duration? = nil)
        async throws -> UInt64
    {
        try await send(topic: topic, body: Array(body), within: time)
    }

    /// Sends an array, which need not be copied before; see ``send(topic:body:within:)-(_,Collection<UInt8>,_)``.
    @discardableResult
    public nonisolated(nonsending) func send(topic: String, body: [UInt8], within time: Duration? = nil) async throws
        -> UInt64
    {
        try Task.checkCancellation()
        if let number = try engine.admit(topic, body.span) { return number }
        let frame = try engine.frame(topic, body.span)
        return try await wait(within: time) { state, waiter in
            state.submit(.init(frame: frame, waiter: waiter, wantsAnswer: false), now: Clock.monotonic())
        }
    }

    /// Sends a text; see ``send(topic:body:within:)-(_,Collection<UInt8>,_)``.
    @discardableResult
    public nonisolated(nonsending) func send(topic: String, body: String, within time: Duration? = nil) async throws
        -> UInt64
    {
        try await send(topic: topic, body: Array(body.utf8), within: time)
    }

    /// Returns when the broker has accepted everything that was sent before.
    ///
    /// - Parameter time: how long this call may take; nil for no bound but ``PublishOptions/timeout``.
    /// - Throws: ``PublishError/someRefused(first:count:)`` if it refused some of it, told to one flush only;
    ///   ``PublishError/timedOut(isWithdrawn:)``; `CancellationError`; what ended the publisher otherwise.
    public nonisolated(nonsending) func flush(within time: Duration? = nil) async throws {
        _ = try await wait(within: time) { state, waiter in state.flush(waiter) }
    }

    /// Flushes, then ends: when this returns, however it does, the publisher's thread and connection are gone.
    ///
    /// - Throws: as ``flush(within:)``. When it was cancelled or failed, what had no answer by then may have been
    ///   accepted or not. A publisher that has ended already is closed without an error.
    public nonisolated(nonsending) func close() async throws {
        do {
            try await flush()
        } catch PublishError.closed {
        } catch {
            await end()
            throw error
        }
        await end()
    }

    /// How many notifications were sent so far, and how many of them were accepted.
    public var counts: (sent: UInt64, accepted: UInt64) { engine.counts }

    private nonisolated(nonsending) func end() async {
        engine.end(with: .closed)
        await withCheckedContinuation { continuation in engine.threadEnd.then { continuation.resume() } }
    }

    /// Suspends until the waiter that `register` places is settled.
    private nonisolated(nonsending) func wait(
        within time: Duration?, _ register: @Sendable (inout PublishState, Waiter) -> [Settled]
    ) async throws -> UInt64 {
        let token = engine.token()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<UInt64, any Error>) in
                let waiter = Waiter(token: token, deadline: Waiter.deadline(time)) { continuation.resume(with: $0) }
                // Looked at under the lock: a cancellation that comes later finds the waiter in its place.
                engine.with { Task.isCancelled ? [Settled(waiter, .cancelled)] : register(&$0, waiter) }
            }
        } onCancel: {
            engine.cancel(token)
        }
    }
}

extension CheckedContinuation<UInt64, any Error> {
    fileprivate func resume(with ending: Waiter.Ending) {
        switch ending {
        case .done(let number): resume(returning: number)
        case .failed(let error): resume(throwing: error)
        case .cancelled: resume(throwing: CancellationError())
        }
    }
}
