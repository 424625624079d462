// SPDX-License-Identifier: Apache-2.0
/// CRC-32C (Castagnoli, RFC 3720 appendix B.4), for the settings image: a few kilobytes, once a start.
///
/// Bit by bit, because at that size a table would cost more than it saves.
/// Invariant: the same bytes give the same sum on every machine.

package enum Checksum {
    package static func crc32c(_ bytes: Span<UInt8>) -> UInt32 {
        var sum: UInt32 = 0xFFFF_FFFF
        for index in bytes.indices {
            sum ^= UInt32(bytes[index])
            for _ in 0..<8 {
                sum = (sum >> 1) ^ (sum & 1 == 1 ? 0x82F6_3B78 : 0)
            }
        }
        return ~sum
    }
}
