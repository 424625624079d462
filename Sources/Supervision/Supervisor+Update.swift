// SPDX-License-Identifier: Apache-2.0
/// A restart or an update, from the request to the verdict: what is tried before anything is touched, what is told of each
/// step, and what is written down.
///
/// Part of the Supervisor. The steps are decided by UpdatePlan; from where another supervisor takes over, Supervisor+HandOver
/// tells how it goes.
/// Invariant: whatever goes wrong before `goOver` leaves nothing behind but a record; who asked hears one verdict.

internal import Control
internal import LinuxIO
internal import Logging
internal import Segments
internal import Wire

extension Supervisor {
    private var shadowFolder: String { "\(folder.path)/shadow" }

    /// - Parameter order: nil for a restart.
    func beginUpdate(_ request: ChangeRequest, _ order: UpdateOrder?) {
        let attempt = UpdateAttempt(request, order, began: Clock.realtime(), at: Clock.monotonic())
        self.attempt = attempt
        attempt.record.from = sides.own.image
        guard let order else {
            attempt.record.to = attempt.record.from
            keepRecord(of: attempt)
            return restart()
        }
        attempt.record.to.path = order.executable
        keepRecord(of: attempt)
        do throws(ControlFault) {
            attempt.candidate = try UpdateCandidate(order.executable)
            let use = order.isThroughStore ? regions.ledger.use() : nil
            try UpdateRoom.check(
                workers: settings.workers.count, folder: shadowFolder, ring: use?.byteCapacity ?? 0,
                stored: use.map { UInt64(SegmentWriter.usualFile) + 2 * $0.bytes } ?? 0)
            knowOwn { [self] in examineCandidate(attempt) }
        } catch {
            tellUpdate(.refused(error.sentence))
        }
    }

    private func restart() {
        do {
            let image = try sides.own.open()
            beginHandOver(image.raw)
        } catch {
            tellUpdate(.failed("its own file can't be opened: \(error)"))
        }
    }

    /// Why it may not be begun, and need not wait for its turn; nil if it may.
    func refusal(of request: ChangeRequest) -> ControlFault? {
        request.isSuccession ? succession : refusal
    }

    /// Why nothing may be begun now that a restart or an update would have to wait for; nil if it may.
    var succession: ControlFault? {
        if let refusal { return refusal }
        guard let other = attempt?.request ?? changes.waiting.first(where: \.isSuccession) else { return nil }
        return ControlFault("\(other.what) is under way, asked for by \(other.by); ask again when it has ended")
    }

    /// It can't go on: everything ends.
    func giveUpUpdate(_ sentence: String) {
        guard !isPassing else { return }
        if let side = attempt?.side { sides.entries[side]?.side.process.send(Signal.kill) }
        tellUpdate(.failed(sentence))
    }

    func tellUpdate(_ event: UpdatePlan.Event) {
        guard let attempt else { return }
        for effect in attempt.plan.handle(event, at: Clock.monotonic()) { perform(effect, attempt) }
    }

    private func perform(_ effect: UpdatePlan.Effect, _ attempt: UpdateAttempt) {
        switch effect {
        case .tryOut: tryOut(attempt)
        case .goOver: goOver(attempt)
        case .tell(let step): tell(step, attempt)
        case .end(let word, let reason): end(word, reason, attempt)
        }
    }

    // MARK: before anything is touched

    private func examineCandidate(_ attempt: UpdateAttempt) {
        guard attempt === self.attempt, let candidate = attempt.candidate else { return }
        attempt.record.from = sides.own.image
        do {
            attempt.side = try examine(candidate.raw) { [self] result in
                guard attempt === self.attempt else { return }
                attempt.side = nil
                judge(result, attempt, candidate)
            }
        } catch {
            tellUpdate(.refused("\(candidate.path): can't be examined: \(error)"))
        }
    }

    private func judge(
        _ result: Result<Examination, ControlFault>, _ attempt: UpdateAttempt, _ candidate: UpdateCandidate
    ) {
        switch result {
        case .failure(let fault): tellUpdate(.refused("\(candidate.path): \(fault.sentence)"))
        case .success(let examination):
            attempt.record.to = examination.image(at: candidate.place)
            let refusal = sides.own.note?.refusal(
                of: examination.note, at: candidate.path, throughStore: attempt.record.isThroughStore)
            tellUpdate((refusal ?? candidate.placeFault).map { .refused($0.sentence) } ?? .staged)
        }
    }

    private func tryOut(_ attempt: UpdateAttempt) {
        guard let candidate = unchanged(attempt) else { return }
        FaultPoint.reach(.updateStaged)
        do {
            let state = try stateFile()
            // Where it lies among the child's descriptors, at no path that could name another file by then.
            // Through the store goes nothing of another layout.
            let given =
                attempt.record.isThroughStore
                ? [] : [("settings", regions.settingsReader.raw), ("state", state.raw)]
            // There it reads the settings file, which is the same one if nothing else was said.
            var arguments = attempt.order?.arguments ?? []
            if arguments.isEmpty, attempt.record.isThroughStore { arguments = ["--config", file] }
            attempt.side = try start(
                "/proc/self/fd/3", ["shadow", shadowFolder] + arguments,
                [("image", candidate.raw)] + given, timeLimit: ShadowRole.patience
            ) { [self] outcome in
                // One that was killed could not clear up.
                try? FolderTree.remove(shadowFolder)
                guard attempt === self.attempt else { return }
                attempt.side = nil
                switch outcome {
                case .done: tellUpdate(.shadowed)
                case .failed(let words): tellUpdate(.refused("\(candidate.path): \(words)"))
                }
            }
        } catch {
            tellUpdate(.refused("\(candidate.path): could not be tried: \(error)"))
        }
    }

    private func goOver(_ attempt: UpdateAttempt) {
        guard let candidate = unchanged(attempt) else { return }
        FaultPoint.reach(.updateTried)
        if attempt.record.isThroughStore { return beginPassage(attempt) }
        beginHandOver(
            candidate.raw, attempt.order?.arguments ?? [], probation: settings.update.probation.nanoseconds)
    }

    private func unchanged(_ attempt: UpdateAttempt) -> UpdateCandidate? {
        guard let candidate = attempt.candidate else { return nil }
        if candidate.isUnchanged { return candidate }
        tellUpdate(.refused("\(candidate.path): somebody has written to it since it was examined"))
        return nil
    }

    // MARK: telling

    private func tell(_ step: UpdateStep, _ attempt: UpdateAttempt) {
        attempt.record.steps = attempt.plan.steps
        let detail = step.detail.map { ", \($0)" } ?? ""
        log.notice("\(attempt.record.what.rawValue): \(step.step)\(detail) (\(HumanText.latency(step.time)))")
        if let ticket = attempt.request.ticket {
            control.tell(ticket, step.answer(attempt.request.format), loop)
        }
    }

    private func end(_ word: UpdateVerdict.Word, _ reason: String?, _ attempt: UpdateAttempt) {
        attempt.record.verdict = word
        attempt.record.reason = reason
        keepRecord(of: attempt)
        self.attempt = nil
        changes.current = nil
        let what = attempt.record.what.rawValue
        if let reason {
            log.error("\(what) \(word.rawValue): \(reason)")
        } else {
            log.notice("\(what) \(word.rawValue)")
        }
        guard let ticket = attempt.request.ticket else { return }
        let verdict = UpdateVerdict(
            word, reason: reason, from: attempt.record.from.words, to: attempt.record.to.words)
        var reply = verdict.answer(attempt.request.format)
        if let reason {
            ControlReply.appendError(ControlFault(reason), to: &reply)
        } else {
            ControlReply.appendSuccess([], to: &reply)
        }
        control.answer(ticket, reply, loop)
    }

    /// Written down when it begins and when it has ended. Behind the commit the successor has the keeper.
    func keepRecord(of attempt: UpdateAttempt) {
        let note = attempt.record.note
        if let handOver, handOver.plan.isCommitted { return handOver.send(record: note) }
        if let passage { return passage.send(record: note) }
        notes.add(note)
    }
}

extension UpdateRecord {
    /// As the keeper writes it down.
    var note: KeptNote {
        var json = JSONWriter()
        write(into: &json)
        return KeptNote(.update, time: began, subject: by, detail: String(decoding: json.bytes, as: UTF8.self))
    }

    init?(_ note: KeptNote) {
        guard note.kind == .update, let json = JSONValue(document: Array(note.detail.utf8)) else { return nil }
        self.init(json)
    }
}
