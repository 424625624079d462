// SPDX-License-Identifier: Apache-2.0

/// What a TCP connection speaks, once its first bytes have told.
///
/// Chosen by `Sniffer`; it decides how the acceptor cuts frames, how they are decoded and how a refusal is worded.
/// Invariant: it leaves `undecided` once, and then never changes.
package enum StreamProtocol: UInt8, CaseIterable, Sendable {
    case undecided
    case native
    /// JSON or CloudEvents, an object a line.
    case json
    case syslogLines
    case syslogCounted
    case text
    /// The last three are refused.
    case tls
    case http
    case mqtt

    /// Why a connection that speaks this is refused as a whole; nil if it is served.
    package var refusal: Refusal? {
        switch self {
        case .tls: .tls
        case .http: .http
        case .mqtt: .mqtt
        default: nil
        }
    }
}
