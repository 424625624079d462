// SPDX-License-Identifier: Apache-2.0
/// Why a service can't serve, or can't go on.
///
/// Thrown by BelfryService and its deliveries.
/// Invariant: a service that was told to finish ends without an error.

/// What serving can fail with. Further cases may come: keep a `default` where you switch over it.
public enum ServiceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The environment has no `BELFRY_FD`: this process was not started by Belfry as a service with `framing: frames`.
    case notStartedByBelfry
    /// `BELFRY_FD` has this value, and that is no descriptor of a connected Unix socket in this process.
    case badDescriptor(String)
    /// This process serves already, or did: there is one socket, and it is used once.
    case alreadyServing
    /// Belfry sent what is no frame of the protocol, or one of over a gigabyte. What was answered before counts.
    case unreadable
    /// The socket broke while `unanswered` deliveries were open; these will be delivered again, and others perhaps, whose
    /// answers were on their way.
    case disconnected(reason: String, unanswered: Int)
    /// The system refused a thread, a descriptor or the like.
    case system(call: String, reason: String)

    /// One line in English.
    public var description: String {
        switch self {
        case .notStartedByBelfry:
            "BELFRY_FD is not set: this program is a service, to be started by Belfry with mode: stream and "
                + "framing: frames"
        case .badDescriptor(let value): "BELFRY_FD is \"\(value)\", which is no connected Unix socket of this process"
        case .alreadyServing: "this process serves already, or did"
        case .unreadable: "Belfry sent what is no frame of the protocol"
        case .disconnected(let reason, let unanswered):
            "the socket to Belfry broke (\(reason)); \(unanswered) deliveries were open"
        case .system(let call, let reason): "\(call): \(reason)"
        }
    }
}

/// Thrown by a handler that ``BelfryService/run(window:_:)`` calls: this delivery is not done, and no retry will help.
public struct DeadLetter: Error, Hashable, Sendable, CustomStringConvertible {
    /// For the operator; of more than 4,096 bytes of UTF-8 the rest is cut off.
    public let reason: String

    /// A dead letter with its reason.
    public init(_ reason: String) { self.reason = reason }

    /// The reason.
    public var description: String { reason }
}
