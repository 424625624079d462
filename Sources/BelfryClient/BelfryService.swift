// SPDX-License-Identifier: Apache-2.0
/// Being a service, from tasks.
///
/// For programs that Belfry starts with `framing: frames`; the blocking form is in BelfryService+Run.swift.
/// Invariant: when the deliveries have ended, every answer given has reached Belfry.

internal import LinuxIO

/// The program that this process is to Belfry: a resident service with `mode: stream` and `framing: frames`, which gets
/// notifications and answers each.
///
/// ```swift
/// let service = try BelfryService()
/// for try await delivery in service.deliveries {
///     print(delivery.topic, delivery.text)
///     delivery.ack()
/// }
/// ```
///
/// The loop ends when Belfry says that this process should finish (idle, reload, shutdown), as soon as everything that
/// is open is answered; then let the program end. One thread serves the socket; no thread of the Swift runtime is ever
/// blocked. If the service is let go of or closed before, what is open is delivered again.
///
/// For several deliveries at once, ``run(concurrency:window:_:)`` is shorter and does the same.
public final class BelfryService: Sendable {
    /// The deliveries of a service as they come. They end when Belfry has told this process to finish and everything
    /// that was handed out is answered, or when the reading task is cancelled.
    public struct Deliveries: AsyncSequence, Sendable {
        /// What is read.
        public typealias Element = Delivery
        /// What reading throws: ``ServiceError/unreadable``, ``ServiceError/disconnected(reason:unanswered:)`` or
        /// ``ServiceError/system(call:reason:)``.
        public typealias Failure = ServiceError

        /// Reads deliveries one by one. Several may read at once: each delivery goes to one of them.
        public struct AsyncIterator: AsyncIteratorProtocol {
            /// What reading throws.
            public typealias Failure = ServiceError

            let service: BelfryService

            /// The next delivery, nil at the end. Let go of deliveries that you have not answered before you wait here:
            /// the end does not come while one is open.
            public mutating func next(
                isolation actor: isolated (any Actor)? = #isolation
            ) async throws(ServiceError) -> Delivery? {
                try await service.next(isolation: actor)
            }
        }

        let service: BelfryService

        /// A reader of its own; all readers share the deliveries.
        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(service: service) }
    }

    private let engine: ServiceEngine

    /// Takes over the socket that Belfry gave to this process, and says that it is up.
    ///
    /// Belfry counts the time until then as the start: get ready first (open files, connect to databases), then make this.
    ///
    /// - Parameter window: how many deliveries are taken open at once; Belfry keeps it below the service's `in-flight`
    ///   setting, too. A delivery's `ack-timeout` runs from when it is handed out: with a window of 64 and deliveries
    ///   that are worked on one by one, each must take less than a 64th of it.
    /// - Throws: ``ServiceError/notStartedByBelfry``, ``ServiceError/badDescriptor(_:)``,
    ///   ``ServiceError/alreadyServing`` or ``ServiceError/system(call:reason:)``.
    public convenience init(window: Int = 64) throws(ServiceError) {
        try self.init(socket: try ServiceSocket.inherited(), window: window)
    }

    init(socket: consuming Descriptor, window: Int) throws(ServiceError) {
        let engine = try ServiceEngine()
        self.engine = engine
        let raw = socket.release()
        do throws(SystemCallError) {
            try DetachedThread.start(named: "belfry-service") {
                ServiceLoop.serve(Descriptor(owning: raw), engine, window: window)
                engine.threadEnd.come()
            }
        } catch {
            _ = Descriptor(owning: raw)
            throw .system(call: error.call, reason: error.reason)
        }
    }

    deinit { engine.end(.finished) }

    /// The name of this service in Belfry's settings; empty if the process was not started by Belfry.
    public static var name: String { CurrentProcess.environment("BELFRY_SERVICE") ?? "" }

    /// The deliveries, to be read with `for try await`.
    public var deliveries: Deliveries { Deliveries(service: self) }

    /// Leaves at once: the deliveries end, and the thread and the socket are gone when this returns. What is open is
    /// delivered again. Not needed after the deliveries have ended by themselves.
    public nonisolated(nonsending) func close() async {
        engine.end(.finished)
        await withCheckedContinuation { continuation in engine.threadEnd.then { continuation.resume() } }
    }

    private func next(isolation actor: isolated (any Actor)?) async throws(ServiceError) -> Delivery? {
        let token = engine.token()
        let next = await withTaskCancellationHandler {
            await withCheckedContinuation(isolation: actor) { continuation in
                engine.wait(ServiceState.Reader(token: token) { continuation.resume(returning: $0) })
            }
        } onCancel: {
            engine.cancel(token)
        }
        switch next {
        case .delivery(let delivery): return delivery
        case .end: return nil
        case .failed(let error): throw error
        }
    }
}
