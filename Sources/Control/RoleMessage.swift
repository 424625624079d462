// SPDX-License-Identifier: Apache-2.0
/// What supervisor and roles tell each other: one packet, one message, a kind byte and its fields (little-endian).
///
/// Sent over RoleChannel, which holds each message to whether a descriptor must come with it.
/// Invariant: `init(decoding:)` takes exactly what `encoded` makes, and nothing that is longer or shorter.

package enum RoleMessage: Equatable, Sendable {
    /// role → supervisor: everything is mapped and open, these settings are in use.
    case ready(settingsVersion: UInt64)
    /// role → supervisor: from here on it does nothing by older settings.
    case applied(settingsVersion: UInt64)
    /// worker → supervisor: a shard of a retiring slot that it holds has nothing pending any more.
    case resolved(slot: UInt8)
    /// role → supervisor: nothing is left to do; the role exits.
    case drained
    /// supervisor → role: take no new work and finish what there is by `deadline`, nanoseconds of the monotonic clock.
    /// `keepSocketQueue`: what waits in the port's sockets is for a successor and stays there.
    case drain(deadline: UInt64, keepSocketQueue: Bool)
    /// supervisor → role: end now.
    case stop
    /// supervisor → role, with the image (R3): go over to these settings, then say `applied`.
    case settings
    /// supervisor → acceptor, with a descriptor: the page and the bell of a worker that it may not know yet. The page
    /// comes first, both before the settings with which the worker is there.
    case workerPage(index: UInt8)
    case workerBell(index: UInt8)

    /// Bytes of the longest message.
    package static let maximumCount = 16

    private enum Kind: UInt8 {
        case ready = 1
        case drained = 2
        case drain = 3
        case stop = 4
        case applied = 5
        case resolved = 6
        case settings = 7
        case workerPage = 8
        case workerBell = 9

        /// Bytes of a message of this kind.
        var count: Int {
            switch self {
            case .drained, .stop, .settings: 1
            case .resolved, .workerPage, .workerBell: 2
            case .ready, .applied: 9
            case .drain: 10
            }
        }
    }

    /// Whether a descriptor comes with it.
    package var carriesDescriptor: Bool {
        switch self {
        case .settings, .workerPage, .workerBell: true
        case .ready, .applied, .resolved, .drained, .drain, .stop: false
        }
    }

    package var encoded: [UInt8] {
        switch self {
        case .ready(let version): [Kind.ready.rawValue] + Self.bytes(version)
        case .drained: [Kind.drained.rawValue]
        case .drain(let deadline, let keep): [Kind.drain.rawValue] + Self.bytes(deadline) + [keep ? 1 : 0]
        case .stop: [Kind.stop.rawValue]
        case .applied(let version): [Kind.applied.rawValue] + Self.bytes(version)
        case .resolved(let slot): [Kind.resolved.rawValue, slot]
        case .settings: [Kind.settings.rawValue]
        case .workerPage(let index): [Kind.workerPage.rawValue, index]
        case .workerBell(let index): [Kind.workerBell.rawValue, index]
        }
    }

    package init?(decoding bytes: Span<UInt8>) {
        guard bytes.count > 0, let kind = Kind(rawValue: bytes[0]) else { return nil }
        guard bytes.count == kind.count else { return nil }
        switch kind {
        case .ready: self = .ready(settingsVersion: Self.number(bytes))
        case .applied: self = .applied(settingsVersion: Self.number(bytes))
        case .drained: self = .drained
        case .drain:
            guard bytes[9] <= 1 else { return nil }
            self = .drain(deadline: Self.number(bytes), keepSocketQueue: bytes[9] == 1)
        case .stop: self = .stop
        case .resolved: self = .resolved(slot: bytes[1])
        case .settings: self = .settings
        case .workerPage: self = .workerPage(index: bytes[1])
        case .workerBell: self = .workerBell(index: bytes[1])
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
