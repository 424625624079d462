// SPDX-License-Identifier: Apache-2.0

/// One delivery as a JSON object on a line: what a `lines` service reads on stdin and what `tail --json` prints.
///
/// Used by the worker and by the tail.
/// Invariant: exactly one line of valid JSON in UTF-8, and `id` is its first member, so that a shell can cut it out.
package struct ServiceLine: Sendable {
    package var id: MessageID
    /// Nanoseconds since 1970, when the message was received.
    package var time: UInt64
    package var attempt: UInt64
    /// Whether this may be a repetition of a delivery that was already made.
    package var isRedelivered: Bool
    package var wireProtocol: WireProtocol
    package var kind: DecodedMessage.Kind

    package init(
        id: MessageID, time: UInt64, attempt: UInt64, isRedelivered: Bool, wireProtocol: WireProtocol,
        kind: DecodedMessage.Kind
    ) {
        self.id = id
        self.time = time
        self.attempt = attempt
        self.isRedelivered = isRedelivered
        self.wireProtocol = wireProtocol
        self.kind = kind
    }

    /// Appends the line with its newline. `decoded`: the JSON object that the decoder made, or empty.
    package func append(
        topic: Span<UInt8>, source: Span<UInt8>, decoded: Span<UInt8>, body: Span<UInt8>, to out: inout [UInt8]
    ) {
        var bytes: [UInt8] = []
        swap(&bytes, &out)
        var writer = JSONWriter(appendingTo: consume bytes)
        writer.beginObject()
        writer.member(plain: "id")
        writer.string { id.append(to: &$0) }
        writer.member(plain: "topic")
        writer.string(topic, in: topic.indices)
        writer.member(plain: "source")
        writer.string(source, in: source.indices)
        writer.member(plain: "protocol")
        writer.string { $0.append(contentsOf: wireProtocol.name.utf8) }
        writer.member(plain: "time")
        writer.string { Timestamp.append(time, to: &$0) }
        writer.member(plain: "attempt")
        writer.integer(attempt)
        if isRedelivered {
            writer.member(plain: "redelivered")
            writer.bool(true)
        }
        Self.write(body: body, to: &writer)
        if let name = kind.memberName, decoded.count > 0 {
            writer.member(plain: name)
            writer.raw(decoded)
        }
        writer.endObject()
        writer.newline()
        out = writer.finish()
    }

    private static func write(body: Span<UInt8>, to writer: inout JSONWriter) {
        if UTF8Text.isValid(body) {
            writer.member(plain: "body")
            writer.string(body, in: body.indices)
        } else {
            writer.member(plain: "body64")
            writer.base64(body)
        }
    }
}
