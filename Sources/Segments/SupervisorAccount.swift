// SPDX-License-Identifier: Apache-2.0
/// What the supervisor alone has counted, on its way into the checkpoints, which the committer writes.
///
/// The supervisor hands it over as a sealed memory file, at the committer's start and whenever it changes.
/// Invariant: what is read back is what was written, or nothing.

internal import LinuxIO

package struct SupervisorAccount: Equatable, Sendable {
    /// From when on the ledger counts, ns since 1970.
    package var ledgerSince: UInt64
    package var kernelDropped: UInt64 = 0
    /// How many slots `past` tells of, as R0 counts them.
    package var slotsFreed: UInt64 = 0
    /// What slots had counted that are free again.
    package var past: [Checkpoint.PastAccount] = []

    package init(ledgerSince: UInt64) { self.ledgerSince = ledgerSince }

    /// As the memory file holds it. Both ends are of the same version: it has none of its own.
    package var bytes: [UInt8] {
        let out = ByteBuffer(capacity: 1_024, limit: .max)
        out.append(littleEndian: ledgerSince)
        out.append(littleEndian: kernelDropped)
        out.append(littleEndian: slotsFreed)
        out.append(list: past) { CheckpointCoding.append($1, to: $0) }
        var bytes: [UInt8] = []
        out.withReadable { bytes.append(copying: $0) }
        return bytes
    }

    /// - Returns: nil if it is not one.
    package init?(_ bytes: Span<UInt8>) {
        var fields = FieldReader()
        ledgerSince = fields.uint64(bytes)
        kernelDropped = fields.uint64(bytes)
        slotsFreed = fields.uint64(bytes)
        past = fields.list(bytes, least: 40) { CheckpointCoding.past($1, &$0) }
        guard !fields.isBroken, fields.at == bytes.count else { return nil }
    }
}
