// SPDX-License-Identifier: Apache-2.0
/// What is written down of what happens: incidents, the ledger once a minute while it changes, and who changed what.
///
/// Part of the Supervisor; called by its loop, and wherever something happens.
/// Invariant: nothing waits for the keeper but the end, and that for a moment only.

internal import Control
internal import LinuxIO
internal import Logging
internal import Reactor
internal import Wire

extension Supervisor {
    /// - Parameter process: a role or a service.
    func note(_ kind: Incident.Kind, _ process: String, _ detail: String) {
        notes.pace.note(Incident(time: Clock.realtime(), kind, process, detail))
    }

    /// A role has told of itself, or of a service.
    func note(_ incident: Incident, from role: String) {
        var incident = incident
        if incident.process.isEmpty { incident.process = role }
        incident.time = Clock.realtime()
        notes.pace.note(incident)
    }

    /// - Parameter who: a process and its user, or a signal.
    func audit(_ who: String, _ what: String) {
        notes.add(KeptNote(.audit, time: Clock.realtime(), subject: who, detail: what))
    }

    /// Once a round.
    func tendNotes() {
        let now = Clock.monotonic()
        if notes.pace.deadline <= now { notes.tell(notes.pace.due(at: now)) }
        guard notes.outbox.raw != nil, notes.isWaiting || notes.outbox.hasBacklog else { return }
        keepNotesOpen(
            notes.outbox.send { note, number, bytes in
                KeeperFrame.note(number: number, note).append(to: &bytes)
                return true
            })
    }

    /// The ledger as it is, if it has changed since it was written down last.
    func keepLedger() {
        guard let report = try? Account.report(regions, kernelDropped: drops.total) else { return }
        let bytes = report.answer(.json)
        guard notes.takesLedger(bytes, at: Clock.monotonic()) else { return }
        let text = String(decoding: bytes.dropLast(), as: UTF8.self)
        notes.add(KeptNote(.ledger, time: Clock.realtime(), subject: "", detail: text))
    }

    func receiveKept() { keepNotesOpen(notes.outbox.receive { _ in }) }

    func adoptNotes(_ socket: consuming Descriptor) throws {
        closeNotes()
        try notes.outbox.adopt(socket)
        notes.watch = try notes.outbox.raw.map { try loop.watch($0, Subject(kind: Kind.notes), .readable) }
    }

    func closeNotes() {
        if let watch = notes.watch { loop.unwatch(watch) }
        notes.watch = nil
        notes.outbox.close()
    }

    private func keepNotesOpen(_ isOpen: Bool) {
        guard isOpen else { return closeNotes() }
        let interest: Poller.Interest = notes.outbox.hasBacklog ? [.readable, .writable] : .readable
        if let watch = notes.watch { try? loop.change(watch, interest) }
    }

    /// No role is left: gives the keeper the last notes, and waits until it has them, but not for long.
    func endNotes(until deadline: UInt64) {
        notes.tell(notes.pace.rest())
        keepLedger()
        guard let raw = notes.outbox.raw, let poller = try? Poller(capacity: 1) else { return }
        while notes.isWaiting, notes.outbox.raw != nil, Clock.monotonic() < deadline {
            tendNotes()
            let interest: Poller.Interest = notes.outbox.hasBacklog ? [.readable, .writable] : .readable
            guard (try? poller.add(raw, token: 0, events: interest)) != nil else { return }
            _ = try? poller.wait(timeoutNanoseconds: deadline - min(deadline, Clock.monotonic()))
            try? poller.remove(raw)
            receiveKept()
        }
    }
}
