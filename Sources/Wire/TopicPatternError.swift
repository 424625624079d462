// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a pattern, and what would be right, in the words of who wrote it.
///
/// Thrown by `TopicPattern.init`; `belfry check` prints the description behind file, line and column.
/// Invariant: each description stands by itself, without the pattern's text before it.
package enum TopicPatternError: Error, Equatable, CustomStringConvertible {
    case empty
    case tooLong(Int)
    case emptyToken
    case restNotLast
    case wildcardInToken(String, Character)
    case badCharacter(Character)
    case reservedRoot
    case syslogForm
    case unknownFacility(String)
    case unknownSeverity(String)

    package var description: String {
        switch self {
        case .empty:
            "the pattern is empty; \">\" matches every topic"
        case .tooLong(let count):
            "the pattern has \(count) bytes; a topic has \(Topic.maximumCount) at most"
        case .emptyToken:
            "a token is empty; tokens stand with single dots between them, none at the start or the end"
        case .restNotLast:
            "\">\" stands for the rest of a topic and can only be the last token; \"*\" stands for one token"
        case .wildcardInToken(let token, let wildcard):
            "\"\(wildcard)\" in \"\(token)\" must be a token by itself"
        case .badCharacter(let character):
            "\"\(character)\" can't be in a topic; tokens are of A-Z a-z 0-9 _ % - (in the type of a CloudEvent, "
                + "every other byte becomes %XX)"
        case .reservedRoot:
            "the pattern can match nothing: topics below \"belfry.\" are the broker's own"
        case .syslogForm:
            "the pattern can match nothing: below \"syslog.\" all topics are syslog.FACILITY.SEVERITY"
        case .unknownFacility(let name):
            "the pattern can match nothing: there is no syslog facility \"\(name)\"; there are "
                + SyslogName.list(SyslogName.facilities)
        case .unknownSeverity(let name):
            "the pattern can match nothing: there is no syslog severity \"\(name)\"; there are "
                + SyslogName.list(SyslogName.severities)
        }
    }
}
