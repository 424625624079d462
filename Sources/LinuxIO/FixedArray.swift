// SPDX-License-Identifier: Apache-2.0
/// An array of fixed length with one owner, for what a hot path reads and writes for each message.
///
/// Used by Delivery. An Array in a class costs a check that nobody else holds it and one that nobody else is at it, for
/// each element that is written; here an element is a checked index and a store, through a constant.
/// Invariant: storage and length never change, and every index is held against the length.

internal import Glibc

@usableFromInline
@safe package struct FixedArray<Element: BitwiseCopyable>: ~Copyable {
    @usableFromInline let storage: UnsafeMutablePointer<Element>
    @usableFromInline package let count: Int

    package init(repeating element: Element, count: Int) {
        precondition(count >= 0)
        self.count = count
        // Holds: room for so many elements, of an alignment that calloc gives; without memory nothing can go on.
        let bytes = unsafe calloc(max(count, 1), MemoryLayout<Element>.stride)!
        unsafe storage = bytes.bindMemory(to: Element.self, capacity: count)
        // Zero bytes are there, and those of a large array are no memory until they are written.
        guard !FixedArray.isZero(element) else { return }
        // Holds: so many were allocated just now. BitwiseCopyable elements need no deinitialization.
        unsafe storage.initialize(repeating: element, count: count)
    }

    deinit { unsafe free(storage) }

    private static func isZero(_ element: Element) -> Bool {
        precondition(MemoryLayout<Element>.alignment <= 16)
        return unsafe withUnsafeBytes(of: element) { unsafe $0.allSatisfy { $0 == 0 } }
    }

    @inlinable package var indices: Range<Int> { 0..<count }

    @inlinable package subscript(index: Int) -> Element {
        get {
            precondition(contains(index))
            // Holds: checked just now, and all elements are initialized from the beginning.
            return unsafe storage[index]
        }
        nonmutating _modify {
            precondition(contains(index))
            // Holds: as above; the owner's thread is the only one.
            yield unsafe &storage[index]
        }
    }

    @inlinable package func fill(with element: Element) {
        // Holds: so many are there.
        unsafe storage.update(repeating: element, count: count)
    }

    @inlinable func contains(_ index: Int) -> Bool { UInt(bitPattern: index) < UInt(bitPattern: count) }
}
