// SPDX-License-Identifier: Apache-2.0
/// The end of a thread of ours, for those who wait for it.
///
/// Held by PublishEngine and ServiceEngine; told by their loops as the last thing that they do.
/// Invariant: each who waits is called back once, and without the lock.

internal import Synchronization

final class ThreadEnd: Sendable {
    private struct Guarded: Sendable {
        var hasCome = false
        var waiting: [@Sendable () -> Void] = []
    }

    private let guarded = Mutex(Guarded())

    /// The thread holds no descriptor any more and does nothing after this.
    func come() {
        let waiting = guarded.withLock { state in
            state.hasCome = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for resume in waiting { resume() }
    }

    /// Calls back once the thread has ended, at once if it has.
    func then(_ resume: @escaping @Sendable () -> Void) {
        let hasCome = guarded.withLock { state in
            if !state.hasCome { state.waiting.append(resume) }
            return state.hasCome
        }
        if hasCome { resume() }
    }
}
