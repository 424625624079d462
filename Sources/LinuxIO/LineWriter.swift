// SPDX-License-Identifier: Apache-2.0
/// Writes lines to a descriptor that somebody else may have stopped reading: a terminal at rest, a full pipe.
///
/// Used for log lines, which must never hold up the process that has something to say.
/// Invariant: a line goes out whole or is left out and counted; nothing here waits for a reader.

internal import Glibc

// Holds: each process logs from its one permanent thread.
package final class LineWriter: @unchecked Sendable {
    private let raw: CInt
    /// Lines left out since the last that went out.
    private var lost = 0

    /// - Parameter raw: stays open as long as the process.
    package init(_ raw: CInt) { self.raw = raw }

    /// - Parameter telling: the line that says how many were left out, once there is room for it.
    package func write(_ line: [UInt8], telling: (Int) -> [UInt8]) {
        guard hasRoom else { return lost += 1 }
        if lost > 0 {
            let count = lost
            lost = 0
            try? File.write(raw, telling(count).span)
            guard hasRoom else { return lost += 1 }
        }
        // A pipe that has room takes a line as a whole, as long as that is shorter than PIPE_BUF.
        try? File.write(raw, line.span)
    }

    /// Whether it can be written to without waiting; what is closed or broken can, in vain.
    private var hasRoom: Bool {
        var state = pollfd(fd: raw, events: Int16(POLLOUT), revents: 0)
        let (count, _) = uninterrupted { unsafe poll(&state, 1, 0) }
        return count != 0
    }
}
