// SPDX-License-Identifier: Apache-2.0
/// A notification as the JSON object on a line that a `lines` service gets.
///
/// Used by `belfry tail --json`.
/// Invariant: one line of valid JSON each, whatever the ring's memory says.

internal import Ring
internal import Wire

enum TailJSON {
    static func append(_ record: RecordHeader, _ payload: Span<UInt8>, log: UInt64, to out: inout [UInt8]) {
        let decoded = payload.extracting(record.decoded)
        // The decoder has written it on one line. Who says so is memory that others write, and it is not escaped again.
        let isSound = isLine(decoded) && JSONScanner.scanObject(decoded) { _ in }
        let line = ServiceLine(
            id: MessageID(log: log, epoch: UInt64(record.epoch), sequence: record.sequence), time: record.time,
            attempt: 1, isRedelivered: false, wireProtocol: WireProtocol(rawValue: record.wireProtocol) ?? .text,
            kind: isSound ? DecodedMessage.Kind(rawValue: record.decodedKind) ?? .none : .none)
        line.append(
            topic: payload.extracting(record.topic), source: payload.extracting(record.source), decoded: decoded,
            body: payload.extracting(record.body), to: &out)
    }

    private static func isLine(_ bytes: Span<UInt8>) -> Bool {
        for index in bytes.indices where bytes[index] == 0x0A || bytes[index] == 0x0D { return false }
        return true
    }
}
