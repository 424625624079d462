// SPDX-License-Identifier: Apache-2.0
/// The roles of a predecessor that have gone over to us: heard, watched, and seen off one by one.
///
/// Part of the Supervisor, behind Supervisor+TakeOver.
/// Invariant: what a former role said before its end is heard before its end is; a former worker is told to stop when it has
/// no shard any more, or its time is over.

internal import Control
internal import LinuxIO
internal import Logging
internal import Reactor

extension Supervisor {
    /// How long a former worker that was told to stop may take over it. Nanoseconds.
    private static let stopLimit: UInt64 = 2_000_000_000

    func hearFormer(_ index: Int) {
        guard let takeOver, takeOver.former.indices.contains(index) else { return }
        let former = takeOver.former[index]
        while true {
            switch former.process.channel.receive() {
            case .message(let message): hear(message, from: former)
            case .wouldBlock: return
            // Nothing of it is for us.
            case .passed: continue
            case .malformed: continue
            // Its death, which its pidfd tells, is what counts.
            case .closed: return unwatch(former.process)
            case .failed: return unwatch(former.process)
            }
        }
    }

    private func hear(_ message: RoleMessage, from former: FormerRole) {
        switch message {
        case .resolved: lookAtRetiring()
        case .keeperWanted: keeper.wanting.insert(former.role)
        case .incident(let incident): note(incident, from: "\(former.role)")
        case .tight where former.role == .acceptor: apply(.wanted(.committer))
        case .drained, .handedOver: former.isEnding = true
        default: break
        }
    }

    func buryFormer(_ index: Int) {
        guard let takeOver, takeOver.former.indices.contains(index) else { return }
        let former = takeOver.former[index]
        hearFormer(index)
        unwatch(former.process)
        if let watch = former.endWatch { loop.unwatch(watch) }
        former.endWatch = nil
        former.end()
        keeper.wanting.remove(former.role)
        // Nobody is left who could kill what a worker has left behind, or tell us that nothing is.
        hearPredecessor()
        if takeOver.watch == nil { former.clear() }
        if !former.isEnding { tellTakeOver(.formerDied(former.role)) }
        replace(former)
    }

    private func replace(_ former: FormerRole) {
        guard acts else { return }
        ringEveryBell()
        switch former.role {
        case .acceptor: break
        case .committer:
            // It may have been in the middle of something.
            apply(.wanted(.committer))
            startCommitter()
            lookWhetherAllReady()
        case .worker: share()
        }
    }

    /// Once a round.
    func goOnTakingOver() {
        guard let takeOver else { return }
        if takeOver.plan.stage == .alone { return lookAtFence() }
        guard acts else { return }
        takeOver.forgetKeeper()
        guard takeOver.plan.isCommitted else { return lookAtAcceptor(takeOver) }
        if takeOver.watch == nil { for former in takeOver.former where former.hasEnded { former.clear() } }
        endFormerWorkers(takeOver)
        guard takeOver.former.allSatisfy(\.isGone), !takeOver.hasKeeper else { return lookAgain() }
        share()
        if let watch = takeOver.watch { loop.unwatch(watch) }
        self.takeOver = nil
        log.info("nothing is left of the former belfryd")
        goOnChanging()
        if let end = takeOver.endAsked { askForEnd(end.why, by: end.who) }
    }

    /// Who has no shard any more may go; who still has one when the time is over must.
    private func endFormerWorkers(_ takeOver: TakeOver) {
        let now = Clock.monotonic()
        let isOver = now >= takeOver.drainDeadline
        for former in takeOver.former where !former.hasEnded {
            if !former.isEnding, isOver || !leases.isHolding(former.role.worker ?? -1) {
                former.isEnding = true
                send(.stop, to: former.process, of: former.role)
            }
            if isOver, now >= takeOver.drainDeadline &+ Self.stopLimit { former.process.process.send(Signal.kill) }
        }
    }

    func lookAtFence() {
        if (try? folder.isFenceFree()) ?? false { tellTakeOver(.fenceFree) } else { lookAgain() }
    }
}
