// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Ring

/// What the acceptor has to do with the committer: whom it wakes when something is published, how it tells that the ring
/// is tight, and how it sleeps while answers wait for the disk.
///
/// Part of Acceptor.
/// Invariant: with answers held it sleeps only behind a word in its page that it does, so that a commit wakes it.
extension Acceptor {
    /// Wakes who is to read what was published: the workers, or the committer, who wakes them when it is durable.
    func wakeReaders() {
        if intake.isCommitted { intake.wake(workers) }
        let wasTight = isTight
        lookWhetherTight()
        // While the ring is tight it looks by itself.
        if intake.producer.committerSleeps(isTight: isTight && !wasTight) { committerBell?.ring() }
    }

    private func lookWhetherTight() {
        let isNow = intake.producer.isTight()
        if isNow != isTight {
            counters.page.isTight = isNow
            isTight = isNow
        }
        if isNow { askForCommitter() }
    }

    /// In memory mode there may be none. Each absence is told once, and the first time in any case: the page may speak of
    /// one that was killed.
    private func askForCommitter() {
        let presence = intake.producer.committerPresence()
        guard committerAsked.map({ presence & 1 == 0 && presence != $0 }) ?? true else { return }
        // If it can't be said now, the next round says it.
        if case .wouldBlock = channel.send(.tight) { return }
        committerAsked = presence
    }

    /// Waits for events, unless there is something to be done without one.
    /// - Parameter isEnding: nothing is read any more; only answers can be due.
    func sleep(until end: UInt64?, isEnding: Bool = false) throws(SystemCallError) {
        let isHolding = connections.isHolding || replays.isHolding
        if isHolding { counters.page.announceSleep(interest: .max) }
        // To be looked at behind the announcement: whoever committed before it has not rung.
        let isReady = isEnding ? connections.isReleasable : connections.hasReady || replays.isReleasable
        try loop.wait(blocking: !isReady, until: end)
        if isHolding { counters.page.awake() }
    }
}
