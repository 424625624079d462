// SPDX-License-Identifier: Apache-2.0
/// Serves a shard of a `stream` service: one resident process, started at the first message, fed through a window,
/// stopped when it has had nothing to do for `idle-timeout`; and, for a restart, a next one that takes over from it.
///
/// Worker drives it; Shard keeps the books, a framing speaks with each process. How one follows another is in
/// StreamRunner+Replacing, how they end in StreamRunner+Ending.
/// Invariant: what is in the shard's flight is held by the process within whose times it was handed out, and only
/// `seat` is fed.

import LinuxIO
import Ring
import Settings

final class StreamRunner: ServiceRunner {
    /// Bytes of answers that are read at once: as much as a pipe usually holds.
    private static let turn = 65_536

    let shard: Shard
    private let runner: Int
    private let launcher: ServiceLauncher
    let grace: UInt64

    /// The process that is fed.
    var seat: StreamSeat?
    /// One that starts, to take over from it. Never beside `last`.
    var next: StreamSeat?
    /// The one before it, which answers what it holds, and ends.
    var last: StreamSeat?
    /// The request to restart that one of these two is there for.
    var replacing: UInt64 = 0
    var trial: ProcessTrial
    var patience = AnswerPatience()

    /// - Parameter place: its place in the worker, which its events carry.
    init(_ shard: Shard, place: Int) throws(SystemCallError) {
        self.shard = shard
        runner = place
        launcher = try ServiceLauncher(shard.service, shard.context)
        grace = shard.context.graces.ending
        // A process that speaks frames says itself when it is up.
        trial = ProcessTrial(hold: shard.service.usesFrames ? 0 : shard.context.graces.proving)
    }

    var running: Int { (seat == nil ? 0 : 1) + (next == nil ? 0 : 1) + (last == nil ? 0 : 1) }

    private func mayLaunch(_ now: UInt64) -> Bool {
        seat == nil && next == nil && shard.isServing && !shard.backoff.blocks(at: now)
    }

    /// How many messages may be handed to its process.
    private func room(_ now: UInt64) -> Int {
        guard shard.isServing, let seat, !seat.isEnding, !seat.framing.isFull, !waitsForLast else { return 0 }
        let window = min(shard.window, seat.framing.credit ?? 0)
        return max(0, trial.most(of: window, launchedAt: seat.process.launchedAt, now: now) - held)
    }

    /// Deliveries that the process that is fed holds.
    var held: Int { shard.queue.inFlight - (last.map { shard.flight.entries($0.times).count } ?? 0) }

    // MARK: work

    func work(now: UInt64, head: UInt64) {
        seat?.process.advanceEnding(now: now, grace: grace)
        expire(now)
        replace(now)
        if mayLaunch(now), shard.hasWork(now: now, head: head) { launch(now) }
        if let seat {
            while fill(seat, now: now, head: head) { flush(seat, now) }
            // Behind the messages, which somebody waits for.
            if patience.looks(now: now) { readAnswers(of: seat, now) }
        }
        finishIfDone(now)
        stopIfIdle(now)
        patience.expire(now: now)
        seat?.process.wakeForAnswers(!patience.isPatient)
    }

    /// Encodes what may be handed out now.
    /// - Returns: false if nothing was.
    private func fill(_ seat: StreamSeat, now: UInt64, head: UInt64) -> Bool {
        let heldNone = held == 0
        guard seat.framing.handOut(atMost: room(now), now: now, head: head) > 0 else { return false }
        if heldNone { seat.lastProgress = now }
        seat.idleSince = now
        patience.handedOut(now: now, inFlight: held, window: min(shard.window, seat.framing.credit ?? 0))
        return true
    }

    /// Writes as much of what is encoded as the process takes.
    private func flush(_ seat: StreamSeat, _ now: UInt64) {
        guard let input = seat.process.inputRaw else { return }
        switch seat.framing.flush(to: input) {
        case .done: FaultPoint.reach(.handedOut)
        case .wouldBlock:
            if (try? seat.process.watchInput(runner: runner, place: seat.place)) == nil {
                giveUp(seat, .closedInput, now)
            }
        case .closed: giveUp(seat, .closedInput, now)
        }
    }

    // MARK: launching

    private func launch(_ now: UInt64) {
        do throws(LaunchFailure) {
            feed(try start(now), now)
        } catch {
            shard.launchFailed(.launch(error.words), now: now)
        }
    }

    /// Starts a process, with a framing of its own.
    func start(_ now: UInt64) throws(LaunchFailure) -> StreamSeat {
        let decided = Clock.monotonic()
        let place = seat?.place == 0 || last?.place == 0 ? 1 : 0
        let process = try launcher.launch(on: shard.context.loop, now: now)
        do throws(SystemCallError) {
            try process.watch(runner: runner, place: place)
        } catch {
            process.discard()
            throw LaunchFailure(words: "\(error)")
        }
        shard.launched(took: Clock.monotonic() &- decided)
        let begin = last.map { $0.times.upperBound + 1 } ?? 0
        let framing: any StreamFraming = shard.service.usesFrames ? FramesFraming(shard) : LinesFraming(shard)
        return StreamSeat(process, framing, place: place, times: begin...UInt64.max)
    }

    /// It is the one that is fed from now on.
    func feed(_ new: StreamSeat, _ now: UInt64) {
        seat = new
        new.idleSince = now
        patience = AnswerPatience()
        shard.troubles.clearAnswers()
        shard.troubles.setClosed(new.framing.credit == 0)
    }

    // MARK: events

    func handle(_ kind: Token.Kind, place: Int, now: UInt64) {
        guard let seat = occupant(of: place) else { return }
        switch kind {
        case .input:
            seat.framing.unblock()
            flush(seat, now)
        case .output: readAnswers(of: seat, now)
        case .process: reap(seat, now)
        case .bell, .channel, .keeper: break
        }
    }

    private func occupant(of place: Int) -> StreamSeat? {
        if let seat, seat.place == place { return seat }
        if let next, next.place == place { return next }
        return last?.place == place ? last : nil
    }

    private func readAnswers(of seat: StreamSeat, _ now: UInt64) {
        guard let output = seat.process.outputRaw else { return }
        switch seat.framing.read(from: output, atMost: Self.turn, now: now, { take($0, $1, from: seat, now) }) {
        case .moreLater: break
        case .closed:
            seat.process.closeOutput()
            // Without answers it is of no use. Most often it is about to end by itself.
            giveUp(seat, .closedOutput, now)
        case .unreadable:
            seat.process.closeOutput()
            end(seat, .unreadable, now)
        }
    }

    func take(_ answer: StreamAnswer, _ bytes: Span<UInt8>, from seat: StreamSeat, _ now: UInt64) {
        switch answer {
        case .delivered:
            progress(seat, now)
            shard.succeed()
        case .dead(let index, let reason):
            progress(seat, now)
            shard.reject(index, .rejected(StreamAnswer.words(bytes, reason)), now: now)
        case .retry(let index, let reason):
            progress(seat, now)
            // One that has timed out with the process before is on its way again, with another.
            guard seat.times.contains(shard.flight.begun(index)) else { return }
            fail(index, .refused(StreamAnswer.words(bytes, reason)), now)
        case .credit:
            seat.conduct.speak()
            if seat === self.seat { shard.troubles.setClosed(seat.framing.credit == 0) }
        case .garbage: shard.troubles.countGarbage(StreamAnswer.words(bytes, bytes.indices))
        case .foreign: shard.troubles.countForeign()
        }
    }

    private func progress(_ seat: StreamSeat, _ now: UInt64) {
        seat.lastProgress = now
        seat.idleSince = now
        // What the one before it answers says nothing of the one that is fed.
        if seat === self.seat { trial.pass() }
        guard !seat.conduct.hasAnswered else { return }
        seat.conduct.answer()
        shard.backoff.succeed()
    }

    /// A message that is given up gets no answer any more, not even a late one: its letter is on its way.
    private func fail(_ index: Int, _ failure: Failure, _ now: UInt64) {
        shard.fail(index, failure, now: now)
        guard shard.queue.isBuried(index) else { return }
        seat?.framing.forget(index)
        last?.framing.forget(index)
    }

    // MARK: time-outs

    private func expire(_ now: UInt64) {
        if let seat, startDeadline(of: seat) <= now { end(seat, .neverUp, now) }
        guard shard.flight.deadline <= now else { return }
        if let last { endIfMute(last, held: shard.queue.inFlight - held, now) }
        if let seat { endIfMute(seat, held: held, now) }
        while shard.flight.deadline <= now, let index = shard.flight.first { fail(index, .timedOut, now) }
    }

    /// It has answered nothing for a whole time-out: none of what it holds may ever be answered.
    private func endIfMute(_ seat: StreamSeat, held: Int, _ now: UInt64) {
        guard held > 0, seat.lastProgress.addingSaturated(shard.ackTimeout) <= now else { return }
        end(seat, .mute, now)
        if trial.end(nil, held: held) == .unclear { putBack(seat, because: nil, now) }
    }

    /// Until when a process has to say that it is up, if it has to.
    func startDeadline(of seat: StreamSeat) -> UInt64 {
        guard !seat.isEnding, seat.framing.credit == nil else { return .max }
        return seat.process.launchedAt.addingSaturated(max(shard.ackTimeout, shard.context.graces.start))
    }

    private func stopIfIdle(_ now: UInt64) {
        guard let seat, !seat.isEnding, shard.isIdle, let idleTimeout = shard.idleTimeout else { return }
        if seat.idleSince.addingSaturated(idleTimeout) <= now { ask(seat, now) }
    }

    func deadline(now: UInt64) -> UInt64 {
        var earliest = min(shard.flight.deadline, patience.deadline, replacingDeadline)
        if let seat {
            let opening = trial.opening(launchedAt: seat.process.launchedAt, after: now)
            earliest = min(earliest, seat.process.ending.deadline, startDeadline(of: seat), opening)
            if !seat.isEnding, shard.isIdle, let idleTimeout = shard.idleTimeout {
                earliest = min(earliest, seat.idleSince.addingSaturated(idleTimeout))
            }
        } else if shard.isServing, shard.backoff.blocks(at: now), !shard.isIdle {
            earliest = min(earliest, shard.backoff.until)
        }
        return mayLaunch(now) || room(now) > 0 ? min(earliest, shard.queue.nextDue ?? .max) : earliest
    }

    func showStatus(now: UInt64) {
        shard.show(running: running, isStarting: seat.map { !$0.conduct.hasSpoken } ?? true, now: now)
    }
}
