// SPDX-License-Identifier: Apache-2.0
/// How another supervisor takes over from this one: it is started, given everything, watched, and either committed or undone.
///
/// Part of the Supervisor. What is to be done is decided by HandOverPlan; the other side is Supervisor+TakeOver;
/// docs/upgrade.md has the whole.
/// Invariant: every descriptor that the successor has is a duplicate, and none of ours is closed before the commit: undone
/// means that we go on with what we have.

internal import Control
internal import HotRestart
internal import LinuxIO
internal import Logging
internal import Reactor
internal import Wire

extension Supervisor {
    /// Whether we may touch roles and ring: nobody else does.
    var acts: Bool { passage == nil && !(handOver?.plan.hasGiven ?? false) && takeOver?.plan.acts ?? true }

    /// Whether two supervisors have to agree on what there is, so that nothing of it may change.
    var isFrozen: Bool { handOver != nil || !(takeOver?.plan.isCommitted ?? true) }

    /// Why nothing may be changed now; nil if it may.
    var refusal: ControlFault? {
        guard isFrozen else { return nil }
        return ControlFault(
            "a new belfryd is taking over, and nothing is changed until that is decided; ask again in a moment")
    }

    /// Whether nothing is left of an earlier generation.
    var isWhole: Bool { takeOver == nil }

    // MARK: the beginning

    /// - Parameters: `image`: the executable, open. `arguments`: none for those that we have. `probation`: ns.
    func beginHandOver(_ image: CInt, _ arguments: [String] = [], probation: UInt64 = 0) {
        do {
            let now = Clock.monotonic()
            let state = try stateFile()
            let words = ["belfryd"] + (arguments.isEmpty ? ["--config", file] : arguments)
            let started = try launcher(state).launch(image, words)
            let limits = HandOverPlan.Limits(
                patience: Self.patience(settings), probation: probation,
                drain: settings.update.drainTimeout?.nanoseconds ?? .max)
            let handOver = HandOver(started, HandOverPlan(limits, at: now), at: now)
            self.handOver = handOver
            handOver.watch = try loop.watch(handOver.channel.raw, Subject(kind: Kind.handOver), .readable)
            handOver.endWatch = try loop.watch(handOver.process.raw, Subject(kind: Kind.successor), .readable)
            log.notice("a new belfryd (pid \(handOver.process.pid)) was started, which is to take over")
            refuseWaiting()
        } catch {
            // Half started is not started: it ends with its channel.
            handOver = nil
            tellUpdate(.failed("the new belfryd could not be started: \(DescriptorShortage.telling(error))"))
        }
    }

    // MARK: what the successor says

    func hearSuccessor() {
        guard let handOver else { return }
        while true {
            switch handOver.channel.receive() {
            case .message(let message): hear(message, handOver)
            case .passed(.launched(let party), let descriptor):
                handOver.launched.append(.init(party, descriptor))
            case .passed: return tellHandOver(.failed("the new belfryd speaks another language"))
            case .malformed: return tellHandOver(.failed("the new belfryd speaks another language"))
            case .wouldBlock: return
            // Its death, which the pidfd tells, is what counts.
            case .closed:
                if let watch = handOver.watch { loop.unwatch(watch) }
                handOver.watch = nil
                return
            }
        }
    }

    private func hear(_ message: HandOverMessage, _ handOver: HandOver) {
        switch message {
        case .prepared:
            tellStep("prepared", handOver)
            tellHandOver(.prepared)
        case .tookOver(let connections):
            handOver.connections = connections
            tellStep("taken over", handOver, "\(connections) connections")
        case .serving:
            tellUpdate(.serving(connections: handOver.connections))
            tellHandOver(.serving)
        case .failed(let words): tellHandOver(.failed("the new belfryd can't take over: \(words)"))
        default: tellHandOver(.failed("the new belfryd speaks another language"))
        }
    }

    func tellHandOver(_ event: HandOverPlan.Event) {
        guard let handOver else { return }
        // What it had started is known only when all that it has said was heard.
        if event == .ended { endOfSuccessor(handOver) }
        for effect in handOver.plan.handle(event, at: Clock.monotonic()) { perform(effect, handOver) }
    }

    private func endOfSuccessor(_ handOver: HandOver) {
        if let watch = handOver.endWatch { loop.unwatch(watch) }
        handOver.endWatch = nil
        hearSuccessor()
    }

    /// Once a round.
    func goOnHandingOver() {
        guard let handOver else { return }
        tellHandOver(.tick)
        switch handOver.plan.stage {
        case .settling: if isSettled { tellHandOver(.settled) } else { lookAgain() }
        case .undoing:
            guard handOver.process.hasEnded() else { return }
            tellHandOver(.ended)
            if handOver.launched.allSatisfy({ $0.isBuried() }) { tellHandOver(.buried) } else { lookAgain() }
        case .committed:
            if isChildless, !control.hasUnsent { tellHandOver(.childless) } else if !clearing.isEmpty { lookAgain() }
        case .preparing, .replacing, .probation, .over: break
        }
    }

    /// Comes back in a moment, for what can't tell by itself.
    func lookAgain() {
        guard !isGlancing else { return }
        isGlancing = true
        _ = loop.schedule(Subject(kind: Kind.glance), at: Clock.monotonic() &+ Self.glance)
    }

    /// All roles work, and nobody waits for something that only we know of.
    private var isSettled: Bool {
        let areWell = desks.allSatisfy { desk in
            switch plan[desk.role].phase {
            case .ready, .resting: true
            case .down, .starting, .drained, .clearing, .backingOff, .gone: false
            }
        }
        return areWell && keeper.questions.isEmpty && clearing.isEmpty
    }

    private var isChildless: Bool {
        desks.allSatisfy { $0.process == nil } && keeper.process == nil && clearing.isEmpty
    }

    // MARK: what is decided

    private func perform(_ effect: HandOverPlan.Effect, _ handOver: HandOver) {
        switch effect {
        case .give: give(handOver)
        case .commit: commit(handOver)
        case .kill:
            log.error("the new belfryd (pid \(handOver.process.pid)) is ended")
            handOver.process.send(Signal.kill)
        case .takeBack(let reason): takeBack(handOver, reason)
        case .endChildren:
            for desk in desks { desk.process?.process.send(Signal.kill) }
            keeper.process?.process.send(Signal.kill)
        case .leave: isOver = true
        }
    }

    /// From here on we look on. What the roles have said and we have not read goes over with their channels.
    private func give(_ handOver: HandOver) {
        do {
            let state = try stateFile()
            for desk in desks { if let process = desk.process { unwatch(process) } }
            try control.listen(false, loop)
            _ = keeper.process?.channel.send(.stop)
            closeNotes()
            var isSent = handOver.channel.send(.state, passing: state.raw)
            for desk in desks {
                guard let process = desk.process else { continue }
                let party = HandOverMessage.Party(desk.role, pid: process.pid)
                isSent = isSent && handOver.channel.send(.process(party), passing: process.process.raw)
                isSent = isSent && handOver.channel.send(.channel(desk.role), passing: process.channel.raw)
            }
            if let process = keeper.process {
                let party = HandOverMessage.Party(nil, pid: process.pid)
                isSent = isSent && handOver.channel.send(.process(party), passing: process.process.raw)
            }
            FaultPoint.reach(.rolesGiven)
            guard isSent, handOver.channel.send(.yours) else {
                return tellHandOver(.failed("the new belfryd does not listen"))
            }
            tellStep("frozen", handOver)
        } catch {
            tellHandOver(.failed("the roles could not be handed over: \(error)"))
        }
    }

    /// It is the service. The service manager must know before we end, or it would take our end for the service's.
    private func commit(_ handOver: HandOver) {
        if Readiness.notify(.mainPID(handOver.process.pid)) { _ = Readiness.barrier(within: .seconds(5)) }
        FaultPoint.reach(.mainPIDTold)
        tellUpdate(.committed)
        _ = handOver.channel.send(.commit)
        control.giveUp(loop)
        log.notice("the new belfryd (pid \(handOver.process.pid)) serves; this one ends with its last worker")
        for death in handOver.deaths { forget(death.pid) }
    }

    /// A child of ours has ended while another one acts.
    func keepDeath(_ pid: CInt, _ status: ExitStatus) {
        guard let handOver else { return }
        if let index = desks.first(where: { $0.process?.pid == pid })?.role.worker { clearing[index] = pid }
        if handOver.plan.isCommitted { forget(pid) } else { handOver.deaths.append((pid, status)) }
    }

    /// What was told to end by the one who acts is no loss.
    private func forget(_ pid: CInt) {
        if keeper.process?.pid == pid { keeper.process = nil }
        desks.first { $0.process?.pid == pid }?.process = nil
    }

    /// Nothing is left of what a worker of ours had started, which the one who acts waits for.
    func tellCleared(_ worker: Int) { _ = handOver?.channel.send(.cleared(worker: worker)) }

    /// The successor and all that it had started are dead: what it had not undone itself is as after deaths.
    private func takeBack(_ handOver: HandOver, _ reason: String) {
        for watch in [handOver.watch, handOver.endWatch] { if let watch { loop.unwatch(watch) } }
        self.handOver = nil
        log.error("\(reason); this belfryd (pid \(CurrentProcess.pid)) goes on")
        do {
            try control.listen(true, loop)
            for desk in desks {
                if let process = desk.process, process.watch == nil { try watchChannel(of: desk, process) }
            }
        } catch {
            log.critical("belfryd can't go on: \(error)")
            exitStatus = 1
            return askForEnd("belfryd can't go on", by: "belfryd")
        }
        grantsVersion = regions.ledger.control.grantsVersion
        leases = LeaseTable(shards: regions.table.openShards, version: grantsVersion) { [regions] in
            regions.ledger.control.holder(slot: $0.slot, shard: $0.shard)
        }
        watchdog = Watchdog(roles: desks.count, limit: settings.workers.stuckAfter.nanoseconds)
        keeper.isDue = keeper.isDue || File.exists(keeper.folder + "/store.sqlite")
        for death in handOver.deaths { bury(death.pid, death.status) }
        // The acceptor may have asked the one who has failed, and does not ask again.
        apply(.wanted(.committer))
        share()
        ringEveryBell()
        tellUpdate(.failed(reason))
        if let end = handOver.endAsked { askForEnd(end.why, by: end.who) }
    }

    // MARK: telling

    private func tellStep(_ step: String, _ handOver: HandOver, _ detail: String? = nil) {
        let now = Clock.monotonic()
        let time = now - min(now, handOver.since)
        handOver.since = now
        log.info("\(step)\(detail.map { ", \($0)" } ?? "") (\(HumanText.latency(time)))")
    }
}
