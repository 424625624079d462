// SPDX-License-Identifier: Apache-2.0
/// What a generation's own thread and the service's threads share: a lock, a bell for each side, and the turns.
///
/// Used by Generation on one side, by GenerationLoop on the other.
/// Invariant: a turn is told once, in order, to whoever polls, waits or iterates.

internal import LinuxIO
internal import Synchronization

final class GenerationEngine: Sendable {
    /// What the service has asked for.
    enum Request: Sendable {
        case restart
        case hand([UInt8], [NamedDescriptor])
    }

    private struct Guarded: Sendable {
        var requests: [Request] = []
        var turns: [Turn] = []
        /// What the next generation inherits, and those older than this one, as pidfds.
        var kept: [NamedDescriptor] = []
        var isDraining = false
    }

    private let guarded = Mutex(Guarded())
    /// Rung for the loop.
    let bell: EventCounter
    /// Rung for the service: readable while a turn waits that was not taken by `next`.
    let turnBell: EventCounter
    let stream: AsyncStream<Turn>
    private let continuation: AsyncStream<Turn>.Continuation

    init() throws(GenerationError) {
        do throws(SystemCallError) {
            bell = try EventCounter()
            turnBell = try EventCounter()
        } catch {
            throw GenerationError(error)
        }
        (stream, continuation) = AsyncStream.makeStream()
    }

    func ask(_ request: Request) {
        guarded.withLock { $0.requests.append(request) }
        bell.ring()
    }

    func takeRequests() -> [Request] {
        guarded.withLock { state in
            bell.drain()
            defer { state.requests = [] }
            return state.requests
        }
    }

    func tell(_ turn: Turn) {
        guarded.withLock { state in
            state.turns.append(turn)
            turnBell.ring()
        }
        continuation.yield(turn)
    }

    func next() -> Turn? {
        guarded.withLock { state in
            guard !state.turns.isEmpty else { return nil }
            let turn = state.turns.removeFirst()
            if state.turns.isEmpty { turnBell.drain() }
            return turn
        }
    }

    /// Nothing is kept any more once the next generation serves: it has its own.
    func keep(_ descriptor: NamedDescriptor) {
        guarded.withLock { if !$0.isDraining { $0.kept.append(descriptor) } }
    }

    /// What is kept, without the generations that have ended.
    func kept() -> [NamedDescriptor] {
        guarded.withLock { state in
            state.kept.removeAll { $0.name == InheritedName.generation && Descriptor.wait($0.raw, until: 0) }
            return state.kept
        }
    }

    func letGo() {
        guarded.withLock { state in
            state.kept = []
            state.isDraining = true
        }
    }
}
