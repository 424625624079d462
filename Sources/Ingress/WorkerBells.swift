// SPDX-License-Identifier: Apache-2.0

package import LinuxIO
package import Ring

/// The workers as the acceptor knows them: their pages, which say who sleeps, and their bells.
///
/// Used by Acceptor at the end of each round.
/// Invariant: page and bell of a worker stand at its index, and a bell is rung only behind the publish it is for.
package final class WorkerBells {
    private final class Bell {
        let counter: EventCounter
        init(_ counter: consuming EventCounter) { self.counter = counter }
    }

    private let pages: WorkerPages
    private var bells: [Bell] = []

    package init(pages: consuming WorkerPages) {
        self.pages = pages
    }

    /// The next worker's bell, in the order of their indices.
    package func add(_ bell: consuming EventCounter) { bells.append(Bell(bell)) }

    package func wake(for intake: Intake) {
        intake.wake(pages) { worker in bells[worker].counter.ring() }
    }

    package func ringAll() {
        for bell in bells { bell.counter.ring() }
    }
}
