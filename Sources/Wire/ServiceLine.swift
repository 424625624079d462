// SPDX-License-Identifier: Apache-2.0

/// One delivery as a JSON object on a line: what a `lines` service reads on stdin and what `tail --json` prints.
///
/// Used by the worker and by the tail; ServiceLineEncoder knows the form.
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
        var encoder = ServiceLineEncoder()
        encoder.encode(self, topic: topic, source: source, decoded: decoded, body: body) {
            $0.append($0.indices, to: &out)
        }
    }
}
