// SPDX-License-Identifier: Apache-2.0
/// The id by which services and dead letters know a message.
///
/// Used wherever a record is handed out.
/// Invariant: a replay has the id of the message that it replays, however often that was replayed.

import Ring
import Wire

extension RecordHeader {
    /// - Parameters: `payload`: what `withRecord` lent with it. `log`: the ring's.
    @inline(__always) func id(in payload: Span<UInt8>, log: UInt64) -> MessageID {
        if let originalID { return Self.original(payload.extracting(originalID)) }
        return MessageID(log: log, epoch: UInt64(epoch), sequence: sequence)
    }

    @inline(never) private static func original(_ bytes: Span<UInt8>) -> MessageID {
        // The range has as many bytes as it needs.
        guard let id = OriginalID(bytes) else { return MessageID(log: 0, epoch: 0, sequence: 0) }
        return MessageID(log: id.log, epoch: UInt64(id.epoch), sequence: id.sequence)
    }
}
