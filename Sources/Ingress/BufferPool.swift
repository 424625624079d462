// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// Buffers that connections borrow while they hold bytes, so that ten thousand quiet ones cost no memory.
///
/// Connections has one for reading, one for what is left unread, and one for unsent answers.
/// Invariant: a buffer in the pool is empty, and of its first capacity.
package final class BufferPool {
    private let capacity: Int
    private let limit: Int
    private let kept: Int
    private var free: [ByteBuffer] = []

    /// `capacity` bytes for each buffer at first, growing to `limit`. `kept`: more than a busy round needs; what comes
    /// back beyond that is freed.
    package init(capacity: Int, limit: Int, kept: Int) {
        self.capacity = capacity
        self.limit = limit
        self.kept = kept
        free.reserveCapacity(kept)
    }

    package func take() -> ByteBuffer { free.popLast() ?? ByteBuffer(capacity: capacity, limit: limit) }

    package func give(_ buffer: ByteBuffer) {
        guard free.count < kept else { return }
        buffer.consume(buffer.count)
        buffer.shrink()
        free.append(buffer)
    }
}
