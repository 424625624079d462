// SPDX-License-Identifier: Apache-2.0
/// What supervisor and roles tell each other: one packet, one message, a kind byte and its fields (little-endian).
///
/// Sent over RoleChannel. A role answers `ready` once and `drained` once; the supervisor sends the others.
/// Invariant: `init(decoding:)` takes exactly what `encoded` makes, and nothing that is longer or shorter.

package enum RoleMessage: Equatable, Sendable {
    /// role → supervisor: everything is mapped and open, these settings are in use.
    case ready(settingsVersion: UInt64)
    /// role → supervisor: nothing is left to do; the role exits.
    case drained
    /// supervisor → role: take no new work and finish what there is by `deadline`, nanoseconds of the monotonic clock.
    /// `keepSocketQueue`: what waits in the port's sockets is for a successor and stays there.
    case drain(deadline: UInt64, keepSocketQueue: Bool)
    /// supervisor → role: end now.
    case stop

    /// Bytes of the longest message.
    package static let maximumCount = 16

    private enum Kind: UInt8 {
        case ready = 1
        case drained = 2
        case drain = 3
        case stop = 4
    }

    package var encoded: [UInt8] {
        switch self {
        case .ready(let version): [Kind.ready.rawValue] + Self.bytes(version)
        case .drained: [Kind.drained.rawValue]
        case .drain(let deadline, let keep): [Kind.drain.rawValue] + Self.bytes(deadline) + [keep ? 1 : 0]
        case .stop: [Kind.stop.rawValue]
        }
    }

    package init?(decoding bytes: Span<UInt8>) {
        guard bytes.count > 0, let kind = Kind(rawValue: bytes[0]) else { return nil }
        switch kind {
        case .ready:
            guard bytes.count == 9 else { return nil }
            self = .ready(settingsVersion: Self.number(bytes))
        case .drained:
            guard bytes.count == 1 else { return nil }
            self = .drained
        case .drain:
            guard bytes.count == 10, bytes[9] <= 1 else { return nil }
            self = .drain(deadline: Self.number(bytes), keepSocketQueue: bytes[9] == 1)
        case .stop:
            guard bytes.count == 1 else { return nil }
            self = .stop
        }
    }

    private static func bytes(_ value: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    /// The number behind the kind byte.
    private static func number(_ bytes: Span<UInt8>) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(bytes[1 + index]) << UInt64(8 * index) }
        return value
    }
}
