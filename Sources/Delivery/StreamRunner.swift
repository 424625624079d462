// SPDX-License-Identifier: Apache-2.0
/// Serves a shard of a `stream` service: one resident process, started at the first message, fed through a window,
/// stopped when it has had nothing to do for `idle-timeout`.
///
/// Worker drives it; Shard keeps the books, the framing speaks with the process.
/// Invariant: what is in the shard's flight is held by the process that runs now.

import LinuxIO
import Ring
import Settings

final class StreamRunner: ServiceRunner {
    /// Bytes of answers that are read at once: as much as a pipe usually holds.
    private static let turn = 65_536
    /// The most that any pipe holds, unless root has made it larger.
    private static let fullPipe = 1 << 20

    let shard: Shard
    private let framing: any StreamFraming
    private let runner: Int
    private let launcher: ServiceLauncher
    private let grace: UInt64

    private var process: ServiceProcess?
    private var conduct = StreamConduct()
    private var trial: ProcessTrial
    private var patience = AnswerPatience()

    /// The last valid answer, or when deliveries were first held since there were none.
    private var lastProgress: UInt64 = 0
    /// When it was last given a message, or answered one.
    private var idleSince: UInt64 = 0

    /// - Parameter place: its place in the worker, which its events carry.
    init(_ shard: Shard, place: Int) throws(SystemCallError) {
        self.shard = shard
        framing = shard.service.usesFrames ? FramesFraming(shard) : LinesFraming(shard)
        runner = place
        launcher = try ServiceLauncher(shard.service, shard.context)
        grace = shard.context.graces.ending
        // A process that speaks frames says itself when it is up.
        trial = ProcessTrial(hold: shard.service.usesFrames ? 0 : shard.context.graces.proving)
    }

    var running: Int { process == nil ? 0 : 1 }

    private func mayLaunch(_ now: UInt64) -> Bool {
        process == nil && shard.isServing && !shard.backoff.blocks(at: now)
    }

    /// How many messages may be handed to its process.
    private func room(_ now: UInt64) -> Int {
        guard shard.isServing, let process, !process.ending.hasBegun, !framing.isFull else { return 0 }
        let window = min(shard.window, framing.credit ?? 0)
        return max(0, trial.most(of: window, launchedAt: process.launchedAt, now: now) - shard.queue.inFlight)
    }

    // MARK: work

    func work(now: UInt64, head: UInt64) {
        process?.advanceEnding(now: now, grace: grace)
        expire(now)
        if mayLaunch(now), shard.hasWork(now: now, head: head) { launch(now) }
        while fill(now: now, head: head) { flush(now) }
        // Behind the messages, which somebody waits for.
        if patience.looks(now: now) { readAnswers(now) }
        finishIfDone(now)
        stopIfIdle(now)
        patience.expire(now: now)
        process?.wakeForAnswers(!patience.isPatient)
    }

    /// Encodes what may be handed out now.
    /// - Returns: false if nothing was.
    private func fill(now: UInt64, head: UInt64) -> Bool {
        let heldNone = shard.flight.isEmpty
        guard framing.handOut(atMost: room(now), now: now, head: head) > 0 else { return false }
        if heldNone { lastProgress = now }
        idleSince = now
        patience.handedOut(now: now, inFlight: shard.queue.inFlight, window: min(shard.window, framing.credit ?? 0))
        return true
    }

    /// Writes as much of what is encoded as the process takes.
    private func flush(_ now: UInt64) {
        guard let process, let input = process.inputRaw else { return }
        switch framing.flush(to: input) {
        case .done: FaultPoint.reach(.handedOut)
        case .wouldBlock:
            if (try? process.watchInput(runner: runner, place: 0)) == nil { giveUp(.closedInput, now) }
        case .closed: giveUp(.closedInput, now)
        }
    }

    // MARK: launching

    private func launch(_ now: UInt64) {
        do throws(LaunchFailure) {
            let decided = Clock.monotonic()
            let new = try launcher.launch(on: shard.context.loop, now: now)
            do throws(SystemCallError) {
                try new.watch(runner: runner, place: 0)
            } catch {
                new.discard()
                throw LaunchFailure(words: "\(error)")
            }
            process = new
            patience = AnswerPatience()
            framing.begin()
            conduct = StreamConduct()
            shard.troubles.clearAnswers()
            shard.launched(took: Clock.monotonic() &- decided)
        } catch {
            shard.launchFailed(.launch(error.words), now: now)
        }
    }

    // MARK: events

    func handle(_ kind: Token.Kind, place: Int, now: UInt64) {
        switch kind {
        case .input:
            framing.unblock()
            flush(now)
        case .output: readAnswers(now)
        case .process: reap(now)
        case .bell, .channel, .keeper: break
        }
    }

    private func readAnswers(_ now: UInt64) {
        guard let process, let output = process.outputRaw else { return }
        switch framing.read(from: output, atMost: Self.turn, now: now, { take($0, $1, now) }) {
        case .moreLater: break
        case .closed:
            process.closeOutput()
            // Without answers it is of no use. Most often it is about to end by itself.
            giveUp(.closedOutput, now)
        case .unreadable:
            process.closeOutput()
            end(.unreadable, now)
        }
    }

    private func take(_ answer: StreamAnswer, _ bytes: Span<UInt8>, _ now: UInt64) {
        switch answer {
        case .delivered:
            progress(now)
            shard.succeed()
        case .dead(let index, let reason):
            progress(now)
            shard.reject(index, .rejected(StreamAnswer.words(bytes, reason)), now: now)
        case .retry(let index, let reason):
            progress(now)
            fail(index, .refused(StreamAnswer.words(bytes, reason)), now)
        case .credit:
            conduct.speak()
            shard.troubles.setClosed(framing.credit == 0)
        case .garbage: shard.troubles.countGarbage(StreamAnswer.words(bytes, bytes.indices))
        case .foreign: shard.troubles.countForeign()
        }
    }

    private func progress(_ now: UInt64) {
        lastProgress = now
        idleSince = now
        trial.pass()
        guard !conduct.hasAnswered else { return }
        conduct.answer()
        shard.backoff.succeed()
    }

    /// A message that is given up gets no answer any more, not even a late one: its letter is on its way.
    private func fail(_ index: Int, _ failure: Failure, _ now: UInt64) {
        shard.fail(index, failure, now: now)
        if shard.queue.isBuried(index) { framing.forget(index) }
    }

    // MARK: time-outs

    private func expire(_ now: UInt64) {
        if startDeadline <= now { end(.neverUp, now) }
        guard shard.flight.deadline <= now else { return }
        let isMute = lastProgress.addingSaturated(shard.ackTimeout) <= now
        if isMute { end(.mute, now) }
        if isMute, trial.end(nil, held: shard.queue.inFlight) == .unclear {
            while let index = shard.flight.first { shard.putBack(index, wasHandedOut: true) }
        }
        while shard.flight.deadline <= now, let index = shard.flight.first { fail(index, .timedOut, now) }
    }

    /// Until when its process has to say that it is up, if it has to.
    private var startDeadline: UInt64 {
        guard let process, !process.ending.hasBegun, framing.credit == nil else { return .max }
        return process.launchedAt.addingSaturated(max(shard.ackTimeout, shard.context.graces.start))
    }

    private func stopIfIdle(_ now: UInt64) {
        guard let process, !process.ending.hasBegun, shard.isIdle, let idleTimeout = shard.idleTimeout else { return }
        if idleSince.addingSaturated(idleTimeout) <= now { ask(process, now) }
    }

    func deadline(now: UInt64) -> UInt64 {
        var earliest = min(shard.flight.deadline, patience.deadline)
        if let process {
            let opening = trial.opening(launchedAt: process.launchedAt, after: now)
            earliest = min(earliest, process.ending.deadline, startDeadline, opening)
            if !process.ending.hasBegun, shard.isIdle, let idleTimeout = shard.idleTimeout {
                earliest = min(earliest, idleSince.addingSaturated(idleTimeout))
            }
        } else if shard.isServing, shard.backoff.blocks(at: now), !shard.isIdle {
            earliest = min(earliest, shard.backoff.until)
        }
        return mayLaunch(now) || room(now) > 0 ? min(earliest, shard.queue.nextDue ?? .max) : earliest
    }

    // MARK: the end

    /// The process can't be used any more, by its own doing: it gets time to end by itself.
    private func giveUp(_ failure: Failure, _ now: UInt64) {
        guard let process, !process.ending.hasBegun else { return }
        shard.troubles.show(shard.service.usesFrames ? .closedSocket : failure)
        end(process, .asked, now: now, grace: grace)
    }

    private func end(_ failure: Failure, _ now: UInt64) {
        guard let process, !process.ending.isForced else { return }
        conduct.end(failure)
        // A start that failed is told when it is over.
        if conduct.hasAnswered || failure == .mute { shard.troubles.set(failure) }
        end(process, .terminated, now: now, grace: grace)
    }

    func takeOver(_ service: Settings.Service) -> Bool {
        guard service.runs(as: shard.service) else { return false }
        shard.define(service)
        return true
    }

    func finish() { shard.finish() }

    /// Everything that the process held is answered or has timed out: nothing more will come.
    private func finishIfDone(_ now: UInt64) {
        guard shard.stage == .finishing, shard.flight.isEmpty, let process, !process.ending.hasBegun else { return }
        ask(process, now)
    }

    /// There is nothing more for it, and nothing that it owes: it is to go by itself.
    private func ask(_ process: ServiceProcess, _ now: UInt64) {
        conduct.end()
        end(process, .asked, now: now, grace: grace)
    }

    func end(_ step: ProcessEnding.Step, now: UInt64, grace: UInt64) {
        shard.end()
        conduct.end()
        if let process { end(process, step, now: now, grace: grace) }
    }

    private func end(_ process: ServiceProcess, _ step: ProcessEnding.Step, now: UInt64, grace: UInt64) {
        if !process.ending.hasBegun, let input = process.inputRaw {
            framing.appendFinish(grace: step == .asked ? grace : 0)
            // What does not fit now would come too late.
            _ = framing.flush(to: input)
        }
        process.end(step, now: now, grace: grace)
    }

    private func reap(_ now: UInt64) {
        guard let process else { return }
        // What it said before it died counts.
        if let output = process.outputRaw,
            framing.read(from: output, atMost: Self.fullPipe, now: now, { take($0, $1, now) }) == .unreadable
        {
            conduct.end(.unreadable)
        }
        guard let status = process.reap() else { return }
        self.process = nil
        let failure = conduct.startFailure(
            status, isYoung: now &- process.launchedAt < shard.context.graces.start, isUp: framing.credit != nil)
        let meaning = trial.end(failure, held: shard.queue.inFlight)
        switch meaning {
        case .launchFailed(let failure): shard.launchFailed(failure, now: now)
        case .failedAlone: shard.launchLater(now)
        case .unclear: shard.troubles.set(conduct.verdict ?? .ended(status))
        case .failed: break
        }
        let cause = meaning.cause(status, verdict: conduct.verdict)
        // A shard that is let go leaves its entries to a successor, who repeats the deliveries.
        while !shard.isEnding, let index = shard.flight.first {
            if let cause { shard.fail(index, cause, now: now) } else { shard.putBack(index, wasHandedOut: true) }
        }
    }

    func showStatus(now: UInt64) {
        shard.show(running: running, isStarting: !conduct.hasSpoken, now: now)
    }
}
