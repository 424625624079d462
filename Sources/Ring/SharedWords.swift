// SPDX-License-Identifier: Apache-2.0

import LinuxIO
public import Synchronization

/// Words of a mapping, addressed by byte offset: the one place where Ring turns a number into a pointer.
///
/// It does not own the mapping; whoever holds it holds the `MappedMemory` too. Offsets come from
/// `RingLayout` and from counts that `RegionHeader.check` has held against the mapping's size.
///
/// Its accesses are inlined into the modules that hold leases, too (hence the public import of atomics).
///
/// Invariant: every offset is a multiple of its word's size and lies inside the mapping.
@usableFromInline
@safe struct SharedWords {
    // Holds: `base` stays mapped as long as the owner (producer, worker, reader) that made this value lives.
    @usableFromInline let base: UnsafeMutableRawPointer

    init(_ memory: borrowing MappedMemory) { unsafe base = memory.base }
    @inlinable init(unsafe base: UnsafeMutableRawPointer) { unsafe self.base = base }

    @inlinable func advanced(by offset: Int) -> SharedWords { unsafe SharedWords(unsafe: base + offset) }

    // Holds for all below: the offset is inside the mapping and aligned, see above; Atomic<UInt64> has the
    // size and alignment of UInt64, and the mapping outlives the access.
    @inline(__always) @inlinable
    func word(_ offset: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        unsafe (base + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    @inline(__always) @inlinable func relaxed(_ offset: Int) -> UInt64 {
        unsafe word(offset).pointee.load(ordering: .relaxed)
    }
    /// Acquire; the caller names the store that it pairs with.
    @inline(__always) @inlinable func acquire(_ offset: Int) -> UInt64 {
        unsafe word(offset).pointee.load(ordering: .acquiring)
    }
    @inline(__always) @inlinable func store(_ value: UInt64, _ offset: Int) {
        unsafe word(offset).pointee.store(value, ordering: .relaxed)
    }
    /// Release; the caller names the load that it pairs with.
    @inline(__always) @inlinable func release(_ value: UInt64, _ offset: Int) {
        unsafe word(offset).pointee.store(value, ordering: .releasing)
    }
    @inline(__always) @inlinable func exchange(_ expected: UInt64, _ desired: UInt64, _ offset: Int) -> (Bool, UInt64) {
        // Acquire and release: pairs with itself in another process's exchange of the same word.
        let result = unsafe word(offset).pointee.compareExchange(
            expected: expected, desired: desired, ordering: .acquiringAndReleasing)
        return (result.exchanged, result.original)
    }

    @inline(__always) @inlinable func load32(_ offset: Int) -> UInt32 {
        unsafe base.load(fromByteOffset: offset, as: UInt32.self)
    }
    @inline(__always) @inlinable func store32(_ value: UInt32, _ offset: Int) {
        unsafe base.storeBytes(of: value, toByteOffset: offset, as: UInt32.self)
    }
    @inline(__always) @inlinable func load16(_ offset: Int) -> UInt16 {
        unsafe base.load(fromByteOffset: offset, as: UInt16.self)
    }
    @inline(__always) @inlinable func store16(_ value: UInt16, _ offset: Int) {
        unsafe base.storeBytes(of: value, toByteOffset: offset, as: UInt16.self)
    }
    @inline(__always) @inlinable func load8(_ offset: Int) -> UInt8 {
        unsafe base.load(fromByteOffset: offset, as: UInt8.self)
    }
    @inline(__always) @inlinable func store8(_ value: UInt8, _ offset: Int) {
        unsafe base.storeBytes(of: value, toByteOffset: offset, as: UInt8.self)
    }

    /// Copies bytes in. The caller has checked that they fit.
    @inline(__always) @inlinable func copy(_ bytes: Span<UInt8>, to offset: Int) {
        guard bytes.count > 0 else { return }
        // Holds: offset + count lies inside the area that the caller reserved.
        unsafe bytes.withUnsafeBufferPointer { source in
            unsafe (base + offset).copyMemory(from: source.baseAddress.unsafelyUnwrapped, byteCount: source.count)
        }
    }

    /// Lends bytes out for the time of a call. The caller has checked the range.
    @inline(__always) @inlinable
    func withBytes<R, E: Error>(_ offset: Int, _ count: Int, _ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        // Holds: the range was checked against the mapping, and the mapping outlives the call.
        let buffer = unsafe UnsafeBufferPointer(
            start: UnsafePointer((base + offset).assumingMemoryBound(to: UInt8.self)), count: count)
        return try unsafe body(buffer.span)
    }

    /// Copies bytes out behind what `out` holds. The caller has checked the range.
    func append(_ offset: Int, _ count: Int, to out: inout [UInt8]) {
        // Holds: the range was checked against the mapping; the array has its own memory.
        unsafe out.append(contentsOf: UnsafeRawBufferPointer(start: base + offset, count: count))
    }

    /// Copies bytes out into an array, for names and reasons: never per message.
    func bytes(_ offset: Int, _ count: Int) -> [UInt8] {
        withBytes(offset, count) { span in
            var copy = [UInt8]()
            copy.reserveCapacity(span.count)
            for index in span.indices { copy.append(span[index]) }
            return copy
        }
    }

    /// A text's bytes for an area of `limit` bytes, cut between two characters (scalars) if it is longer.
    static func words(_ text: String, _ limit: Int) -> [UInt8] {
        var bytes = Array(text.utf8.prefix(limit + 1))
        guard bytes.count > limit else { return bytes }
        // A byte 10xxxxxx goes on with the scalar before it.
        while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
        return bytes
    }

    /// Everything before is seen by whoever sees anything after, in all processes: the middle of each handshake.
    @inline(__always) @inlinable static func fence() { atomicMemoryFence(ordering: .sequentiallyConsistent) }
    /// Orders the reads before it ahead of the reads after it.
    @inline(__always) @inlinable static func acquireFence() { atomicMemoryFence(ordering: .acquiring) }
    /// Orders the writes before it ahead of the writes after it.
    @inline(__always) @inlinable static func releaseFence() { atomicMemoryFence(ordering: .releasing) }
}
