// SPDX-License-Identifier: Apache-2.0

/// Cuts a TCP stream into syslog messages that tell their own length (RFC 6587, 3.4.1): `LENGTH SP MESSAGE`.
///
/// One for each connection that was found to count octets. Line ends between messages are skipped, for senders that
/// add one which they do not count.
/// Invariant: no more than seven digits and `limit` bytes are ever waited for.
package struct OctetCountFramer: Sendable {
    private static let maximumDigits = 7
    package var limit: Int

    /// `limit`: the greatest length of a message, in bytes.
    package init(limit: Int) {
        self.limit = limit
    }

    package func next(in bytes: Span<UInt8>, from start: Int, ended: Bool) -> FramerStep {
        var start = start
        while start < bytes.count, bytes[start] == 0x0A || bytes[start] == 0x0D { start &+= 1 }
        if start == bytes.count { return .more(from: start) }
        var length = 0
        var index = start
        while index < bytes.count, isDigit(bytes[index]) {
            if index &- start == Self.maximumDigits || bytes[start] == 0x30 { return .refused(.badFrame) }
            length = length &* 10 &+ Int(bytes[index] &- 0x30)
            index &+= 1
        }
        if length > limit { return .refused(.tooLarge) }
        if index == bytes.count { return ended ? .refused(.truncated) : .more(from: start) }
        guard index > start, bytes[index] == 0x20 else { return .refused(.badFrame) }
        let body = index &+ 1..<index &+ 1 &+ length
        if body.upperBound > bytes.count { return ended ? .refused(.truncated) : .more(from: start) }
        return .frame(body, next: body.upperBound)
    }
}
