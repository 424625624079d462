// SPDX-License-Identifier: Apache-2.0
// When a connection has taken too long: before its protocol is known, within a frame, at rest, and on its way out.
// Used by Connections, which asks for the deadline and closes what is past it.
// Invariant: who has spoken and owes nothing has no deadline unless the settings give it one.

/// The moments of a connection that its time limits are counted from. All in ns of CLOCK_MONOTONIC.
///
/// Connections notes the moments as it goes, and keeps one timer for each connection that is set anew only when it
/// fires: so a message costs no timer.
/// Invariant: `armedAt` is when the connection's timer fires, `.max` if it has none.
package struct ConnectionClock: Equatable, Sendable {
    package private(set) var openedAt: UInt64
    /// When the first byte of the unfinished frame came.
    package var frameBegan: UInt64
    package var lastHeard: UInt64
    /// Used in the phases in which it only waits for its end.
    package var closeBy = UInt64.max
    package var armedAt = UInt64.max

    package init(openedAt: UInt64) {
        self.openedAt = openedAt
        frameBegan = openedAt
        lastHeard = openedAt
    }

    /// The acceptor took nothing from anybody for so long.
    package mutating func stoodStill(for span: UInt64) {
        openedAt = Self.sum(openedAt, span)
        frameBegan = Self.sum(frameBegan, span)
        lastHeard = Self.sum(lastHeard, span)
        closeBy = Self.sum(closeBy, span)
    }

    package func deadline(
        hasSpoken: Bool, isUndecided: Bool, hasBegunFrame: Bool, _ limits: ConnectionLimits
    ) -> UInt64 {
        if !hasSpoken { return Self.sum(openedAt, limits.frame) }
        if isUndecided { return Self.sum(frameBegan, min(ConnectionLimits.sniffing, limits.frame)) }
        if hasBegunFrame { return Self.sum(frameBegan, limits.frame) }
        return Self.sum(lastHeard, limits.idle)
    }

    private static func sum(_ moment: UInt64, _ span: UInt64) -> UInt64 {
        let (sum, overflow) = moment.addingReportingOverflow(span)
        return overflow ? .max : sum
    }
}
