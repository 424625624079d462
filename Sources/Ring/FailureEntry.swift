// SPDX-License-Identifier: Apache-2.0

/// A failure of a service, as a worker noted it in its page.
///
/// Made by FailureLog, and by the supervisor's reading of the pages.
///
/// Invariant: `words` are UTF-8, but not fit for a terminal: they may be what a service said.
package struct FailureEntry: Equatable, Sendable {
    /// When it happened last, ns since 1970.
    package var time: UInt64
    package var slot: Int
    package var incarnation: UInt64
    /// How often it has happened.
    package var count: UInt64
    package var words: String

    package init(time: UInt64, slot: Int, incarnation: UInt64, count: UInt64, words: String) {
        self.time = time
        self.slot = slot
        self.incarnation = incarnation
        self.count = count
        self.words = words
    }

    /// Whether it is the same service that failed in the same words.
    package func isSameFailure(as other: FailureEntry) -> Bool {
        slot == other.slot && incarnation == other.incarnation && words == other.words
    }
}
