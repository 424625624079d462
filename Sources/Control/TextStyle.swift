// SPDX-License-Identifier: Apache-2.0
/// How a report looks as text: colours, how wide, and on whose clock.
///
/// Used by every text form. The broker's own answers (`nc -U`) use the defaults; the command-line tool says what its
/// terminal can do and where its user lives.
/// Invariant: `width` is never under `least`: below it tables would lose their columns.

internal import Wire

package struct TextStyle: Sendable {
    /// Characters of a line at which every table still has its columns.
    package static let least = 72

    package let isColoured: Bool
    package let width: Int
    /// Rows were left out as the reader asked: an empty list then means that none fits, not that there is none.
    package let isFiltered: Bool
    /// A time (nanoseconds since 1970 in UTC) as its reader's clock shows it, at a glance from `now`.
    package let moment: @Sendable (_ time: UInt64, _ now: UInt64) -> String

    package init(
        isColoured: Bool = false, width: Int = 80, isFiltered: Bool = false,
        moment: @escaping @Sendable (_ time: UInt64, _ now: UInt64) -> String = TextStyle.utc
    ) {
        self.isColoured = isColoured
        self.width = max(Self.least, width)
        self.isFiltered = isFiltered
        self.moment = moment
    }

    /// "2026-11-21T03:36:25Z".
    package static func utc(_ time: UInt64, _ now: UInt64) -> String { Timestamp.rfc3339(time).prefix(19) + "Z" }
}
