// SPDX-License-Identifier: Apache-2.0

/// Cuts a TCP stream into lines: a line a message, CR LF or LF stripped, empty lines skipped.
///
/// One for each connection that sends text, syslog by lines, or JSON. It remembers how far it has searched, so that a
/// long line that comes in small pieces is looked at once and not once a piece.
/// Invariant: `searched` counts the bytes from the start of the unfinished line on that hold no newline.
package struct LineFramer: Sendable {
    package var limit: Int
    private var searched = 0

    /// `limit`: the greatest length of a line without its end, in bytes.
    package init(limit: Int) {
        self.limit = limit
    }

    /// Looks for the next line from `start` on, which must be the `next` or `from` of the step before.
    /// `ended`: no more bytes will come, so that what is left is the last line.
    package mutating func next(in bytes: Span<UInt8>, from start: Int, ended: Bool) -> FramerStep {
        var start = start
        while let newline = bytes.first(0x0A, in: min(start &+ searched, bytes.count)..<bytes.count) {
            searched = 0
            var end = newline
            if end > start, bytes[end &- 1] == 0x0D { end &-= 1 }
            if end &- start > limit { return .refused(.lineTooLong) }
            if end > start { return .frame(start..<end, next: newline &+ 1) }
            start = newline &+ 1
        }
        return unfinished(bytes, from: start, ended: ended)
    }

    private mutating func unfinished(_ bytes: Span<UInt8>, from start: Int, ended: Bool) -> FramerStep {
        let count = bytes.count &- start
        // One byte over the limit may still be the CR of a line that just fits.
        let mayFit = count <= limit || (!ended && count == limit &+ 1 && bytes[bytes.count &- 1] == 0x0D)
        guard mayFit else { return .refused(.lineTooLong) }
        if ended, count > 0 {
            searched = 0
            return .frame(start..<bytes.count, next: bytes.count)
        }
        searched = count
        return .more(from: start)
    }
}
