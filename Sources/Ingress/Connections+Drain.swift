// SPDX-License-Identifier: Apache-2.0

import LinuxIO

/// The end of all connections at once, when the acceptor drains.
///
/// Part of Connections, used by Acceptor's drain in this order.
/// Invariant: what was begun and not ended, or had no room, is counted and not acked.
extension Connections {
    /// Reads what the kernel has of each connection; `settle` is called behind each, so that no batch grows too large.
    func readRest(until deadline: UInt64, settle: () -> Void) {
        for connection in table.all {
            guard Clock.monotonic() < deadline else { return }
            readRest(connection)
            settle()
        }
    }

    var hasUnsent: Bool { table.all.contains { !$0.isAnswered } }

    /// Sends only: nothing is read any more, but to be thrown away.
    func handleWhileEnding(_ place: Int) {
        guard let connection = table[place] else { return }
        // Unread it would be told of again and again.
        if connection.phase == .lingering { discard(connection) }
        guard connection.phase != .closed else { return }
        connection.pause = .answers
        flush(connection)
    }

    func closeAll() {
        for connection in table.all {
            if connection.phase == .open, connection.unread > 0 {
                intake.refuse(connection.pause == .space ? .full : .truncated)
            }
            close(connection)
        }
    }

    private func readRest(_ connection: Connection) {
        let most = intake.maxMessage + 1 << 20
        // It waits for space without having been read: what it has is counted.
        if connection.pause == .space, connection.input == nil { connection.pause = .none }
        var read = 0
        while read < most, connection.phase == .open, connection.pause == .none {
            let count = readOnce(connection)
            if count == 0 { break }
            read += count
        }
        // From here on it only waits for its answers to be taken.
        if connection.phase == .open, connection.pause == .none { connection.pause = .answers }
        watch(connection)
    }
}
