// SPDX-License-Identifier: Apache-2.0

/// A syslog message as a notification: topic `syslog.FACILITY.SEVERITY`, and what was decoded as a JSON object.
///
/// Used by the datagram and frame decoders. RFC 5424 is tried first, then the looser customs of RFC 3164.
/// Invariant: whatever has a valid PRI is a message, and `decoded` is valid JSON of at most one and a half times the
/// input and 1024 bytes.
enum SyslogMessage {
    /// `range`: the message in `bytes`; its body is all of it, as received. False if it has no valid PRI.
    static func decode(_ bytes: Span<UInt8>, in range: Range<Int>, into message: inout DecodedMessage) -> Bool {
        guard let parts = SyslogParts(bytes, in: range) else { return false }
        message.reset()
        message.wireProtocol = .syslog
        message.kind = .syslog
        message.body = range
        append(message.syslog.topic(of: parts), of: message.syslog, to: &message.topic)
        write(
            parts, bytes, limit: range.count &+ range.count / 2 &+ 1024, message.syslog, &message.scratch,
            &message.room, to: &message.decoded)
        return true
    }

    private static func append(_ piece: Range<Int>, of pieces: borrowing SyslogPieces, to out: inout [UInt8]) {
        pieces.bytes.span.append(piece, to: &out)
    }

    private static func write(
        _ parts: SyslogParts, _ bytes: Span<UInt8>, limit: Int, _ pieces: borrowing SyslogPieces,
        _ scratch: inout JSONWriter, _ memory: inout [UInt8], to out: inout [UInt8]
    ) {
        if memory.count < limit { memory = [UInt8](repeating: 0, count: limit) }
        var object = Object()
        var whole = memory.mutableSpan
        var room = whole._mutatingExtracting(first: limit)
        object.put(pieces.bytes.span.extracting(pieces.head(of: parts)), in: &room)
        object.putFields(parts, bytes, pieces, &scratch, in: &room)
        object.put(0x7D, in: &room)
        if object.isOver {
            // Text that is mostly escapes: a service finds it in the body.
            object = Object()
            object.put(pieces.bytes.span.extracting(pieces.head(of: parts)), in: &room)
            object.put(pieces.bytes.span.extracting(pieces.incomplete), in: &room)
        }
        memory.span.append(0..<object.count, to: &out)
    }

    /// How far the object is written.
    private struct Object {
        private(set) var count = 0
        /// There was no room for all of it.
        private(set) var isOver = false
        /// No part of the message needs an escape.
        private var isPlain = false

        mutating func putFields(
            _ parts: borrowing SyslogParts, _ bytes: Span<UInt8>, _ pieces: borrowing SyslogPieces,
            _ scratch: inout JSONWriter, in room: inout MutableSpan<UInt8>
        ) {
            isPlain = JSONText.isPlain(bytes.extracting(parts.all))
            put(.timestamp, parts.timestamp, bytes, pieces, &scratch, in: &room)
            put(.hostname, parts.hostname, bytes, pieces, &scratch, in: &room)
            put(.appName, parts.appName, bytes, pieces, &scratch, in: &room)
            put(.procID, parts.procID, bytes, pieces, &scratch, in: &room)
            put(.msgID, parts.msgID, bytes, pieces, &scratch, in: &room)
            if let data = parts.structuredData {
                put(pieces.bytes.span.extracting(pieces.name(of: .structuredData)), in: &room)
                begin(&scratch, in: room)
                StructuredData.write(bytes, in: data, to: &scratch)
                end(scratch, in: &room)
            }
            put(.message, parts.message, bytes, pieces, &scratch, in: &room)
        }

        private mutating func put(
            _ field: SyslogPieces.Field, _ range: Range<Int>?, _ bytes: Span<UInt8>, _ pieces: borrowing SyslogPieces,
            _ scratch: inout JSONWriter, in room: inout MutableSpan<UInt8>
        ) {
            guard let range else { return }
            put(pieces.bytes.span.extracting(pieces.name(of: field)), in: &room)
            let text = bytes.extracting(range)
            if isPlain || JSONText.isPlain(text) {
                put(text, in: &room)
            } else {
                begin(&scratch, in: room)
                scratch.text(bytes, in: range)
                end(scratch, in: &room)
            }
            put(0x22, in: &room)
        }

        private func begin(_ scratch: inout JSONWriter, in room: borrowing MutableSpan<UInt8>) {
            scratch.removeAll()
            scratch.limit = room.count &- count
        }

        private mutating func end(_ scratch: borrowing JSONWriter, in room: inout MutableSpan<UInt8>) {
            if scratch.isOverLimit { isOver = true }
            put(scratch.bytes.span, in: &room)
        }

        mutating func put(_ part: Span<UInt8>, in room: inout MutableSpan<UInt8>) {
            guard part.count <= room.count &- count else { return isOver = true }
            room.put(part, at: count)
            count &+= part.count
        }

        mutating func put(_ byte: UInt8, in room: inout MutableSpan<UInt8>) {
            guard count < room.count else { return isOver = true }
            room[count] = byte
            count &+= 1
        }
    }
}
