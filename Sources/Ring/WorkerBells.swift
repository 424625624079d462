// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// The workers as acceptor and committer know them: their pages, which say who sleeps, and their bells.
///
/// Used by both behind what they publish; filled at their start, and anew with each change of the settings.
/// Invariant: page and bell of a worker stand at its index, and a bell is rung only behind the publish it is for.
package final class WorkerBells {
    private final class Bell {
        let counter: EventCounter
        init(_ counter: consuming EventCounter) { self.counter = counter }
    }

    private var pages = WorkerPages()
    /// By index: one is looked up for each message that comes alone.
    private var bells: [Bell?] = []
    /// Whose bells came since the last `settle`.
    private var fresh: Set<Int> = []

    package init() {}

    package func set(page: consuming ProcessPage, at index: Int) { pages.set(page, at: index) }

    package func set(bell: consuming EventCounter, at index: Int) {
        while bells.count <= index { bells.append(nil) }
        bells[index] = Bell(bell)
        fresh.insert(index)
    }

    /// All workers that there are have been told: the others are forgotten. Nobody has been told: nothing changes.
    package func settle() {
        guard !fresh.isEmpty else { return }
        for index in bells.indices where bells[index] != nil && !fresh.contains(index) {
            bells[index] = nil
            pages.remove(index)
        }
        fresh.removeAll()
    }

    /// Those that sleep and have work in what was published, or must raise their floors.
    package func wake(for producer: RingProducer) {
        // A page without a bell yet: its worker is rung for by `ringAll`, or by the supervisor.
        producer.forEachSleeper(pages) { worker in ring(worker) }
    }

    /// The same of what was committed; see `RingReader.forEachSleeper`.
    package func wake(for reader: RingReader, mask: UInt64, everyone: Bool) {
        reader.forEachSleeper(pages, mask: mask, everyone: everyone) { worker in ring(worker) }
    }

    package func ringAll() {
        for bell in bells { bell?.counter.ring() }
    }

    private func ring(_ worker: Int) {
        if worker < bells.count { bells[worker]?.counter.ring() }
    }
}
