// SPDX-License-Identifier: Apache-2.0
/// A restart of a stream service's shard: the next process starts beside the one that serves, and takes over once it is
/// up; the old one answers what it holds, and is asked to end.
///
/// Part of StreamRunner; ReplacementStep decides what comes when.
/// Invariant: each request is answered in the shard's block, once, and only when one process is left. What is ordered is
/// not handed to the next process as long as an answer of the last one is to come.

import LinuxIO
import Ring

extension StreamRunner {
    /// Once a round.
    func replace(_ now: UInt64) {
        let asked = shard.restartAsked
        // Hardly ever is there anything to be done.
        guard asked != shard.restartAnswered || next != nil || last != nil else { return }
        next?.process.advanceEnding(now: now, grace: grace)
        last?.process.advanceEnding(now: now, grace: grace)
        if let next, startDeadline(of: next) <= now { end(next, .neverUp, now) }
        let step = ReplacementStep(
            isServing: shard.stage == .serving, isAsked: asked != shard.restartAnswered,
            present: seat.map { $0.isEnding ? .ending : .running } ?? .absent,
            next: next.map { $0.isEnding ? .ending : isUp($0, now) ? .up : .starting },
            last: last.map { $0.isEnding ? .ending : holds($0) ? .holding : .done })
        perform(step, asked, now)
    }

    private func perform(_ step: ReplacementStep, _ asked: UInt64, _ now: UInt64) {
        switch step {
        case .nothing: break
        case .answerIdle:
            // What was mended is tried at once.
            shard.backoff.succeed()
            shard.answerRestart(asked, .idle)
        case .launchNext: launchNext(asked, now)
        case .dismissNext: if let next { ask(next, now) }
        case .takeOver: takeOver(now)
        case .dismissLast: if let last { ask(last, now) }
        }
    }

    /// When `replace` has something to do though nothing has happened.
    var replacingDeadline: UInt64 {
        guard let next else { return last?.process.ending.deadline ?? .max }
        guard !next.isEnding else { return next.process.ending.deadline }
        return shard.service.usesFrames ? startDeadline(of: next) : proved(next)
    }

    /// Whether what comes may not be handed out yet: it would overtake what the process before may still answer.
    var waitsForLast: Bool {
        guard let last, shard.queue.isOrdered else { return false }
        return holds(last) || last.conduct.verdict != nil
    }

    private func holds(_ seat: StreamSeat) -> Bool { !shard.flight.entries(seat.times).isEmpty }

    private func launchNext(_ asked: UInt64, _ now: UInt64) {
        do throws(LaunchFailure) {
            next = try start(now)
            replacing = asked
        } catch {
            shard.replacementFailed(.launch(error.words))
            shard.answerRestart(asked, .failed)
        }
    }

    private func isUp(_ next: StreamSeat, _ now: UInt64) -> Bool {
        shard.service.usesFrames ? next.framing.credit != nil : now >= proved(next)
    }

    /// A process that can't say that it is up is taken to be so once it has lived for a while.
    private func proved(_ next: StreamSeat) -> UInt64 {
        next.process.launchedAt.addingSaturated(shard.context.graces.proving)
    }

    private func takeOver(_ now: UInt64) {
        guard let next else { return }
        self.next = nil
        next.conduct.speak()
        last = seat
        if let last {
            last.process.wakeForAnswers(true)
            // A round's deliveries begin later than those of the round before.
            let end = max(last.times.lowerBound, shard.flight.newest)
            last.times = last.times.lowerBound...end
            next.times = end + 1...UInt64.max
        }
        feed(next, now)
        if last == nil { shard.answerRestart(replacing, .replaced) }
    }

    /// It has ended before it could take over.
    func nextHasEnded(_ next: StreamSeat, _ status: ExitStatus) {
        self.next = nil
        // A successor answers.
        guard shard.stage == .serving else { return }
        shard.replacementFailed(next.conduct.verdict ?? .diedAtStart(status))
        shard.answerRestart(replacing, .failed)
    }

    /// The one before has ended, in its time or not: what it still held is tried again.
    func lastHasEnded(_ last: StreamSeat, _ status: ExitStatus, _ now: UInt64) {
        self.last = nil
        let rest = shard.flight.entries(last.times)
        if !rest.isEmpty {
            let meaning = trial.end(nil, held: rest.count)
            if meaning == .unclear { shard.troubles.set(last.conduct.verdict ?? .ended(status)) }
            leave(last, because: meaning.cause(status, verdict: last.conduct.verdict), now)
        }
        shard.answerRestart(replacing, .replaced)
    }
}
