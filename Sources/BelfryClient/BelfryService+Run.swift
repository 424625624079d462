// SPDX-License-Identifier: Apache-2.0
/// Being a service with a handler: one delivery at a time on the calling thread, or several at once in tasks.
///
/// For the plainest services. What a handler returns or throws is the answer.
/// Invariant: a delivery that the handler has not answered itself is acked when it returns, and fails when it throws.

package import LinuxIO

extension BelfryService {
    /// Serves on the calling thread, one delivery after the other, until Belfry tells this process to finish. Then let the
    /// program end.
    ///
    /// ```swift
    /// try BelfryService.run { delivery in
    ///     print(delivery.topic, delivery.text)
    /// }
    /// ```
    ///
    /// A handler that returns has done it: the delivery is acked. One that throws has not: it fails, and is delivered
    /// again as the retry policy says; with a ``DeadLetter`` no more. A handler may also answer by itself, and then
    /// that counts. Answers are gathered for 5 ms at most while there is more to do.
    ///
    /// - Parameters:
    ///   - window: deliveries taken open at once; see ``init(window:)``.
    ///   - handle: gets each delivery. It must not keep it for later; for that use ``deliveries``.
    /// - Throws: as ``init(window:)`` and ``Deliveries``; never what `handle` throws.
    public static func run(window: Int = 64, _ handle: (Delivery) throws -> Void) throws(ServiceError) {
        try run(socket: try ServiceSocket.inherited(), window: window, handle)
    }

    static func run(
        socket: consuming Descriptor, window: Int, _ handle: (Delivery) throws -> Void
    ) throws(ServiceError) {
        let loop = try HandlerLoop(socket, window: window)
        while try loop.turn(handle) {}
    }

    /// Serves with up to so many tasks at once, until Belfry tells this process to finish. Then let the program end.
    ///
    /// ```swift
    /// try await BelfryService.run(concurrency: 8) { delivery in
    ///     try await store(delivery.body)
    /// }
    /// ```
    ///
    /// What returning and throwing mean is as for ``run(window:_:)``. When the calling task is cancelled, so are the
    /// handlers; when they are through, this returns, and what was not worked on yet is delivered again.
    ///
    /// - Parameters:
    ///   - concurrency: handlers at once, at least 1. In what order they are through is their affair: with an `order` in
    ///     the service's settings Belfry hands out what belongs together one by one.
    ///   - window: deliveries taken open at once; nil is twice the concurrency. See ``init(window:)``.
    ///   - handle: gets each delivery.
    /// - Throws: as ``init(window:)`` and ``Deliveries``; never what `handle` throws.
    public static func run(
        concurrency: Int, window: Int? = nil, _ handle: @escaping @Sendable (Delivery) async throws -> Void
    ) async throws(ServiceError) {
        let most = max(1, concurrency)
        try await BelfryService(window: window ?? most * 2).forEach(most, handle)
    }

    func forEach(
        _ most: Int, _ handle: @escaping @Sendable (Delivery) async throws -> Void
    ) async throws(ServiceError) {
        // A task group's error has no type, so it comes out as a value.
        let failure = await withTaskGroup(of: Void.self) { group -> ServiceError? in
            var running = 0
            do throws(ServiceError) {
                for try await delivery in deliveries {
                    if running == most {
                        await group.next()
                        running -= 1
                    }
                    running += 1
                    group.addTask { await delivery.settle { try await handle(delivery) } }
                }
                return nil
            } catch {
                group.cancelAll()
                return error
            }
        }
        await close()
        if let failure { throw failure }
    }
}

/// A service on the calling thread, a turn at a time.
package final class HandlerLoop {
    private let engine: ServiceEngine
    private let loop: ServiceLoop

    package init(_ socket: consuming Descriptor, window: Int) throws(ServiceError) {
        engine = try ServiceEngine()
        loop = try ServiceLoop.make(socket, engine, window: window)
    }

    // Whatever ends this: what is unread is let go of, and with it the engine.
    deinit { engine.end(.finished) }

    /// Reads, writes the answers, and lets each delivery that has come be handled; waits if there is nothing to do.
    /// - Returns: false when it is over.
    package func turn(waits: Bool = true, _ handle: (Delivery) throws -> Void) throws(ServiceError) -> Bool {
        guard try loop.turn(waits: waits) else { return false }
        while case .delivery(let delivery) = engine.next() {
            delivery.settle { try handle(delivery) }
            try loop.writeAnswers()
        }
        return true
    }
}

extension Delivery {
    fileprivate func settle(_ work: () throws -> Void) {
        do {
            try work()
            ack()
        } catch {
            fail(error)
        }
    }

    fileprivate func settle(_ work: () async throws -> Void) async {
        do {
            try await work()
            ack()
        } catch {
            fail(error)
        }
    }

    private func fail(_ error: any Error) { fail(reason: "\(error)", dead: error is DeadLetter) }
}
