// SPDX-License-Identifier: Apache-2.0
/// Encoded lines on their way into a process's pipe: many lines to a write, what does not fit waits.
///
/// Used by LinesFraming.
/// Invariant: lines leave whole and in order as far as one process is concerned; `reset` forgets what is left for it;
/// and what has gone already is never much more than what waits.

import LinuxIO

struct LineOutlet {
    /// Bytes that may wait; a single longer line may too.
    private static let limit = 65_536
    /// What waits, behind what of it has gone already.
    private(set) var bytes: [UInt8] = []
    private var sent = 0
    /// Whether the pipe is full: the loop tells when it takes more.
    private var isBlocked = false

    var isFull: Bool { bytes.count - sent >= Self.limit }

    mutating func append(_ encode: (inout [UInt8]) -> Void) {
        // A process that always has something waiting never lets it run empty. As much goes as moves, or more.
        if sent >= Self.limit, sent >= bytes.count - sent {
            bytes.removeSubrange(..<sent)
            sent = 0
        }
        encode(&bytes)
    }

    mutating func unblock() { isBlocked = false }

    mutating func reset() {
        bytes.removeAll(keepingCapacity: bytes.capacity <= 4 * Self.limit)
        sent = 0
        isBlocked = false
    }

    mutating func flush(to raw: CInt) -> StreamWrite {
        guard !isBlocked else { return .wouldBlock }
        while sent < bytes.count {
            switch Descriptor.write(raw, bytes.span.extracting(sent..<bytes.count)) {
            case .wrote(let count): sent += count
            case .wouldBlock:
                isBlocked = true
                return .wouldBlock
            case .closed, .failed: return .closed
            }
        }
        reset()
        return .done
    }
}
