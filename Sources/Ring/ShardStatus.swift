// SPDX-License-Identifier: Apache-2.0

/// How a shard's service is doing, in R2, for people: written by the lease's holder, read for `status`.
///
/// Invariant: state, time and reason belong together (they are written under a stamp); the counters only grow.
package struct ShardStatus {
    package enum State: UInt32, Sendable { case stopped = 0, starting = 1, running = 2, backingOff = 3 }

    package struct Report: Equatable, Sendable {
        package var state: State = .stopped
        /// Processes of the service that run for this shard.
        package var running: Int = 0
        /// Until when it backs off, in ns since 1970; 0 if it does not.
        package var until: UInt64 = 0
        /// Why, in words; empty if all is well.
        package var reason: String = ""
        package var launches: UInt64 = 0
        package var launchFailures: UInt64 = 0
        package var retried: UInt64 = 0

        package init() {}
    }

    private let words: SharedWords
    private typealias At = RingLayout.Shard

    init(_ block: SharedWords) { words = block }

    /// Says how it stands from now on. The reason is cut at 248 bytes.
    package func set(state: State, running: Int, until: UInt64, reason: String) {
        changing {
            words.store32(state.rawValue, At.state)
            words.store32(UInt32(running), At.running)
            words.store(until, At.until)
            let bytes = SharedWords.words(reason, At.reasonLimit)
            words.store32(UInt32(bytes.count), At.reasonLength)
            words.copy(bytes.span, to: At.reason)
        }
    }

    package func countLaunch() { words.store(words.relaxed(At.launches) &+ 1, At.launches) }
    package func countLaunchFailure() { words.store(words.relaxed(At.launchFailures) &+ 1, At.launchFailures) }
    package func countRetry() { words.store(words.relaxed(At.retried) &+ 1, At.retried) }

    func reset() {
        set(state: .stopped, running: 0, until: 0, reason: "")
        for place in [At.launches, At.launchFailures, At.retried, At.retryApplied, At.restart] { words.store(0, place) }
    }

    package func read() -> Report {
        var report = Report()
        // A holder that died while writing leaves an odd stamp: after some tries, what is there has to do.
        for _ in 0..<1_000 {
            let stamp = words.acquire(At.statusStamp)  // pairs with the release in changing()
            report.state = State(rawValue: words.load32(At.state)) ?? .stopped
            report.running = Int(words.load32(At.running))
            report.until = words.relaxed(At.until)
            let count = min(Int(words.load32(At.reasonLength)), At.reasonLimit)
            report.reason = String(decoding: words.bytes(At.reason, count), as: UTF8.self)
            SharedWords.acquireFence()
            if stamp & 1 == 0, words.relaxed(At.statusStamp) == stamp { break }
        }
        report.launches = words.relaxed(At.launches)
        report.launchFailures = words.relaxed(At.launchFailures)
        report.retried = words.relaxed(At.retried)
        return report
    }

    private func changing(_ change: () -> Void) {
        let stamp = words.relaxed(At.statusStamp) | 1
        words.store(stamp, At.statusStamp)
        SharedWords.releaseFence()  // pairs with the acquire in read()
        change()
        words.release(stamp &+ 1, At.statusStamp)  // pairs with the acquire in read()
    }
}
