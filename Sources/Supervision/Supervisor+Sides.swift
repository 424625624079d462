// SPDX-License-Identifier: Apache-2.0
/// Processes that do one thing beside the broker: started, watched, heard, given up; and what we learn of our own executable
/// by one of them.
///
/// Part of the Supervisor; called by its loop.
/// Invariant: none is waited for, and none outlives its patience.

internal import Control
internal import LinuxIO
internal import Reactor

extension Supervisor {
    /// Nanoseconds for reading a file of some megabytes, from a slow disk too.
    private static let examining: UInt64 = 60_000_000_000

    /// - Parameters: `program`: what is executed. `descriptors`: by name. `done`: hears of its end.
    /// - Returns: its pid.
    @discardableResult
    func start(
        _ program: String, _ arguments: [String], _ descriptors: [(name: String, source: CInt)], timeLimit: UInt64,
        done: @escaping (SideProcess.Outcome) -> Void
    ) throws -> CInt {
        let side = try SideProcess(program, arguments, descriptors, timeLimit: timeLimit)
        let pid = side.process.pid
        sides.entries[pid] = SideDesk.Entry(
            side: side,
            watch: try? loop.watch(side.raw, Subject(kind: Kind.side, index: UInt32(pid)), .readable),
            patience: loop.schedule(Subject(kind: Kind.sidePatience, index: UInt32(pid)), at: side.deadline),
            done: done)
        return pid
    }

    func receive(fromSide pid: CInt) {
        guard let entry = sides.entries[pid], !entry.side.receive() else { return }
        if let watch = entry.watch { loop.unwatch(watch) }
        sides.entries[pid]?.watch = nil
    }

    /// A child was reaped.
    func buryIfSide(_ pid: CInt, _ status: ExitStatus) {
        guard let entry = sides.entries.removeValue(forKey: pid) else { return }
        if let watch = entry.watch { loop.unwatch(watch) }
        loop.cancel(entry.patience)
        entry.done(entry.side.outcome(status))
    }

    /// Has a file looked into.
    /// - Returns: the pid of who does it.
    @discardableResult
    func examine(_ raw: CInt, done: @escaping (Result<Examination, ControlFault>) -> Void) throws -> CInt {
        try start("/proc/self/exe", ["examine"], [("executable", raw)], timeLimit: Self.examining) { outcome in
            switch outcome {
            case .done(let line):
                done(Examination(line).map(Result.success) ?? .failure(ControlFault("can't be examined: \(line)")))
            case .failed(let words): done(.failure(ControlFault(words)))
            }
        }
    }

    // MARK: our own executable

    /// Goes on once all that can be known of our own file is known: its digest takes a moment, the first time.
    func knowOwn(_ then: @escaping () -> Void) {
        if isLearningOwn() { sides.own.waiting.append(then) } else { then() }
    }

    /// Whether something of our own file is to be known soon that is not known now; begins to find it out.
    func isLearningOwn() -> Bool {
        let own = sides.own
        guard !own.wasExamined, !own.isBeingExamined else { return own.isBeingExamined }
        do {
            let file = try own.open()
            try examine(file.raw) { [self] in
                if case .success(let examination) = $0 { own.examination = examination }
                endOfOwn()
            }
            own.isBeingExamined = true
        } catch {
            log.warning("\(own.path) can't be examined, so that its digest is not known: \(error)")
            own.wasExamined = true
        }
        return own.isBeingExamined
    }

    private func endOfOwn() {
        sides.own.isBeingExamined = false
        sides.own.wasExamined = true
        let waiting = sides.own.waiting
        sides.own.waiting = []
        for then in waiting { then() }
    }

    func answerStatus(_ format: ReportFormat, _ ticket: ControlTicket) {
        var reply: [UInt8] = []
        do {
            ControlReply.appendSuccess(try status().answer(format), to: &reply)
        } catch {
            ControlReply.appendError(ControlFault("\(error)"), to: &reply)
        }
        control.answer(ticket, reply, loop)
    }
}
