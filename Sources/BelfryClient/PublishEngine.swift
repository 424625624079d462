// SPDX-License-Identifier: Apache-2.0
/// The state of a publisher between its users and its thread: a lock, and a bell that wakes the thread.
///
/// Used by Publisher and BlockingPublisher on one side, by PublishLoop on the other.
/// Invariant: waiters are resumed without the lock; when the thread sleeps, whatever gives it work rings the bell.

internal import LinuxIO
internal import Synchronization
internal import Wire

final class PublishEngine: Sendable {
    private struct Guarded: Sendable {
        var publishing: PublishState
        var isAsleep = false
        var isRung = false
        var lastToken: UInt64 = 0
    }

    private let guarded: Mutex<Guarded>
    private let bell: EventCounter
    let threadEnd = ThreadEnd()

    init(_ options: PublishOptions) throws(PublishError) {
        do throws(SystemCallError) {
            bell = try EventCounter()
        } catch {
            throw .system(call: error.call, reason: error.reason)
        }
        let state = PublishState(
            windowCount: options.windowCount, windowBytes: options.windowBytes,
            timeout: options.timeout?.nanoseconds ?? .max, now: Clock.monotonic())
        guarded = Mutex(Guarded(publishing: state))
    }

    var bellNumber: CInt { bell.raw }

    /// Sent and answered, of all.
    var counts: (sent: UInt64, accepted: UInt64) {
        guarded.withLock {
            let window = $0.publishing.window
            return (window.next - 1, window.acknowledged - $0.publishing.refusedInAll)
        }
    }

    func token() -> UInt64 {
        guarded.withLock {
            $0.lastToken += 1
            return $0.lastToken
        }
    }

    /// Works on the state, wakes the thread if it sleeps, and resumes those whose wait is over.
    func with(_ body: (inout PublishState) -> [Settled]) {
        let settled = guarded.withLock { state in
            defer { wake(&state) }
            return body(&state.publishing)
        }
        for item in settled { item.waiter.resume(item.ending) }
    }

    /// A PUBLISH frame without its number, or why nobody needs to send it.
    func frame(_ topic: String, _ body: [UInt8]) throws(PublishError) -> [UInt8] {
        let topic = Array(topic.utf8)
        let most = guarded.withLock { $0.publishing.maxMessage } ?? .max
        if let refusal = Topic.check(topic.span) ?? (body.count > most ? .tooLarge : nil) {
            throw .refused(Refusal(refusal))
        }
        var frame: [UInt8] = []
        frame.reserveCapacity(32 + topic.count + body.count)
        NativeFrame.appendPublish(number: 0, topic: topic.span, body: body.span, to: &frame)
        return frame
    }

    /// The number if there is room now.
    func admit(_ frame: [UInt8]) throws(PublishError) -> UInt64? {
        var number: UInt64?
        var error: PublishError?
        with { state in
            error = state.ended
            if state.isOpen { number = state.admit(frame, now: Clock.monotonic()) }
            return []
        }
        if let error { throw error }
        return number
    }

    /// Under the lock, so that the bell is rung exactly while `isRung` says so.
    private func wake(_ state: inout Guarded) {
        guard state.isAsleep else { return }
        state.isAsleep = false
        state.isRung = true
        bell.ring()
    }

    func cancel(_ token: UInt64) { with { $0.cancel(token) } }

    func end(with error: PublishError) { with { $0.end(with: error) } }
}

// MARK: - The thread's side

extension PublishEngine {
    /// What to do next; nil when it is time to go.
    func plan(after queued: UInt64, room: Int, address: String, timeout: Duration?) -> PublishState.Turn? {
        let now = Clock.monotonic()
        var turn: PublishState.Turn?
        let settled = guarded.withLock { state -> [Settled] in
            if state.isRung { bell.drain() }
            state.isRung = false
            if state.publishing.isStalled(now: now) {
                return state.publishing.end(
                    with: .stalled(
                        address: address, timeout: timeout ?? .zero, unanswered: state.publishing.window.count))
            }
            guard state.publishing.ended == nil else { return [] }
            let late = state.publishing.expire(now: now)
            let next = state.publishing.plan(after: queued, room: room, now: now)
            state.isAsleep = next.frames.isEmpty
            turn = next
            return late
        }
        for item in settled { item.waiter.resume(item.ending) }
        return turn
    }

    func take(_ answers: [Answer]) {
        let now = Clock.monotonic()
        let settled = guarded.withLock { state in answers.flatMap { state.publishing.take($0, now: now) } }
        for item in settled { item.waiter.resume(item.ending) }
    }
}
