// SPDX-License-Identifier: Apache-2.0
/// Frames of the native protocol, written down here a second time from docs/protocol.md: the system tests must not
/// share the broker's own idea of them.
/// Invariant: what these functions make is well formed unless the test asks for what is not.

enum Native {
    static func header(_ type: UInt8, length: UInt32) -> [UInt8] {
        [0xB5, 1, type, 0] + withBigEndian(UInt64(length), bytes: 4)
    }

    static func publish(_ number: UInt64, _ topic: String, _ body: String) -> [UInt8] {
        let payload =
            withBigEndian(number, bytes: 8) + withBigEndian(UInt64(topic.utf8.count), bytes: 2) + Array(topic.utf8)
            + Array(body.utf8)
        return header(3, length: UInt32(payload.count)) + payload
    }

    static func hello(_ sender: [UInt8]) -> [UInt8] { header(1, length: 16) + sender }

    /// The types of the frames in an answer, runs of one type as one (acks are cumulative).
    static func types(_ bytes: [UInt8]) -> [UInt8] {
        var types: [UInt8] = []
        var rest = bytes[...]
        while rest.count >= 8 {
            let start = rest.startIndex
            let length = rest[(start + 4)..<(start + 8)].reduce(0) { $0 << 8 | Int($1) }
            if types.last != rest[start + 2] { types.append(rest[start + 2]) }
            rest = rest.dropFirst(8 + length)
        }
        return types
    }

    private static func withBigEndian(_ value: UInt64, bytes: Int) -> [UInt8] {
        (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> (UInt64($0) * 8)) }
    }
}
