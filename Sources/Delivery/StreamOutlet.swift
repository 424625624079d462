// SPDX-License-Identifier: Apache-2.0
/// Encoded deliveries on their way to a stream process: many to a write, what does not fit waits.
///
/// One in each framing.
/// Invariant: bytes leave in the order in which they were encoded.

import LinuxIO

final class StreamOutlet {
    /// Bytes that may wait; a single longer message may too.
    static let limit = 65_536
    /// Bytes that an empty buffer may keep.
    private static let keptCapacity = 1 << 20

    let bytes = ByteBuffer(capacity: 2 * limit, limit: .max)
    /// Whether the process takes no more: the loop tells when it does.
    private var isBlocked = false

    /// So much waits that it is worth a write.
    var isFull: Bool { bytes.count >= Self.limit }

    func unblock() { isBlocked = false }

    func flush(to raw: CInt) -> StreamWrite {
        while !isBlocked, !bytes.isEmpty {
            switch bytes.write(to: raw) {
            case .wrote: continue
            case .wouldBlock: isBlocked = true
            case .closed, .failed: return .closed
            }
        }
        // The next large message may be long in coming.
        if bytes.isEmpty, bytes.capacity > Self.keptCapacity { bytes.shrink() }
        return isBlocked ? .wouldBlock : .done
    }
}
