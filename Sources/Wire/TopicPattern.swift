// SPDX-License-Identifier: Apache-2.0

/// Which topics a service wants: tokens as in a topic, `*` for any one token, `>` for one or more at the end.
///
/// Made from the words of the configuration (and of `belfry tail`), used by the router.
/// Invariant: a pattern that exists can match at least one topic that a user's message can have.
package struct TopicPattern: Hashable, Sendable {
    package enum Token: Hashable, Sendable {
        case literal([UInt8])
        /// `*`
        case any
        /// `>`, always the last one
        case rest
    }

    package let text: String
    package let tokens: [Token]

    package init(_ text: String) throws(TopicPatternError) {
        if text.isEmpty { throw .empty }
        if text.utf8.count > Topic.maximumCount { throw .tooLong(text.utf8.count) }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        var tokens: [Token] = []
        for (index, part) in parts.enumerated() {
            tokens.append(try Self.token(String(part), isLast: index == parts.count - 1))
        }
        try Self.checkRoot(tokens)
        self.text = text
        self.tokens = tokens
    }

    private static func token(_ part: String, isLast: Bool) throws(TopicPatternError) -> Token {
        switch part {
        case "": throw .emptyToken
        case "*": return .any
        case ">":
            if !isLast { throw .restNotLast }
            return .rest
        default: break
        }
        for scalar in part.unicodeScalars {
            if scalar == "*" || scalar == ">" { throw .wildcardInToken(part, Character(scalar)) }
            guard scalar.isASCII, Topic.isTokenByte(UInt8(scalar.value)) else { throw .badCharacter(Character(scalar)) }
        }
        return .literal(Array(part.utf8))
    }

    /// Only the broker gives topics below these roots: none below `belfry.` goes to users, and those below `syslog.`
    /// are known beforehand.
    private static func checkRoot(_ tokens: [Token]) throws(TopicPatternError) {
        guard case .literal(let root) = tokens[0] else { return }
        if root == Array("belfry".utf8) { throw .reservedRoot }
        guard root == Array("syslog".utf8) else { return }
        let ends = tokens.last == .rest
        guard tokens.count == 3 || (ends && tokens.count == 2) else { throw .syslogForm }
        if case .literal(let facility) = tokens[1], !SyslogName.facilities.contains(facility) {
            throw .unknownFacility(String(decoding: facility, as: Unicode.UTF8.self))
        }
        if tokens.count == 3, case .literal(let severity) = tokens[2], !SyslogName.severities.contains(severity) {
            throw .unknownSeverity(String(decoding: severity, as: Unicode.UTF8.self))
        }
    }
}
