// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// R4: one page per process, written by that process alone: its answer to the watchdog, its half of the
/// sleep and space handshakes, what it has applied, and its counters.
///
/// A worker's page belongs to its index, not to the process: its successor takes it over.
///
/// Invariant: nobody acts on a process id read from here, there is none.
package struct ProcessPage: ~Copyable {
    private let memory: MappedMemory
    let words: SharedWords
    private typealias At = RingLayout.Page

    /// Bytes of the memory file.
    package static var size: Int { RingLayout.Page.size }
    /// Counters that fit.
    package static var counters: Int { RingLayout.Page.counterLimit }

    /// - Parameter memory: mapped writable by its owner, read-only by the others.
    package init(_ memory: consuming MappedMemory) throws(RegionError) {
        guard memory.count >= RingLayout.Page.size else {
            throw .tooSmall(region: "page", size: memory.count, needed: RingLayout.Page.size)
        }
        words = SharedWords(memory)
        self.memory = memory
    }

    // MARK: the watchdog and what was applied

    // Acquire: pairs with the release in answer().
    package var answered: UInt64 { words.acquire(At.answered) }
    package func answer(_ question: UInt64) { words.release(question, At.answered) }  // pairs with `answered`

    // Acquire: pairs with the release in applied(grants:), behind which the worker touches no revoked shard.
    package var grantsApplied: UInt64 { words.acquire(At.grantsApplied) }
    package func applied(grants version: UInt64) { words.release(version, At.grantsApplied) }  // pairs with it

    /// The acceptor's: the published head at which it began to route by the settings that it applied last. To be read
    /// behind `settingsApplied`.
    package var appliedHead: UInt64 { words.relaxed(At.appliedHead) }
    // Acquire: pairs with the release in applied(settings:), behind which nothing is done by older settings.
    package var settingsApplied: UInt64 { words.acquire(At.settingsApplied) }
    /// - Parameter head: the acceptor's published head; a worker has none to tell.
    package func applied(settings version: UInt64, head: UInt64 = 0) {
        words.store(head, At.appliedHead)
        words.release(version, At.settingsApplied)  // pairs with settingsApplied
    }

    // MARK: sleeping, see docs/ring.md "Wake-up"

    /// Announces sleep. The caller must then look once more for work before it sleeps.
    /// - Parameter interest: slots for which a new record is work; the committer's is 0 while it need not be told of a tight
    ///   ring.
    package func announceSleep(interest: UInt64) {
        words.store(interest, At.interest)
        words.release(1, At.sleeping)  // pairs with the acquire in isSleeping
        SharedWords.fence()  // pairs with the fence in RingProducer.forEachSleeper
    }
    package func awake() { words.store(0, At.sleeping) }
    /// To be asked behind a sequentially consistent fence.
    package var isSleeping: Bool { words.acquire(At.sleeping) != 0 }  // pairs with the release in announceSleep
    package var interest: UInt64 { words.relaxed(At.interest) }

    // MARK: waiting for space, the same handshake the other way round

    package func announceWaiting() {
        words.release(1, At.waiting)  // pairs with the acquire in isWaiting
        SharedWords.fence()  // pairs with the fence in RingWorker.spaceIsAwaited
    }
    package func stopWaiting() { words.store(0, At.waiting) }
    package var isWaiting: Bool { words.acquire(At.waiting) != 0 }  // pairs with the release in announceWaiting

    /// The acceptor's: whether more than half of the ring is held by what somebody still wants.
    package var isTight: Bool {
        get { words.acquire(At.tight) != 0 }  // pairs with the release below
        nonmutating set { words.release(newValue ? 1 : 0, At.tight) }  // pairs with the acquire above
    }

    // MARK: counters

    /// Adds to a counter of one's own page.
    package func count(_ index: Int, _ amount: UInt64 = 1) {
        let place = At.counters + index * 8
        words.store(words.relaxed(place) &+ amount, place)
    }
    package func setCounter(_ index: Int, _ value: UInt64) { words.store(value, At.counters + index * 8) }
    package func counter(_ index: Int) -> UInt64 { words.relaxed(At.counters + index * 8) }
}
