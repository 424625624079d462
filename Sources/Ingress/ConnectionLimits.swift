// SPDX-License-Identifier: Apache-2.0

package import Settings

/// How long a connection may take, in ns: what the settings say of it, and two limits that nobody sets.
///
/// Made of each settings, asked by ConnectionClock.
/// Invariant: the same for all connections.
package struct ConnectionLimits: Equatable, Sendable {
    /// A protocol is chosen by then with what is there.
    package static let sniffing: UInt64 = 3_000_000_000
    /// So long a refused peer may take to read why.
    package static let lingering: UInt64 = 2_000_000_000

    package var frame: UInt64
    /// `.max` for ever.
    package var idle: UInt64

    package init(frame: UInt64, idle: UInt64?) {
        self.frame = frame
        self.idle = idle ?? .max
    }

    package init(_ port: Settings.Port) {
        self.init(frame: port.frameTimeout.nanoseconds, idle: port.idleTimeout?.nanoseconds)
    }
}
