// SPDX-License-Identifier: Apache-2.0

/// What RFC 3164 observed on the wire: `[TIMESTAMP ][HOSTNAME ][TAG[PID]: ]MESSAGE`, any of it missing.
///
/// Takes whatever has a valid PRI and is not RFC 5424, so it never fails: what it can't tell apart is message.
/// Invariant: a host name is only looked for behind a timestamp, where `logger` and the RFC put it.
extension SyslogParts {
    /// `message` lies behind PRI, without the line end.
    mutating func parseRFC3164(_ bytes: Span<UInt8>) {
        var rest = message
        if let end = SyslogTime.end(bytes, in: rest) {
            timestamp = rest.lowerBound..<end
            rest = end &+ 1..<rest.upperBound
            if !takeTag(bytes, &rest), let space = bytes.first(0x20, in: rest), space > rest.lowerBound {
                hostname = rest.lowerBound..<space
                rest = space &+ 1..<rest.upperBound
                _ = takeTag(bytes, &rest)
            }
        } else {
            _ = takeTag(bytes, &rest)
        }
        message = rest
    }

    /// `TAG: `, `TAG[PID]: ` or `TAG[PID] ` at the start of `rest`; false if there is none.
    private mutating func takeTag(_ bytes: Span<UInt8>, _ rest: inout Range<Int>) -> Bool {
        let wordEnd = bytes.first(0x20, in: rest) ?? rest.upperBound
        let open = bytes.first(0x5B, in: rest.lowerBound..<wordEnd)
        var end = wordEnd
        if end > rest.lowerBound, bytes[end &- 1] == 0x3A { end &-= 1 }
        if let open, let close = bytes.first(0x5D, in: open..<wordEnd) {
            guard open > rest.lowerBound, close &+ 1 == end else { return false }
            procID = close > open &+ 1 ? open &+ 1..<close : nil
            appName = rest.lowerBound..<open
        } else {
            guard end < wordEnd, end > rest.lowerBound else { return false }
            appName = rest.lowerBound..<end
        }
        rest = min(wordEnd &+ 1, rest.upperBound)..<rest.upperBound
        return true
    }
}
