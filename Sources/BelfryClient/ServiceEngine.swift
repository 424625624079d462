// SPDX-License-Identifier: Apache-2.0
/// The state of a service between its handlers and the loop that reads and writes: a lock, and a bell that wakes the loop.
///
/// Used by BelfryService and Delivery on one side, by ServiceLoop on the other.
/// Invariant: readers are resumed, and deliveries let go of, without the lock; when the loop sleeps, whatever gives it
/// work rings the bell.

internal import LinuxIO
internal import Synchronization

final class ServiceEngine: Sendable {
    struct Turn {
        let answers: [ServiceState.Answer]
        let open: Int
        let isFinishing: Bool
        let hasEnded: Bool
    }

    private struct Guarded: Sendable {
        var serving = ServiceState()
        var isAsleep = false
        var isRung = false
        var lastToken: UInt64 = 0
    }

    private let guarded = Mutex(Guarded())
    private let bell: EventCounter
    let threadEnd = ThreadEnd()

    init() throws(ServiceError) {
        do throws(SystemCallError) {
            bell = try EventCounter()
        } catch {
            throw .system(call: error.call, reason: error.reason)
        }
    }

    var bellNumber: CInt { bell.raw }

    func token() -> UInt64 {
        guarded.withLock {
            $0.lastToken += 1
            return $0.lastToken
        }
    }

    func answer(_ answer: ServiceState.Answer) {
        guarded.withLock {
            $0.serving.answer(answer)
            wake(&$0)
        }
    }

    /// Without waiting.
    func next() -> ServiceState.Next? { guarded.withLock { $0.serving.next() } }

    func wait(_ reader: ServiceState.Reader) {
        resume(
            guarded.withLock {
                // Looked at under the lock: a cancellation that comes later finds the reader in its place.
                Task.isCancelled ? [(reader, .end)] : $0.serving.wait(reader)
            })
    }

    func cancel(_ token: UInt64) { resume(guarded.withLock { $0.serving.cancel(token) }) }

    /// What is unread is let go of here, and so fails; the loop may be gone by then, and the socket too.
    func end(_ how: ServiceState.Ending) {
        let ended = guarded.withLock { state in
            defer { wake(&state) }
            return state.serving.end(how)
        }
        resume(ended.readers)
    }

    /// Under the lock, so that the bell is rung exactly while `isRung` says so.
    private func wake(_ state: inout Guarded) {
        guard state.isAsleep else { return }
        state.isAsleep = false
        state.isRung = true
        bell.ring()
    }

    private func resume(_ given: [(ServiceState.Reader, ServiceState.Next)]) {
        for (reader, next) in given { reader.resume(next) }
    }
}

// MARK: - The loop's side

extension ServiceEngine {
    func plan() -> Turn {
        guarded.withLock { state in
            if state.isRung { bell.drain() }
            state.isRung = false
            let answers = state.serving.takeAnswers()
            state.isAsleep = answers.isEmpty
            return Turn(
                answers: answers, open: state.serving.open, isFinishing: state.serving.isFinishing,
                hasEnded: state.serving.ending != nil)
        }
    }

    func take(_ deliveries: [Delivery], isLast: Bool) {
        resume(
            guarded.withLock { state in
                // The loop is about to come round again: no answer need ring for it.
                state.isAsleep = false
                if isLast { state.serving.finish() }
                return state.serving.take(deliveries)
            })
    }
}
