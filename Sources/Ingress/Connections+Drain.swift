// SPDX-License-Identifier: Apache-2.0

import LinuxIO

/// The end of all connections at once, when the acceptor drains.
///
/// Part of Connections, used by Acceptor's drain in this order.
/// Invariant: what was begun and not ended, or had no room, is not acked; it is counted, but for what a native sender keeps.
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
            refuseRest(of: connection)
            close(connection)
        }
    }

    /// What will not be taken any more. A native sender keeps what was not acked, and sends it again.
    private func refuseRest(of connection: Connection) {
        guard connection.phase == .open, connection.unread > 0 else { return }
        // Who had to wait for others from its first byte on.
        if connection.stream == .undecided { decide(connection, isLast: true) }
        guard connection.phase == .open, connection.stream != .native, let buffer = connection.input else { return }
        buffer.withReadable { LineSession.refuseRest(of: connection, in: $0, intake) }
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
