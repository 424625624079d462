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
        message.topic.append(contentsOf: "syslog.".utf8)
        message.topic.append(contentsOf: SyslogName.facilities[parts.facility])
        message.topic.append(Topic.dot)
        message.topic.append(contentsOf: SyslogName.severities[parts.severity])
        write(parts, bytes, count: range.count, to: &message.decoded)
        return true
    }

    private static func write(_ parts: SyslogParts, _ bytes: Span<UInt8>, count: Int, to out: inout [UInt8]) {
        var memory: [UInt8] = []
        swap(&memory, &out)
        var writer = JSONWriter(appendingTo: consume memory)
        writer.limit = count &+ count / 2 &+ 1024
        begin(parts, &writer)
        writeFields(parts, bytes, &writer)
        if writer.isOverLimit || writer.bytes.count > writer.limit {
            // Text that is mostly escapes: a service finds it in the body.
            writer.removeAll()
            begin(parts, &writer)
            writer.member(plain: "incomplete")
            writer.bool(true)
        }
        writer.endObject()
        out = writer.finish()
    }

    private static func begin(_ parts: SyslogParts, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member(plain: "format")
        writer.string { $0.append(contentsOf: (parts.isRFC5424 ? "rfc5424" : "rfc3164").utf8) }
        writer.member(plain: "facility")
        writer.string { $0.append(contentsOf: SyslogName.facilities[parts.facility]) }
        writer.member(plain: "severity")
        writer.string { $0.append(contentsOf: SyslogName.severities[parts.severity]) }
    }

    private static func writeFields(_ parts: SyslogParts, _ bytes: Span<UInt8>, _ writer: inout JSONWriter) {
        field("timestamp", parts.timestamp, bytes, &writer)
        field("hostname", parts.hostname, bytes, &writer)
        field("app-name", parts.appName, bytes, &writer)
        field("procid", parts.procID, bytes, &writer)
        field("msgid", parts.msgID, bytes, &writer)
        if let data = parts.structuredData {
            writer.member(plain: "structured-data")
            StructuredData.write(bytes, in: data, to: &writer)
        }
        field("message", parts.message, bytes, &writer)
    }

    private static func field(
        _ name: String, _ range: Range<Int>?, _ bytes: Span<UInt8>, _ writer: inout JSONWriter
    ) {
        guard let range else { return }
        writer.member(plain: name)
        writer.string(bytes, in: range)
    }
}
