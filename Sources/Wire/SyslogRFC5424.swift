// SPDX-License-Identifier: Apache-2.0

/// The syslog protocol of RFC 5424: `1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA [SP MSG]`.
///
/// Stricter than many senders in the header, which tells it from other forms, and lenient behind it: structured data
/// that does not parse becomes part of the message.
/// Invariant: it changes the parts only if the whole header was found.
extension SyslogParts {
    /// No field of the header may be longer; that is the greatest that the RFC allows for any of them.
    private static let maximumField = 255

    /// `message` lies behind PRI, without the line end. False if this is not RFC 5424.
    mutating func parseRFC5424(_ bytes: Span<UInt8>) -> Bool {
        var rest = message
        guard var spaces = BytePlaces(of: 0x20, in: bytes, from: message.lowerBound),
            let version = Self.takeField(bytes, &rest, &spaces), version.count == 1, bytes[version.lowerBound] == 0x31,
            let timestamp = Self.takeField(bytes, &rest, &spaces),
            Self.isNil(bytes, timestamp) || SyslogTime.isRFC3339(bytes, in: timestamp),
            let hostname = Self.takeField(bytes, &rest, &spaces),
            let appName = Self.takeField(bytes, &rest, &spaces),
            let procID = Self.takeField(bytes, &rest, &spaces),
            let msgID = Self.takeField(bytes, &rest, &spaces)
        else { return false }
        isRFC5424 = true
        self.timestamp = Self.isNil(bytes, timestamp) ? nil : timestamp
        self.hostname = Self.isNil(bytes, hostname) ? nil : hostname
        self.appName = Self.isNil(bytes, appName) ? nil : appName
        self.procID = Self.isNil(bytes, procID) ? nil : procID
        self.msgID = Self.isNil(bytes, msgID) ? nil : msgID
        parseBody(bytes, rest)
        return true
    }

    private mutating func parseBody(_ bytes: Span<UInt8>, _ rest: Range<Int>) {
        var start = rest.lowerBound
        if start < rest.upperBound, bytes[start] == 0x2D {
            start = Self.afterSpace(bytes, start &+ 1, rest.upperBound) ?? start
        } else if let end = StructuredData.end(bytes, in: rest),
            let next = Self.afterSpace(bytes, end, rest.upperBound)
        {
            structuredData = start..<end
            start = next
        }
        if start &+ 3 <= rest.upperBound, bytes[start] == 0xEF, bytes[start &+ 1] == 0xBB, bytes[start &+ 2] == 0xBF {
            start &+= 3
        }
        message = start..<rest.upperBound
    }

    /// Behind the space at `index`; the end if there is nothing; nil if something else stands there.
    private static func afterSpace(_ bytes: Span<UInt8>, _ index: Int, _ end: Int) -> Int? {
        if index == end { return end }
        return bytes[index] == 0x20 ? index &+ 1 : nil
    }

    /// A field that is not empty, and the space behind it.
    @inline(__always)
    private static func takeField(
        _ bytes: Span<UInt8>, _ rest: inout Range<Int>, _ spaces: inout BytePlaces
    ) -> Range<Int>? {
        let reach = min(rest.upperBound, rest.lowerBound &+ maximumField &+ 1)
        guard let space = spaces.next(in: bytes, before: reach), space > rest.lowerBound else { return nil }
        let field = rest.lowerBound..<space
        rest = space &+ 1..<rest.upperBound
        return field
    }

    private static func isNil(_ bytes: Span<UInt8>, _ field: Range<Int>) -> Bool {
        field.count == 1 && bytes[field.lowerBound] == 0x2D
    }
}
