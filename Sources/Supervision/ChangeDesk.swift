// SPDX-License-Identifier: Apache-2.0
/// Changes of the settings that were asked for: the one under way with all that belongs to it, and those in line.
///
/// Held by the Supervisor; what is done with it is in Supervisor+Change.
/// Invariant: one change at a time, in the order in which they were asked for; each is answered once.

internal import Control
internal import LinuxIO
internal import Reactor

/// What somebody wants changed, and how they are to be told.
struct ChangeRequest {
    enum Kind: Equatable {
        /// Read the file again.
        case reload
        case workers(Int)
        /// Another belfryd is to take over from this one: from the executable that runs, or from another.
        case restart
        case update(UpdateOrder)
    }

    let kind: Kind
    /// Who asks, for the log: a signal's name, or a process.
    let by: String
    /// nil: the log alone is told.
    var ticket: ControlTicket?
    var format = ReportFormat.text

    init(_ kind: Kind, by: String) {
        self.kind = kind
        self.by = by
    }

    /// nil if the request is for something else.
    init?(_ request: ControlRequest, _ asker: ControlAsker) {
        switch request {
        case .reload(let format): (kind, self.format) = (.reload, format)
        case .workers(let count, let format): (kind, self.format) = (.workers(count), format)
        case .restart(let format): (kind, self.format) = (.restart, format)
        case .update(let order, let format): (kind, self.format) = (.update(order), format)
        default: return nil
        }
        by = asker.peer.words
        ticket = asker.ticket
    }

    var words: String { "\(what) asked for by \(by)" }

    var what: String {
        switch kind {
        case .reload: "reload"
        case .workers(let count): "workers \(count)"
        case .restart: "restart"
        case .update(let order): "update \(order.executable)"
        }
    }

    /// Whether another belfryd is to follow.
    var isSuccession: Bool {
        switch kind {
        case .reload, .workers: false
        case .restart, .update: true
        }
    }
}

struct ChangeDesk {
    var waiting: [ChangeRequest] = []
    var current: ChangeRequest?
    /// While the file is being read.
    var reading: SettingsReading?
    var imageWatch: Watch?
    var wordsWatch: Watch?
    var patience: Timer?
    /// Behind that: how far the roles have come.
    var steps: LiveChange?
    /// Of workers that are to be started.
    var newDesks: [RoleDesk] = []
    var report = ChangeReport()
    /// Workers that are to drain as soon as what the change brings is granted.
    var drains: [(role: Role, deadline: UInt64)] = []

    /// New services have no owner yet.
    var isOpening: Bool { steps?.stage == .routing || steps?.stage == .takingOver }
}
