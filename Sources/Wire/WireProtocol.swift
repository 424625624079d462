// SPDX-License-Identifier: Apache-2.0

/// The protocol by which a notification came in, as services and `tail` are told.
///
/// Set by the decoders, stored in each record, printed as `protocol` and `BELFRY_PROTOCOL`.
/// Invariant: raw values lie in shared memory and in segments, so that none is ever given a second meaning.
package enum WireProtocol: UInt8, CaseIterable, Sendable {
    case native = 1
    case json = 2
    case cloudevents = 3
    case syslog = 4
    case text = 5

    package var name: String {
        switch self {
        case .native: "native"
        case .json: "json"
        case .cloudevents: "cloudevents"
        case .syslog: "syslog"
        case .text: "text"
        }
    }
}
