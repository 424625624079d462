// SPDX-License-Identifier: Apache-2.0
/// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of bytes that lie in more than one place. Used by Segments.
///
/// With the processor's instruction some gigabytes a second. (The settings image has a sum of its own, without C.)
/// Invariant: the value of the whole is the same however it is cut into pieces.

internal import CLinux

package struct CRC32C {
    private var sum: UInt32 = 0xFFFF_FFFF

    package init() {}

    package var value: UInt32 { ~sum }

    package mutating func add(_ bytes: Span<UInt8>) {
        // Holds: the span's bytes are there for the call.
        sum = unsafe bytes.withUnsafeBytes { unsafe belfry_crc32c(sum, $0.baseAddress, $0.count) }
    }

    package mutating func add(_ bytes: RawSpan) {
        // Holds: as above.
        sum = unsafe bytes.withUnsafeBytes { unsafe belfry_crc32c(sum, $0.baseAddress, $0.count) }
    }

    package static func of(_ bytes: Span<UInt8>) -> UInt32 {
        var sum = CRC32C()
        sum.add(bytes)
        return sum.value
    }

    /// The same without the processor's help, as on machines that have none.
    package static func byTable(_ bytes: Span<UInt8>) -> UInt32 {
        // Holds: as above.
        ~(unsafe bytes.withUnsafeBytes { unsafe belfry_crc32c_by_table(0xFFFF_FFFF, $0.baseAddress, $0.count) })
    }
}
