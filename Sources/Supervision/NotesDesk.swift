// SPDX-License-Identifier: Apache-2.0
/// What the supervisor wants written down: incidents, the ledger now and then, who changed what. And the latest incidents
/// for `status`.
///
/// Held by the Supervisor; Supervisor+Notes fills it in.
/// Invariant: a note is here until the keeper has it, or so many newer ones wait that the oldest must go.

internal import Control
internal import LinuxIO
internal import Reactor
internal import Wire

final class NotesDesk {
    /// Notes that may wait for a keeper that can't write.
    private static let most = 1_000
    /// Incidents in `status`.
    private static let shown = 5
    private static let minute: UInt64 = 60_000_000_000

    let outbox = KeeperOutbox<KeptNote>()
    var watch: Watch?
    /// The latest first.
    private(set) var recent: [Incident] = []
    var pace = IncidentPace(pause: minute)
    /// The ledger that was written down last, and when the next one is due (monotonic ns).
    var ledger: [UInt8] = []
    var ledgerDue: UInt64

    init(at now: UInt64) { ledgerDue = now &+ Self.minute }

    var isWaiting: Bool { !outbox.items.isEmpty }

    func add(_ note: KeptNote) {
        outbox.add(note)
        guard outbox.items.count > Self.most else { return }
        var surplus = outbox.items.count - Self.most
        outbox.forget { _ in
            surplus -= 1
            return surplus >= 0
        }
    }

    /// Goes on with what a predecessor had.
    func resume(_ notes: [KeptNote], recent: [KeptNote]) {
        for note in notes { add(note) }
        self.recent = recent.compactMap(Incident.init)
    }

    /// Incidents that are to be told now.
    func tell(_ incidents: [Incident]) {
        for incident in incidents {
            recent = [incident] + recent.prefix(Self.shown - 1)
            add(KeptNote(incident))
        }
    }

    /// Whether a ledger that differs from the last one is to be written down.
    func takesLedger(_ report: [UInt8], at now: UInt64) -> Bool {
        ledgerDue = now &+ Self.minute
        guard report != ledger else { return false }
        ledger = report
        return true
    }
}

extension KeptNote {
    init(_ incident: Incident) {
        self.init(
            .incident, code: incident.kind.rawValue, time: incident.time, count: incident.count,
            subject: incident.process, detail: incident.detail)
    }
}

extension Incident {
    /// nil if the note is of something else.
    fileprivate init?(_ note: KeptNote) {
        guard note.kind == .incident, let kind = Kind(rawValue: note.code) else { return nil }
        self.init(time: note.time, kind, note.subject, note.detail, count: note.count)
    }
}
