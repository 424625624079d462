// SPDX-License-Identifier: Apache-2.0

/// What a topic may look like: tokens of `[A-Za-z0-9_%-]` with single dots between them, 255 bytes at most.
///
/// Used by every decoder on what senders name, and by pattern and router.
/// Invariant: a topic that passed `check` can be routed, printed and put into an environment as it is.
package enum Topic {
    package static let maximumCount = 255

    /// Nil if a sender may use this topic, else why not.
    package static func check(_ topic: Span<UInt8>) -> Refusal? {
        guard isWellFormed(topic) else { return .badTopic }
        return isReserved(topic) ? .reservedTopic : nil
    }

    package static func isWellFormed(_ topic: Span<UInt8>) -> Bool {
        guard topic.count > 0, topic.count <= maximumCount else { return false }
        var tokenCount = 0
        for index in topic.indices {
            let byte = topic[index]
            if byte == dot {
                if tokenCount == 0 { return false }
                tokenCount = 0
            } else if isTokenByte(byte) {
                tokenCount &+= 1
            } else {
                return false
            }
        }
        return tokenCount > 0
    }

    /// Whether the first token is one that only the broker itself gives.
    package static func isReserved(_ topic: Span<UInt8>) -> Bool {
        let root = 0..<(topic.first(dot, in: topic.indices) ?? topic.count)
        return topic.equals("syslog", in: root) || topic.equals("belfry", in: root)
    }

    /// Appends `name` (the `type` of a CloudEvent) with every byte that no topic may hold percent-encoded.
    /// Dots stay dots, and a `%` stays a `%`; the result must still be checked.
    package static func encode(_ name: Span<UInt8>, into topic: inout [UInt8]) {
        for index in name.indices {
            let byte = name[index]
            if byte == dot || isTokenByte(byte) {
                topic.append(byte)
            } else {
                appendEncoded(byte, to: &topic)
            }
        }
    }

    static let dot: UInt8 = 0x2E

    static func isTokenByte(_ byte: UInt8) -> Bool {
        let letter = (byte | 0x20) &- 0x61
        return letter < 26 || isDigit(byte) || byte == 0x5F || byte == 0x25 || byte == 0x2D
    }

    static func appendEncoded(_ byte: UInt8, to out: inout [UInt8]) {
        out.append(0x25)
        out.append(upperHexDigit(byte &>> 4))
        out.append(upperHexDigit(byte & 0xF))
    }

    private static func upperHexDigit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? nibble &+ 0x30 : nibble &+ 0x37 }
}
