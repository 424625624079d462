// SPDX-License-Identifier: Apache-2.0
/// Changes of the running settings, from who asked to the answer: `reload`, SIGHUP and `workers`.
///
/// Part of the Supervisor. What is to be changed is decided by SettingsDifference and SlotTable, in which order by
/// LiveChange; the effects are here and in Supervisor+Retiring.
/// Invariant: whatever can fail comes before the first change; from there on a change goes through, whoever dies.

internal import Control
internal import HotRestart
internal import LinuxIO
internal import Logging
internal import Reactor
internal import Settings

extension Supervisor {
    /// Characters: a line of the log is not wrapped like a table.
    private static let logWidth = 4000

    /// Puts a change into the line. It is begun at the end of the loop's round: who asks must be waiting by then.
    func ask(_ request: ChangeRequest) {
        if let refusal = refusal(of: request) { return answer(request, [], .failure(refusal)) }
        log.notice("\(request.words)")
        audit(request.by, request.what)
        changes.waiting.append(request)
    }

    /// Another belfryd begins to take over: who waits is told what everybody is told who asks later.
    func refuseWaiting() {
        guard let refusal else { return }
        for request in changes.waiting { answer(request, [], .failure(refusal)) }
        changes.waiting = []
    }

    /// Everything ends: who waits is told. A change that the roles know of goes on all the same: they may have taken
    /// something for a service that it brings.
    private func giveUpChanges() {
        let sentence = "belfryd is ending; nothing more is changed"
        endReading()
        if attempt != nil { giveUpUpdate(sentence) }
        for request in changes.waiting { answer(request, [], .failure(ControlFault(sentence))) }
        changes.waiting = []
        // An update through the store is answered when another belfryd serves.
        guard !isPassing, let current = changes.current else { return }
        answer(current, [], .failure(ControlFault(sentence)))
        changes.current = nil
    }

    /// Goes on with the change under way, and begins the next ones, as far as that goes now.
    func goOnChanging() {
        if plan.isDraining, changes.current != nil || !changes.waiting.isEmpty { giveUpChanges() }
        proceed()
        while beginNext() { proceed() }
    }

    /// Begins the first in line, if none is under way. Before all roles were ready for the first time, nothing is begun.
    private func beginNext() -> Bool {
        // A restart waits until nothing is left of the last one, and no service is in the middle of its own.
        guard changes.current == nil, plan.stage == .serving,
            let first = changes.waiting.firstIndex(where: { !$0.isSuccession || isWhole && restarts.isEmpty })
        else { return false }
        let request = changes.waiting.remove(at: first)
        changes.current = request
        changes.report = ChangeReport()
        changes.report.version = regions.version
        if !request.isSuccession {
            Readiness.notify(.reloading(at: Clock.monotonic()), .status("changing the settings"))
        }
        switch request.kind {
        case .reload: beginReading()
        case .workers(let count):
            var wanted = settings
            wanted.workers.count = count
            begin(SettingsDifference(running: settings, file: wanted, portIsGiven: port.isInherited))
        case .restart: beginUpdate(request, nil)
        case .update(let order): beginUpdate(request, order)
        }
        return true
    }

    // MARK: reading the file

    private func beginReading() {
        do {
            let reading = try tool.start(file, collectsWords: true)
            changes.reading = reading
            changes.imageWatch = try loop.watch(reading.outputRaw, Subject(kind: Kind.image), .readable)
            if let raw = reading.errorsRaw {
                changes.wordsWatch = try loop.watch(raw, Subject(kind: Kind.words), .readable)
            }
            changes.patience = loop.schedule(Subject(kind: Kind.patience), at: reading.deadline)
        } catch {
            endReading()
            fail([], "\(error)")
        }
    }

    func receiveSettings(_ event: EventLoop.Event) {
        guard let reading = changes.reading else { return }
        let isImage = event.subject.kind == Kind.image
        guard !(isImage ? reading.receiveImage() : reading.receiveWords()) else { return }
        loop.unwatch(event.watch)
        if isImage { changes.imageWatch = nil } else { changes.wordsWatch = nil }
    }

    /// The tool has ended, and was reaped.
    func hearSettings(_ status: ExitStatus) {
        guard let outcome = changes.reading?.outcome(status) else { return }
        endReading()
        switch outcome {
        case .read(let read, _, let warnings):
            changes.report.warnings = warnings
            begin(SettingsDifference(running: settings, file: read, portIsGiven: port.isInherited))
        case .refused(let lines):
            let faults = lines.count { !$0.hasSuffix(" (warning)") }
            fail(lines, "\(file): \(faults == 1 ? "1 fault" : "\(faults) faults"); nothing was changed")
        case .failed(let sentence): fail([], "\(sentence); nothing was changed")
        }
    }

    private func endReading() {
        for watch in [changes.imageWatch, changes.wordsWatch] { if let watch { loop.unwatch(watch) } }
        if let patience = changes.patience { loop.cancel(patience) }
        // If it still runs: nobody waits for it any more, and the loop reaps it as any child.
        changes.reading?.process.send(Signal.kill)
        changes.imageWatch = nil
        changes.wordsWatch = nil
        changes.patience = nil
        changes.reading = nil
    }

    // MARK: the change

    private func begin(_ difference: SettingsDifference) {
        changes.report.restart = difference.restart
        if let fault = difference.fault { return fail([fault], "1 fault; nothing was changed") }
        guard !difference.changed.isEmpty else { return finish() }
        changes.report.changed = difference.changed
        let workers = difference.settings.workers.count
        do {
            let placed = try regions.place(difference.settings)
            let roles = Role.all(workers: workers, base: workerBase)
            changes.newDesks = try roles.dropFirst(desks.count).map { try RoleDesk($0) }
            let renamed = regions.table.renamed(in: placed.table)
            regions.adopt(placed)
            keepPauses(renamed: renamed)
        } catch {
            return fail(["\(error)"], "1 fault; nothing was changed")
        }
        settings = difference.settings
        settings.version = regions.version
        changes.report.version = regions.version
        adoptLimits()
        changes.steps = LiveChange(version: regions.version, workers: workers, limit: Self.patience(settings))
    }

    /// What the supervisor itself goes by.
    private func adoptLimits() {
        control.wantsToken = settings.control.tokenFile != nil
        do {
            try control.adopt(mode: access.socketMode)
        } catch {
            log.error("control.socket \(settings.control.socket): \(error); who may connect stays as it was")
        }
        plan.adopt(grace: settings.shutdown.grace.nanoseconds, startLimit: Self.patience(settings))
        if changes.report.changed.contains(where: { $0.key == "port.receive-buffer" }) {
            port.adopt(receiveBuffer: settings.port.receiveBuffer)
            warnOfSmallBuffer()
        }
    }

    /// Goes on with the change under way, as far as the roles are.
    private func proceed() {
        while changes.steps != nil {
            let effects = changes.steps?.step(roleStates, at: Clock.monotonic()) ?? []
            for effect in effects { perform(effect) }
            if effects.isEmpty { return }
        }
    }

    private var roleStates: [LiveChange.RoleState] {
        desks.map { desk in
            LiveChange.RoleState(
                role: desk.role, phase: plan[desk.role].phase, given: desk.process?.given ?? 0,
                givenAt: desk.process?.givenAt ?? 0, applied: desk.process?.applied ?? 0,
                holdsShards: desk.role.worker.map { leases.isHolding($0) } ?? false)
        }
    }

    private func perform(_ effect: LiveChange.Effect) {
        switch effect {
        case .give(let role): give(to: desks[role.place])
        case .bind: bind()
        case .open:
            regions.open()
            share()
            lookAtRetiring()
            for drain in changes.drains { sendDrain(drain.role, drain.deadline) }
            changes.drains = []
        case .stop(let role):
            // Once everything ends, each worker finishes what it has.
            if !plan.isDraining { send(.stop, to: desks[role.place]) }
        case .kill(let role):
            let desk = desks[role.place]
            log.error("\(role) (pid \(desk.process?.pid ?? 0)) does not go over to the new settings: killed")
            desk.process?.process.send(Signal.kill)
        case .finish: finish()
        }
    }

    private func give(to desk: RoleDesk) {
        if desk.role.worker == nil { introduceWorkers(to: desk) }
        send(.settings, passing: regions.settingsReader.raw, to: desk)
        desk.process?.given = regions.version
        desk.process?.givenAt = Clock.monotonic()
        FaultPoint.reach(.imageGiven)
    }

    private func introduceWorkers(to desk: RoleDesk) {
        for worker in workerDesks + changes.newDesks + (takeOver?.formerDesks ?? []) {
            guard let index = worker.role.worker.map(UInt8.init) else { continue }
            send(.workerPage(index: index), passing: worker.pageReader.raw, to: desk)
            send(.workerBell(index: index), passing: worker.bell.raw, to: desk)
        }
    }

    private func bind() {
        // One that has ended without a word on them has routed nothing by them.
        let acceptor = desks[Role.acceptor.place]
        let hasApplied = acceptor.page.settingsApplied == regions.version
        regions.bind(at: hasApplied ? acceptor.page.appliedHead : regions.ledger.head)
        FaultPoint.reach(.slotsBound)
        // Nobody is started any more once everything ends.
        if !plan.isDraining { desks += changes.newDesks }
        changes.newDesks = []
        adoptWatchdog()
        apply(.workers(settings.workers.count))
        lookAtRetiring()
    }

    private func adoptWatchdog() {
        let interval = watchdog.interval
        watchdog.adopt(roles: desks.count, limit: settings.workers.stuckAfter.nanoseconds)
        // The next question was fixed by the interval before.
        if watchdog.interval != interval, let watchTimer {
            loop.reschedule(watchTimer, at: Clock.monotonic() &+ watchdog.interval)
        }
    }

    private func finish() {
        if changes.steps != nil {
            plan.forgetSurplus()
            desks.removeLast(desks.count - plan.lives.count)
            adoptWatchdog()
        }
        changes.steps = nil
        let report = changes.report
        end([], .success(report))
    }

    /// Nothing was changed.
    private func fail(_ lines: [String], _ sentence: String) { end(lines, .failure(ControlFault(sentence))) }

    private func end(_ lines: [String], _ result: Result<ChangeReport, ControlFault>) {
        if !plan.isDraining { Readiness.notify(.ready, .status("listening on \(port.name)")) }
        if let current = changes.current { answer(current, lines, result) }
        changes.current = nil
    }

    // MARK: telling

    /// - Parameter lines: what is wrong, each on its own.
    private func answer(_ request: ChangeRequest, _ lines: [String], _ result: Result<ChangeReport, ControlFault>) {
        var reply: [UInt8] = []
        for line in lines {
            log.error("\(line)")
            ControlReply.appendLine(line, to: &reply)
        }
        switch result {
        case .success(let report):
            let text = String(decoding: report.text(TextStyle(width: Self.logWidth)), as: UTF8.self)
            for line in text.split(separator: "\n") { log.notice("\(line)") }
            ControlReply.appendSuccess(report.answer(request.format), to: &reply)
        case .failure(let fault):
            log.error("\(fault.sentence)")
            ControlReply.appendError(fault, to: &reply)
        }
        if let ticket = request.ticket { control.answer(ticket, reply, loop) }
    }
}
