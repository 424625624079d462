// SPDX-License-Identifier: Apache-2.0
/// Serves a shard of an `exec` service: one process per message, its body on standard input, its exit status the answer.
///
/// Worker drives it; Shard keeps the books.
/// Invariant: a record is in flight exactly as long as its process is not reaped, and the body is written from the
/// ring only so long.

import LinuxIO
import Ring
import Settings

final class ExecRunner: ServiceRunner {
    private struct Run {
        let process: ServiceProcess
        let delivery: ShardQueue.Delivery
        /// Bytes of the body that the process has taken.
        var written = 0
        let began: UInt64
        var isTimedOut = false
    }

    private enum ExitCode {
        static let done: CInt = 0
        /// EX_DATAERR of sysexits.h: this message will never do.
        static let dataError: CInt = 65
    }

    let shard: Shard
    private let runner: Int
    private var launcher: ServiceLauncher
    private var runs: [Run?]
    private(set) var running = 0
    private var variables = MessageVariables()
    private let grace: UInt64

    /// - Parameter place: its place in the worker, which its events carry.
    init(_ shard: Shard, place: Int) throws(SystemCallError) {
        self.shard = shard
        runner = place
        launcher = try ServiceLauncher(shard.service, shard.context)
        runs = [Run?](repeating: nil, count: shard.window)
        grace = shard.context.graces.ending
    }

    // MARK: work

    func work(now: UInt64, head: UInt64) {
        advanceEndings(now)
        while running < shard.window, !shard.backoff.blocks(at: now),
            let delivery = shard.handOut(now: now, head: head)
        {
            start(delivery, now: now)
        }
    }

    private func start(_ delivery: ShardQueue.Delivery, now: UInt64) {
        guard let place = runs.firstIndex(where: { $0 == nil }) else { return }
        let ring = shard.context.ring
        let isReadable: Void? = ring.withRecord(delivery.sequence) { record, payload in
            variables.fill(launcher, delivery, record, payload, log: ring.control.logID)
        }
        guard isReadable != nil else { return shard.settleCorrupt(delivery.index) }
        do throws(LaunchFailure) {
            let decided = Clock.monotonic()
            let (process, written) = try launch(delivery, place, now: now)
            let began = Clock.monotonic()
            runs[place] = Run(process: process, delivery: delivery, written: written, began: now)
            running += 1
            shard.backoff.succeed()
            shard.launched(took: began &- decided)
            shard.begin(delivery.index, at: began)
            feed(place)
        } catch {
            shard.putBack(delivery.index, wasHandedOut: delivery.isRepeated)
            shard.launchFailed(.launch(error.words), now: now)
        }
    }

    /// The body is in the pipe before the program runs, if the pipe can hold it: if this worker is killed, its end of the
    /// pipe closes before the program is killed, and what it has read until then must not pass for the whole.
    private func launch(
        _ delivery: ShardQueue.Delivery, _ place: Int, now: UInt64
    ) throws(LaunchFailure) -> (ServiceProcess, written: Int) {
        var written = 0
        let length = shard.context.ring.withRecord(delivery.sequence) { record, _ in record.body.count } ?? 0
        let process = try launcher.launch(on: shard.context.loop, now: now, room: length) { input in
            _ = write(delivery, to: input, from: &written)
        }
        do throws(SystemCallError) {
            try process.watch(runner: runner, place: place)
        } catch {
            process.discard()
            throw LaunchFailure(words: "\(error)")
        }
        return (process, written)
    }

    // MARK: events

    func handle(_ kind: Token.Kind, place: Int, now: UInt64) {
        guard runs.indices.contains(place), runs[place] != nil else { return }
        switch kind {
        case .input: feed(place)
        case .process: reap(place, now: now)
        case .bell, .channel, .output: break
        }
    }

    /// Writes as much of the body as the pipe takes; closes it behind the last byte, or when nobody reads it.
    private func feed(_ place: Int) {
        guard let run = runs[place], let input = run.process.inputRaw else { return }
        var written = run.written
        let wantsMore = write(run.delivery, to: input, from: &written)
        runs[place]?.written = written
        guard wantsMore, (try? run.process.watchInput(runner: runner, place: place)) != nil else {
            return run.process.closeInput()
        }
    }

    /// - Returns: whether the rest of the body is still to be written.
    private func write(_ delivery: ShardQueue.Delivery, to input: CInt, from written: inout Int) -> Bool {
        // A record that can't be lent was corrupt at the start already, and not handed out.
        shard.context.ring.withRecord(delivery.sequence) { record, payload in
            let body = payload.extracting(record.body)
            while written < body.count {
                switch Descriptor.write(input, body.extracting(written..<body.count)) {
                case .wrote(let count): written += count
                case .wouldBlock: return true
                // It need not read: its exit status decides.
                case .closed, .failed: return false
                }
            }
            return false
        } ?? false
    }

    private func reap(_ place: Int, now: UInt64) {
        guard let run = runs[place], let status = run.process.reap() else { return }
        runs[place] = nil
        running -= 1
        let index = run.delivery.index
        switch status {
        case .exited(ExitCode.done) where !run.isTimedOut: shard.settle(index, .delivered, now: now)
        case .exited(ExitCode.dataError) where !run.isTimedOut:
            shard.settle(index, .rejected, because: .rejected("\(status)"), now: now)
        // Ended by us in the middle: the entry stays for a successor, who repeats the delivery.
        case _ where shard.isEnding: break
        default: shard.fail(index, run.isTimedOut ? .timedOut : .ended(status), now: now)
        }
    }

    // MARK: time-outs and the end

    private func advanceEndings(_ now: UInt64) {
        guard running > 0 else { return }
        for place in runs.indices {
            guard let run = runs[place] else { continue }
            if now >= deadline(of: run), !run.isTimedOut {
                runs[place]?.isTimedOut = true
                run.process.end(.terminated, now: now, grace: grace)
            }
            run.process.advanceEnding(now: now, grace: grace)
        }
    }

    private func deadline(of run: Run) -> UInt64 { run.began.addingSaturated(shard.ackTimeout) }

    func takeOver(_ service: Settings.Service) -> Bool {
        guard service.mode == .exec else { return false }
        if !service.runs(as: shard.service) {
            guard let new = try? ServiceLauncher(service, shard.context) else { return false }
            // Those that run come to their end as they began; what kept the old ones from starting is over.
            launcher = new
            shard.backoff.succeed()
        }
        shard.define(service)
        while runs.count < shard.window { runs.append(nil) }
        return true
    }

    // Each of its processes has a message, and is reaped with it.
    func finish() { shard.finish() }

    func end(_ step: ProcessEnding.Step, now: UInt64, grace: UInt64) {
        shard.end()
        for run in runs { run?.process.end(step, now: now, grace: grace) }
    }

    func deadline(now: UInt64) -> UInt64 {
        var earliest = UInt64.max
        if running > 0 {
            for case let run? in runs {
                earliest = min(earliest, run.isTimedOut ? .max : deadline(of: run), run.process.ending.deadline)
            }
        }
        guard shard.isServing, running < shard.window else { return earliest }
        if shard.backoff.blocks(at: now) { return min(earliest, shard.isIdle ? .max : shard.backoff.until) }
        return min(earliest, shard.queue.nextDue ?? .max)
    }

    func showStatus(now: UInt64) { shard.show(running: running, isStarting: false, now: now) }
}
