// SPDX-License-Identifier: Apache-2.0
/// The state of a publisher between its users and its thread: a lock, and a bell that wakes the thread.
///
/// Used by Publisher and BlockingPublisher on one side, by PublishLoop on the other.
/// Invariant: waiters are resumed without the lock; when the thread sleeps, whatever gives it work rings the bell.

internal import LinuxIO
internal import Synchronization
internal import Wire

package final class PublishEngine: Sendable {
    private struct Guarded: Sendable {
        var publishing: PublishState
        var sleep = Sleep.awake
        var isRung = false
        var lastToken: UInt64 = 0
    }

    /// What the thread sleeps for; for deadlines and the end it always wakes.
    private enum Sleep {
        case awake
        case forFrames
        /// It can't write any now.
        case forBroker
    }

    private let guarded: Mutex<Guarded>
    private let bell: EventCounter
    let threadEnd = ThreadEnd()

    package init(_ options: PublishOptions) throws(PublishError) {
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
            ($0.publishing.window.next - 1, $0.publishing.window.acknowledged - $0.publishing.refusedInAll)
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
    func frame(_ topic: String, _ body: Span<UInt8>) throws(PublishError) -> [UInt8] {
        try guarded.withLock { (state: inout sending Guarded) throws(PublishError) in
            try state.publishing.frame(topic, body)
        }
    }

    /// Takes a notification over at once if there is room now; the number that it got.
    func admit(_ topic: String, _ body: Span<UInt8>) throws(PublishError) -> UInt64? {
        try guarded.withLock { (state: inout sending Guarded) throws(PublishError) in
            let wasWanted = state.publishing.isWanted
            let number = try state.publishing.admit(topic, body, now: Clock.monotonic())
            // One that waits for the broker has all its deadlines already, but for the first frame's.
            if state.sleep == .forFrames || !wasWanted { wake(&state) }
            return number
        }
    }

    /// Under the lock, so that the bell is rung exactly while `isRung` says so.
    private func wake(_ state: inout Guarded) {
        guard state.sleep != .awake else { return }
        state.sleep = .awake
        state.isRung = true
        bell.ring()
    }

    func cancel(_ token: UInt64) { with { $0.cancel(token) } }

    func end(with error: PublishError) { with { $0.end(with: error) } }
}

// MARK: - The thread's side

extension PublishEngine {
    /// What to do next; nil when it is time to go. `queued`: as for PublishState.
    func plan(
        after queued: UInt64?, address: @autoclosure () -> String, timeout: Duration?
    ) -> PublishState.Turn? {
        let now = Clock.monotonic()
        var turn: PublishState.Turn?
        let settled = guarded.withLock { state -> [Settled] in
            if state.isRung { bell.drain() }
            state.isRung = false
            if state.publishing.isStalled(now: now) {
                return state.publishing.end(
                    with: .stalled(
                        address: address(), timeout: timeout ?? .zero, unanswered: state.publishing.window.count))
            }
            guard state.publishing.ended == nil else { return [] }
            let late = state.publishing.expire(now: now)
            let next = state.publishing.plan(after: queued, now: now)
            state.sleep = next.frames != nil ? .awake : queued != nil ? .forFrames : .forBroker
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
