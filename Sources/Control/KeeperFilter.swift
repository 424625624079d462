// SPDX-License-Identifier: Apache-2.0
/// Which rows of the keeper's store are meant.
///
/// Read by KeeperStore; a request on the control socket says it in words.
/// Invariant: what is not said leaves nothing out.

package enum DeadAction: String, Sendable, CaseIterable { case list, show, replay, drop }

package struct KeeperFilter: Equatable, Sendable {
    /// Numbers of letters, or ids of notifications.
    package var ids: [String] = []
    package var service: String?
    /// A pattern of topics.
    package var topic: String?
    package var kind: Incident.Kind?
    /// Of an incident.
    package var process: String?
    /// Last failed, or happened, at or behind this; and before that. ns since 1970.
    package var since: UInt64?
    package var until: UInt64?
    /// The latest so many.
    package var limit: UInt64?
    /// All, said in so many words.
    package var isEverything = false

    package static let mostRows: UInt64 = 10_000
    package static let usualRows: UInt64 = 100

    package init() {}

    package var isEmpty: Bool { self == KeeperFilter() }
}
