// SPDX-License-Identifier: Apache-2.0
/// Signals, and the end that some of them ask for.
///
/// Part of the Supervisor; called by its loop, and for `drain` on the control socket.
/// Invariant: only a supervisor that acts, with nobody of another generation about, begins to end; before that it puts an
/// end to whatever is under way between the two.

internal import Control
internal import HotRestart
internal import LinuxIO
internal import Logging

extension Supervisor {
    func takeSignals() {
        while let signal = signals.next() {
            switch signal {
            case Signal.child: reap()
            case Signal.interrupt: askForEnd("SIGINT", by: "SIGINT")
            case Signal.hangup: ask(ChangeRequest(.reload, by: "SIGHUP"))
            case Signal.user2: ask(ChangeRequest(.restart, by: "SIGUSR2"))
            default: askForEnd("SIGTERM", by: "SIGTERM")
            }
        }
    }

    /// Asks for the end: the first time in good order, then at once.
    /// - Parameters: `why`: for the log. `who`: the signal, or the process that asks.
    func askForEnd(_ why: String, by who: String) {
        if let handOver { return askForEnd(why, by: who, in: handOver) }
        if let takeOver { return askForEnd(why, by: who, in: takeOver) }
        if let attempt, attempt.isPassing {
            // Half of it is done already.
            attempt.isPassing = false
            tellUpdate(.failed("belfryd was asked to end"))
        } else if plan.isDraining {
            log.notice("\(why) again: ending at once")
            apply(.endAsked)
        } else {
            log.notice(
                "\(why): taking nothing more, finishing within \(HumanText.setting(settings.shutdown.grace.nanoseconds))"
            )
            tellOfPaused()
            audit(who, "drain")
            keepLedger()
            Readiness.notify(.stopping, .status("finishing what is there"))
            apply(.drainAsked)
        }
    }

    /// The successor is got rid of first. Behind the commit it is asked itself, as the main process or one of the group.
    private func askForEnd(_ why: String, by who: String, in handOver: HandOver) {
        guard !handOver.plan.isCommitted else { return }
        handOver.endAsked = (why, who)
        tellHandOver(.abandon("belfryd was asked to end"))
    }

    /// Who is not the service yet leaves it to the predecessor. Else the former workers end first, at once: what they have in
    /// flight is stored with the rest.
    private func askForEnd(_ why: String, by who: String, in takeOver: TakeOver) {
        guard takeOver.plan.isCommitted else { return }
        if takeOver.endAsked != nil {
            for former in takeOver.former where !former.hasEnded { former.process.process.send(Signal.kill) }
        }
        takeOver.endAsked = (why, who)
        takeOver.drainDeadline = 0
        goOnTakingOver()
    }
}
