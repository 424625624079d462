// SPDX-License-Identifier: Apache-2.0

/// A JSON object as a notification: a CloudEvent if it has `specversion`, else a message if it has a `topic`.
///
/// Used by the datagram and frame decoders.
/// Invariant: what is not valid JSON, or has neither member, is `raw` with every byte; of members that stand twice, the
/// last one counts.
enum JSONMessage {
    /// Values of the members that matter.
    private struct Found {
        var topic: Range<Int>?
        var body: Range<Int>?
        var type: Range<Int>?
        var isCloudEvent = false
    }

    /// Never `native`.
    static func decode(_ bytes: Span<UInt8>, into message: inout DecodedMessage) -> DecodedContent {
        var found = Found()
        let isObject = JSONScanner.scanObject(bytes) { member in note(member, in: bytes, to: &found) }
        var refusal: Refusal?
        if isObject, found.isCloudEvent {
            refusal = decodeCloudEvent(bytes, found, into: &message)
        } else if isObject, let topic = found.topic {
            refusal = decodeNamed(bytes, topic: topic, found, into: &message)
        } else {
            return .raw
        }
        return refusal.map { .refused($0) } ?? .message
    }

    private static func note(_ member: JSONScanner.Member, in bytes: Span<UInt8>, to found: inout Found) {
        if JSONText.equals(bytes, in: member.name, "topic") {
            found.topic = member.value
        } else if JSONText.equals(bytes, in: member.name, "body") {
            found.body = member.value
        } else if JSONText.equals(bytes, in: member.name, "type") {
            found.type = member.value
        } else if JSONText.equals(bytes, in: member.name, "specversion") {
            found.isCloudEvent = true
        }
    }

    private static func decodeNamed(
        _ bytes: Span<UInt8>, topic: Range<Int>, _ found: Found, into message: inout DecodedMessage
    ) -> Refusal? {
        guard JSONText.isString(bytes, in: topic) else { return .badTopic }
        message.reset()
        message.wireProtocol = .json
        JSONText.appendUnescaped(bytes, in: JSONText.inside(topic), to: &message.topic)
        if let refusal = Topic.check(message.topic.span) { return refusal }
        guard let body = found.body else { return nil }
        guard JSONText.isString(bytes, in: body) else {
            message.body = body
            return nil
        }
        message.body = JSONText.inside(body)
        if JSONText.hasEscape(bytes, in: message.body) {
            message.isUnescaped = true
            JSONText.appendUnescaped(bytes, in: message.body, to: &message.unescaped)
        }
        return nil
    }

    private static func decodeCloudEvent(
        _ bytes: Span<UInt8>, _ found: Found, into message: inout DecodedMessage
    ) -> Refusal? {
        guard let type = found.type, JSONText.isString(bytes, in: type) else { return .badType }
        message.reset()
        message.wireProtocol = .cloudevents
        message.kind = .cloudevent
        // The unescaped type is only a step on the way to the topic: the memory for it is borrowed and given back.
        var name: [UInt8] = []
        swap(&name, &message.unescaped)
        JSONText.appendUnescaped(bytes, in: JSONText.inside(type), to: &name)
        Topic.encode(name.span, into: &message.topic)
        name.removeAll(keepingCapacity: true)
        swap(&name, &message.unescaped)
        guard Topic.isWellFormed(message.topic.span) else { return .badType }
        if Topic.isReserved(message.topic.span) { return .reservedTopic }
        message.body = bytes.indices
        appendAttributes(bytes, to: &message.decoded)
        return nil
    }

    /// All members but the data, which stands in the body, on one line.
    private static func appendAttributes(_ bytes: Span<UInt8>, to out: inout [UInt8]) {
        out.append(0x7B)
        _ = JSONScanner.scanObject(bytes) { member in
            let isData =
                JSONText.equals(bytes, in: member.name, "data")
                || JSONText.equals(bytes, in: member.name, "data_base64")
            if isData { return }
            if out.count > 1 { out.append(0x2C) }
            bytes.append(member.name.lowerBound &- 1..<member.name.upperBound &+ 1, to: &out)
            out.append(0x3A)
            JSONText.appendCompact(bytes, in: member.value, to: &out)
        }
        out.append(0x7D)
    }
}
