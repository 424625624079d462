// SPDX-License-Identifier: Apache-2.0
/// How the processes of a stream service's shard come to their end: by their own fault, asked gently, or because the shard
/// is given up; and what becomes of what they held.
///
/// Part of StreamRunner.
/// Invariant: what a process held is failed or put back when it is reaped, and what another one holds is not.

import LinuxIO
import Settings

extension StreamRunner {
    /// The most that any pipe holds, unless root has made it larger.
    private static let fullPipe = 1 << 20

    /// The process can't be used any more, by its own doing: it gets time to end by itself.
    func giveUp(_ seat: StreamSeat, _ failure: Failure, _ now: UInt64) {
        guard !seat.isEnding else { return }
        if seat === self.seat { shard.troubles.show(shard.service.usesFrames ? .closedSocket : failure) }
        end(seat, .asked, now: now, grace: grace)
    }

    func end(_ seat: StreamSeat, _ failure: Failure, _ now: UInt64) {
        guard !seat.process.ending.isForced else { return }
        seat.conduct.end(failure)
        // A start that failed is told when it is over.
        if seat.conduct.hasAnswered || failure == .mute { shard.troubles.set(failure) }
        end(seat, .terminated, now: now, grace: grace)
    }

    func takeOver(_ service: Settings.Service) -> Bool {
        guard service.runs(as: shard.service) else { return false }
        shard.define(service)
        return true
    }

    func finish() { shard.finish() }

    /// Everything that the processes held is answered or has timed out: nothing more will come.
    func finishIfDone(_ now: UInt64) {
        guard shard.stage == .finishing, shard.flight.isEmpty else { return }
        for seat in [seat, last] { if let seat, !seat.isEnding { ask(seat, now) } }
    }

    /// There is nothing more for it, and nothing that it owes: it is to go by itself.
    func ask(_ seat: StreamSeat, _ now: UInt64) {
        seat.conduct.end()
        end(seat, .asked, now: now, grace: grace)
    }

    func end(_ step: ProcessEnding.Step, now: UInt64, grace: UInt64) {
        shard.end()
        for seat in [seat, next, last] {
            guard let seat else { continue }
            seat.conduct.end()
            end(seat, step, now: now, grace: grace)
        }
    }

    private func end(_ seat: StreamSeat, _ step: ProcessEnding.Step, now: UInt64, grace: UInt64) {
        if !seat.isEnding, let input = seat.process.inputRaw {
            seat.framing.appendFinish(grace: step == .asked ? grace : 0)
            // What does not fit now would come too late.
            _ = seat.framing.flush(to: input)
        }
        seat.process.end(step, now: now, grace: grace)
    }

    func reap(_ seat: StreamSeat, _ now: UInt64) {
        // What it said before it died counts.
        if let output = seat.process.outputRaw,
            seat.framing.read(from: output, atMost: Self.fullPipe, now: now, { take($0, $1, from: seat, now) })
                == .unreadable
        {
            seat.conduct.end(.unreadable)
        }
        guard let status = seat.process.reap() else { return }
        if seat === next { return nextHasEnded(seat, status) }
        if seat === last { return lastHasEnded(seat, status, now) }
        self.seat = nil
        let failure = seat.conduct.startFailure(
            status, isYoung: now &- seat.process.launchedAt < shard.context.graces.start,
            isUp: seat.framing.credit != nil)
        let meaning = trial.end(failure, held: held)
        switch meaning {
        case .launchFailed(let failure): shard.launchFailed(failure, now: now)
        case .failedAlone: shard.launchLater(now)
        case .unclear: shard.troubles.set(seat.conduct.verdict ?? .ended(status))
        case .failed: break
        }
        leave(seat, because: meaning.cause(status, verdict: seat.conduct.verdict), now)
    }

    /// What a process that has ended still held is tried again, but of a shard that is let go: its entries are left to a
    /// successor, who repeats the deliveries.
    func leave(_ seat: StreamSeat, because cause: Failure?, _ now: UInt64) {
        if !shard.isEnding { putBack(seat, because: cause, now) }
    }

    /// - Parameter cause: why the attempts have failed; nil: none has.
    func putBack(_ seat: StreamSeat, because cause: Failure?, _ now: UInt64) {
        for index in shard.flight.entries(seat.times) {
            if let cause { shard.fail(index, cause, now: now) } else { shard.putBack(index, wasHandedOut: true) }
        }
    }
}
