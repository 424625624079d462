// SPDX-License-Identifier: Apache-2.0
/// A mapped piece of shared memory, unmapped when its owner lets go of it.
/// Used by Ring for every region.
/// Invariant: `base` to `base + count` is mapped as long as the value lives, and written through only if `writable`.

internal import Glibc

@safe package struct MappedMemory: ~Copyable {
    @usableFromInline package let base: UnsafeMutableRawPointer
    @usableFromInline package let count: Int
    package let writable: Bool

    /// Takes over a mapping made by `MemoryFile.map`.
    init(base: UnsafeMutableRawPointer, count: Int, writable: Bool) {
        unsafe self.base = base
        self.count = count
        self.writable = writable
    }

    deinit { _ = unsafe munmap(base, count) }

    /// Lends `count` bytes from `offset`. The writer of the region may change them meanwhile: copy, check, then use.
    @inlinable
    package borrowing func withSpan<Result, Failure: Error>(
        _ offset: Int, _ count: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(offset >= 0 && count >= 0 && offset <= self.count && count <= self.count &- offset)
        // Holds: the range was checked just now, and self outlives the call.
        let bytes = unsafe UnsafeBufferPointer(
            start: unsafe (base + offset).assumingMemoryBound(to: UInt8.self), count: count)
        return try body(unsafe bytes.span)
    }
}
