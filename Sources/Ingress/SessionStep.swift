// SPDX-License-Identifier: Apache-2.0

package import Wire

/// How far a session came in what a connection holds, and why it stopped there.
///
/// Made by LineSession and NativeSession; Connections acts on it.
/// Invariant: every byte before `consumed` is done with; none behind it has had any effect.
package struct SessionStep: Equatable, Sendable {
    package enum Reason: Equatable, Sendable {
        /// All whole frames are done; the rest needs more bytes.
        case needsMore
        /// The ring has no room for the next one.
        case full
        /// Answers enough: they must go out first.
        case answers
        /// The stream can't go on. Counted and answered already.
        case refused(Refusal)
        /// A HELLO: this sender wants to be known, and perhaps its older connection must be closed first.
        case hello(SenderID)
    }

    package var consumed: Int
    package var reason: Reason

    package init(consumed: Int, reason: Reason) {
        self.consumed = consumed
        self.reason = reason
    }

    /// Whether the session goes on as soon as the HELLO is answered.
    package var isHello: Bool {
        if case .hello = reason { true } else { false }
    }
}

/// The answers of one parse, and how much of them a connection may still hold.
package struct Replies {
    package var bytes: [UInt8] = []
    package var room = 0

    package init() { bytes.reserveCapacity(4096) }

    /// Whether another answer may be made.
    package var isOpen: Bool { bytes.count < room }

    package mutating func begin(room: Int) {
        bytes.removeAll(keepingCapacity: true)
        self.room = room
    }
}
