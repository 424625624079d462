// SPDX-License-Identifier: Apache-2.0
/// Serves a shard of an `exec` service: one process per message, its body on standard input, its exit status the answer.
///
/// Worker drives it; Shard keeps the books.
/// Invariant: a record is in flight exactly as long as its process is not reaped; and a process stands at its record's
/// place in the in-flight table.

import LinuxIO
import Ring
import Settings

final class ExecRunner: ServiceRunner {
    private struct Run {
        let process: ServiceProcess
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
    /// Those that have not timed out.
    private let flight: Flight
    private(set) var running = 0
    /// Those that were told to end.
    private var endings = 0
    private var variables = MessageVariables()
    private let grace: UInt64

    /// - Parameter place: its place in the worker, which its events carry.
    init(_ shard: Shard, place: Int) throws(SystemCallError) {
        self.shard = shard
        runner = place
        launcher = try ServiceLauncher(shard.service, shard.context)
        runs = [Run?](repeating: nil, count: shard.lease.table.capacity)
        flight = Flight(capacity: runs.count, timeout: shard.ackTimeout)
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
        let decided = Clock.monotonic()
        let launched = shard.withRecord(delivery.sequence) { record, payload in
            variables.fill(launcher, delivery, record, payload, log: shard.context.ring.control.logID)
            return launch(at: delivery.index, payload.extracting(record.body), now: now)
        }
        switch launched {
        case nil: shard.settleUnread(delivery, now: now)
        case .success(let process):
            let began = Clock.monotonic()
            runs[delivery.index] = Run(process: process)
            flight.add(delivery.index, now: began)
            running += 1
            shard.backoff.succeed()
            shard.launched(took: began &- decided)
            shard.begin(delivery.index, at: began)
        case .failure(let failure):
            shard.putBack(delivery.index, wasHandedOut: delivery.isRepeated)
            shard.launchFailed(.launch(failure.words), now: now)
        }
    }

    private func launch(
        at place: Int, _ body: borrowing Span<UInt8>, now: UInt64
    ) -> Result<ServiceProcess, LaunchFailure> {
        do throws(LaunchFailure) {
            let process = try launcher.launch(on: shard.context.loop, now: now, input: body)
            do throws(SystemCallError) {
                try process.watch(runner: runner, place: place)
            } catch {
                process.discard()
                throw LaunchFailure(words: "\(error)")
            }
            return .success(process)
        } catch {
            return .failure(error)
        }
    }

    // MARK: events

    func handle(_ kind: Token.Kind, place: Int, now: UInt64) {
        if kind == .process { reap(place, now: now) }
    }

    private func reap(_ place: Int, now: UInt64) {
        guard let run = runs[place], let status = run.process.reap() else { return }
        runs[place] = nil
        running -= 1
        if run.process.ending.hasBegun { endings -= 1 }
        if !run.isTimedOut { flight.land(place) }
        switch status {
        case .exited(ExitCode.done) where !run.isTimedOut: shard.settle(place, .delivered, now: now)
        case .exited(ExitCode.dataError) where !run.isTimedOut:
            shard.reject(place, .rejected("\(status)"), now: now)
        // Ended by us in the middle: the entry stays for a successor, who repeats the delivery.
        case _ where shard.isEnding: break
        default: shard.fail(place, run.isTimedOut ? .timedOut : .ended(status), now: now)
        }
    }

    // MARK: time-outs and the end

    private func advanceEndings(_ now: UInt64) {
        while flight.deadline <= now, let place = flight.first {
            flight.land(place)
            runs[place]?.isTimedOut = true
            end(place, .terminated, now: now, grace: grace)
        }
        guard endings > 0 else { return }
        for run in runs { run?.process.advanceEnding(now: now, grace: grace) }
    }

    private func end(_ place: Int, _ step: ProcessEnding.Step, now: UInt64, grace: UInt64) {
        guard let process = runs[place]?.process else { return }
        if !process.ending.hasBegun { endings += 1 }
        process.end(step, now: now, grace: grace)
    }

    func takeOver(_ service: Settings.Service) -> Bool {
        guard service.mode == .exec else { return false }
        if !service.runs(as: shard.service) {
            guard let new = try? ServiceLauncher(service, shard.context) else { return false }
            // Those that run come to their end as they began; what kept the old ones from starting is over.
            launcher = new
            shard.backoff.succeed()
        }
        shard.define(service)
        flight.timeout = shard.ackTimeout
        return true
    }

    // Each of its processes has a message, and is reaped with it.
    func finish() { shard.finish() }

    func end(_ step: ProcessEnding.Step, now: UInt64, grace: UInt64) {
        shard.end()
        for place in runs.indices { end(place, step, now: now, grace: grace) }
    }

    func deadline(now: UInt64) -> UInt64 {
        var earliest = flight.deadline
        if endings > 0 {
            for case let run? in runs { earliest = min(earliest, run.process.ending.deadline) }
        }
        guard shard.isServing, running < shard.window else { return earliest }
        if shard.backoff.blocks(at: now) { return min(earliest, shard.isIdle ? .max : shard.backoff.until) }
        return min(earliest, shard.queue.nextDue ?? .max)
    }

    func showStatus(now: UInt64) { shard.show(running: running, isStarting: false, now: now) }
}
