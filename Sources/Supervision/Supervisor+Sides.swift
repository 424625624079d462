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
    func start(
        _ program: String, _ arguments: [String], _ descriptors: [(name: String, source: CInt)], timeLimit: UInt64,
        done: @escaping (SideProcess.Outcome) -> Void
    ) throws {
        let side = try SideProcess(program, arguments, descriptors, timeLimit: timeLimit)
        let pid = side.process.pid
        sides.entries[pid] = SideDesk.Entry(
            side: side,
            watch: try? loop.watch(side.raw, Subject(kind: Kind.side, index: UInt32(pid)), .readable),
            patience: loop.schedule(Subject(kind: Kind.sidePatience, index: UInt32(pid)), at: side.deadline),
            done: done)
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
    func examine(_ raw: CInt, done: @escaping (Result<Examination, ControlFault>) -> Void) throws {
        try start("/proc/self/exe", ["examine"], [("executable", raw)], timeLimit: Self.examining) { outcome in
            switch outcome {
            case .done(let line):
                done(Examination(line).map(Result.success) ?? .failure(ControlFault("can't be examined: \(line)")))
            case .failed(let words): done(.failure(ControlFault(words)))
            }
        }
    }

    // MARK: our own executable

    /// Answers with the state once all of it is known: the digest of our own file takes a moment, the first time.
    /// - Returns: false if it is known already, or can't be had.
    func answerStatusLater(_ format: ReportFormat, _ ticket: ControlTicket) -> Bool {
        guard !sides.own.wasExamined, !isOver else { return false }
        if !sides.own.isBeingExamined {
            guard let file = try? sides.own.open(), (try? examine(file.raw) { self.knowOwn($0) }) != nil else {
                return false
            }
            sides.own.isBeingExamined = true
        }
        sides.own.waiting[ticket] = format
        return true
    }

    private func knowOwn(_ result: Result<Examination, ControlFault>) {
        sides.own.isBeingExamined = false
        sides.own.wasExamined = true
        if case .success(let examination) = result { sides.own.examination = examination }
        let waiting = sides.own.waiting
        sides.own.waiting = [:]
        for (ticket, format) in waiting {
            var reply: [UInt8] = []
            if let report = try? status() { ControlReply.appendSuccess(report.answer(format), to: &reply) }
            control.answer(ticket, reply, loop)
        }
    }
}
