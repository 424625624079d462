// SPDX-License-Identifier: Apache-2.0
/// Appending to an array of bytes what lies somewhere else, and comparing, at once: byte by byte each would cost more than
/// all else that is done with a message.
/// Used by BelfryClient, whose buffers pass between threads and so have to be values.
/// Invariant: the array's bytes and no others are written.

internal import Glibc

extension [UInt8] {
    @inlinable
    package mutating func append(copying bytes: Span<UInt8>) { append(copying: bytes, Span()) }

    /// Both, one behind the other.
    @inlinable
    package mutating func append(copying first: Span<UInt8>, _ second: Span<UInt8>) {
        append(addingCapacity: first.count &+ second.count) { output in
            output.append(copying: first)
            output.append(copying: second)
        }
    }
}

extension OutputSpan<UInt8> {
    @inlinable
    @inline(__always)
    package mutating func append(copying bytes: Span<UInt8>) {
        let count = bytes.count
        precondition(count <= freeCapacity)
        guard count > 0 else { return }
        unsafe withUnsafeMutableBufferPointer { room, initialized in
            // Holds: there is room for so many, checked just now; they lie elsewhere, as nobody else has the output.
            unsafe bytes.withUnsafeBufferPointer {
                unsafe (room.baseAddress! + initialized).initialize(from: $0.baseAddress!, count: count)
            }
            initialized &+= count
        }
    }
}

extension Span<UInt8> {
    package func isEqual(to other: Span<UInt8>) -> Bool {
        guard count == other.count, count > 0 else { return count == other.count }
        return unsafe withUnsafeBufferPointer { own in
            // Holds: both have so many bytes.
            unsafe other.withUnsafeBufferPointer { unsafe memcmp(own.baseAddress!, $0.baseAddress!, own.count) == 0 }
        }
    }
}
