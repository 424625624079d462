// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// Buffers that connections borrow while they hold bytes, so that ten thousand quiet ones cost no memory.
///
/// Connections has one for unread input and one for unsent answers.
/// Invariant: a buffer in the pool is empty, and of its first capacity.
package final class BufferPool {
    /// More than a busy round needs; what comes back beyond that is freed.
    private static let kept = 64

    private let capacity: Int
    private let limit: Int
    private var free: [ByteBuffer] = []

    /// `capacity` bytes for each buffer at first, growing to `limit`.
    package init(capacity: Int, limit: Int) {
        self.capacity = capacity
        self.limit = limit
        free.reserveCapacity(Self.kept)
    }

    package func take() -> ByteBuffer { free.popLast() ?? ByteBuffer(capacity: capacity, limit: limit) }

    package func give(_ buffer: ByteBuffer) {
        guard free.count < Self.kept else { return }
        buffer.consume(buffer.count)
        buffer.shrink()
        free.append(buffer)
    }
}
