// SPDX-License-Identifier: Apache-2.0
/// Numbers as they lie in files: little-endian, at any place. Used by Segments.
///
/// Every place is held against the span; one instruction each on the machines that are little-endian themselves.
/// Invariant: what is appended here is read back the same on every machine.

extension Span<UInt8> {
    @inlinable package func uint16(at place: Int) -> UInt16 { number(at: place) }
    @inlinable package func uint32(at place: Int) -> UInt32 { number(at: place) }
    @inlinable package func uint64(at place: Int) -> UInt64 { number(at: place) }

    @inline(__always) @usableFromInline
    func number<Number: FixedWidthInteger & BitwiseCopyable>(at place: Int) -> Number {
        let size = MemoryLayout<Number>.size
        precondition(place >= 0 && count >= size && place <= count &- size)
        // Holds: checked just now.
        return unsafe withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: place, as: Number.self).littleEndian }
    }
}

extension ByteBuffer {
    /// - Returns: false, and nothing done, when the limit does not allow it.
    @inlinable
    @discardableResult
    package func append<Number: FixedWidthInteger & BitwiseCopyable>(littleEndian number: Number) -> Bool {
        var value = number.littleEndian
        // Holds: the value's own bytes.
        return unsafe withUnsafeBytes(of: &value) { bytes in
            unsafe append(bytes.bindMemory(to: UInt8.self).span)
        }
    }
}
