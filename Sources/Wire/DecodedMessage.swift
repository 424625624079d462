// SPDX-License-Identifier: Apache-2.0

/// One notification taken out of its protocol: its topic, where its body lies, and what was decoded of it.
///
/// The acceptor holds a single one and passes it to the decoders again and again; its arrays keep their capacity, so
/// that nothing is allocated per message once they have grown.
/// Invariant: `body` lies inside the bytes that were decoded; the body is `unescaped` exactly when `isUnescaped`.
package struct DecodedMessage: Sendable {
    /// What the member `decoded` describes, and under which name a service sees it.
    package enum Kind: UInt8, CaseIterable, Sendable {
        case none = 0
        case syslog = 1
        case cloudevent = 2

        /// The member's name in the JSON object of a service, nil if there is no such member.
        package var memberName: String? {
            switch self {
            case .none: nil
            case .syslog: "syslog"
            case .cloudevent: "cloudevent"
            }
        }
    }

    package var wireProtocol = WireProtocol.text
    package var kind = Kind.none
    package var topic: [UInt8] = []
    /// The text of a JSON object without a line break in it, or empty.
    package var decoded: [UInt8] = []
    /// Where the body lies in the bytes that were given to the decoder; not to be used if `isUnescaped`.
    package var body = 0..<0
    package var isUnescaped = false
    /// The body, where it does not stand in the input as it is (a JSON string with escapes).
    package var unescaped: [UInt8] = []

    let syslog = SyslogPieces.shared
    /// Where an object is written before it is as long as it will be.
    var room: [UInt8] = []
    /// For text with escapes.
    var scratch = JSONWriter()

    package init() {}

    /// Forgets the last message and keeps the memory.
    mutating func reset() {
        kind = .none
        topic.removeAll(keepingCapacity: true)
        decoded.removeAll(keepingCapacity: true)
        unescaped.removeAll(keepingCapacity: true)
        isUnescaped = false
        body = 0..<0
    }
}
