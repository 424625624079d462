// SPDX-License-Identifier: Apache-2.0

/// What topics and decoded members of syslog messages are made of, beside the messages' own text: written once, copied ever
/// after.
///
/// Held by DecodedMessage, used by SyslogMessage.
/// Invariant: every range lies in `bytes`, and no piece ends in the middle of a JSON string's escape.
struct SyslogPieces: Sendable {
    /// The members that hold a part of the message's text, in the order in which they are written.
    enum Field: Int, CaseIterable {
        case timestamp, hostname, appName, procID, msgID, structuredData, message

        fileprivate var name: String {
            switch self {
            case .timestamp: "timestamp"
            case .hostname: "hostname"
            case .appName: "app-name"
            case .procID: "procid"
            case .msgID: "msgid"
            case .structuredData: "structured-data"
            case .message: "message"
            }
        }
    }

    static let shared = SyslogPieces()

    private(set) var bytes: [UInt8] = []
    private var ranges: [Range<Int>] = []

    private init() {
        for format in ["rfc3164", "rfc5424"] {
            for (facility, severity) in Self.priorities {
                add(#"{"format":"\#(format)","facility":"\#(facility)","severity":"\#(severity)""#)
            }
        }
        for (facility, severity) in Self.priorities { add("syslog.\(facility).\(severity)") }
        for field in Field.allCases { add(#","\#(field.name)":"# + (field == .structuredData ? "" : "\"")) }
        add(#","incomplete":true}"#)
    }

    /// The beginning of the object, up to where the first field is added.
    func head(of parts: SyslogParts) -> Range<Int> {
        ranges[(parts.isRFC5424 ? Self.count : 0) &+ parts.facility &* 8 &+ parts.severity]
    }

    func topic(of parts: SyslogParts) -> Range<Int> {
        ranges[2 &* Self.count &+ parts.facility &* 8 &+ parts.severity]
    }

    /// The comma before a field, its name and the colon, and the quote that begins its text.
    func name(of field: Field) -> Range<Int> { ranges[3 &* Self.count &+ field.rawValue] }

    /// The end of an object whose fields took too much room.
    var incomplete: Range<Int> { ranges[3 &* Self.count &+ Field.allCases.count] }

    private static let count = 192

    private static var priorities: [(String, String)] {
        SyslogName.facilities.flatMap { facility in
            SyslogName.severities.map { severity in
                (String(decoding: facility, as: Unicode.UTF8.self), String(decoding: severity, as: Unicode.UTF8.self))
            }
        }
    }

    private mutating func add(_ text: String) {
        let start = bytes.count
        bytes += text.utf8
        ranges.append(start..<bytes.count)
    }
}
