// SPDX-License-Identifier: Apache-2.0

/// Why a notification, or a whole connection, was not taken.
///
/// Used by the acceptor (which counts by reason), by the answers to senders and by the ledger.
/// Invariant: the raw value is the index of a counter in shared memory, so that values are only ever added at the end.
@usableFromInline package enum Refusal: UInt8, CaseIterable, Sendable {
    case full = 0
    case tooLarge = 1
    case badFrame = 2
    case unknownType = 3
    case unknownVersion = 4
    case badTopic = 5
    case reservedTopic = 6
    case lineTooLong = 7
    case truncated = 8
    case tls = 9
    case http = 10
    case mqtt = 11
    case timedOut = 12
    case badType = 13
    case ending = 14

    /// The key in the ledger and the word in an error line.
    package var name: String {
        switch self {
        case .full: "full"
        case .tooLarge: "too-large"
        case .badFrame: "bad-frame"
        case .unknownType: "unknown-type"
        case .unknownVersion: "unknown-version"
        case .badTopic: "bad-topic"
        case .reservedTopic: "reserved-topic"
        case .lineTooLong: "line-too-long"
        case .truncated: "truncated"
        case .tls: "tls"
        case .http: "http"
        case .mqtt: "mqtt"
        case .timedOut: "timed-out"
        case .badType: "bad-type"
        case .ending: "ending"
        }
    }

    /// The code in a native ERROR frame; 0 is never a refusal.
    package var code: UInt16 { UInt16(rawValue) + 1 }

    package init?(code: UInt16) {
        guard let raw = UInt8(exactly: Int(code) - 1), let refusal = Refusal(rawValue: raw) else { return nil }
        self = refusal
    }

    /// What the sender is told: what is wrong, and what would be right.
    package var sentence: String {
        switch self {
        case .full: "there is no room for this notification now; send it again later"
        case .tooLarge: "the notification is larger than the broker's port.max-message"
        case .badFrame: "the frame does not have the form that docs/protocol.md describes"
        case .unknownType: "senders may send the frame types 1 (HELLO) and 3 (PUBLISH) only"
        case .unknownVersion: "this broker speaks version 1 of the native protocol"
        case .badTopic: "a topic is 1 to 255 bytes: tokens of A-Z a-z 0-9 _ % - with single dots between them"
        case .reservedTopic: "topics that begin with syslog. or belfry. are given by the broker itself"
        case .lineTooLong: "the line is longer than the broker's port.max-message"
        case .truncated: "the connection ended in the middle of a frame"
        case .tls: "this port does not speak TLS; send without it"
        case .http:
            "this port does not speak HTTP; send lines of text, syslog, JSON with a topic, CloudEvents or native frames"
        case .mqtt: "this port does not speak MQTT; send lines of text, syslog, JSON with a topic or native frames"
        case .timedOut: "nothing came, or a frame was begun and not finished, within the broker's port.frame-timeout"
        case .badType: "the type of a CloudEvent must be a string that makes a topic: 1 to 255 bytes, no empty token"
        case .ending: "the broker ended before there was room for this notification; send it again"
        }
    }
}
