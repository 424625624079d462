// SPDX-License-Identifier: Apache-2.0

/// FNV-1a, folded to 32 bits: the hash that becomes the order key of a record.
///
/// Used for topics and sources. It lies in shared memory and decides over shards, so it may never depend on the
/// process or be seeded, as Swift's own hashes are.
/// Invariant: equal bytes have equal hashes in every version.
enum StableHash {
    @inline(__always)
    static func of(_ bytes: Span<UInt8>) -> UInt32 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var index = 0
        while index < bytes.count {
            hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3
            index &+= 1
        }
        return UInt32(truncatingIfNeeded: hash ^ hash &>> 32)
    }
}
