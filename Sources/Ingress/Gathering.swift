// SPDX-License-Identifier: Apache-2.0

import LinuxIO

/// Whether the acceptor puts its next look off, so that several messages come with it (`port.gather`).
///
/// Pure; Acceptor asks it between two rounds. Where messages come one by one most of the cost is going to sleep and waking
/// up, in the acceptor, the workers and the services alike.
/// Invariant: nothing is put off behind a round that brought nothing, so a lone message never waits, nor behind one that
/// brought many, as more of them would only fill the kernel's queue.
struct Gathering: Equatable {
    /// So many are worth a round of their own.
    static let many: UInt64 = 64

    /// Nanoseconds; 0: never.
    private let time: UInt64
    /// How long to wait before the next look, nanoseconds.
    private(set) var pause: UInt64 = 0
    /// Where the round before has ended.
    private var last: UInt64 = 0

    init(_ time: Duration) { self.time = time.nanoseconds }

    /// - Parameter head: the next sequence, as the round has published it.
    mutating func published(to head: UInt64) {
        let count = head &- last
        last = head
        pause = count > 0 && count < Self.many ? time : 0
    }
}
