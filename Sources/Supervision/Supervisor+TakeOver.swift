// SPDX-License-Identifier: Apache-2.0
/// How this supervisor takes over from a predecessor: it waits until everything is its own, then replaces role by role, and
/// says so.
///
/// Part of the Supervisor. What is to be done is decided by TakeOverPlan; the other side is Supervisor+HandOver;
/// docs/upgrade.md has the whole.
/// Invariant: before the commit a failure of ours ends this process and with it our roles, of which the predecessor knows
/// each; behind it we are a supervisor like any other, which only has to see the former workers off.

internal import Control
internal import HotRestart
internal import LinuxIO
internal import Logging
internal import Reactor

extension Supervisor {
    /// How long senders may be kept waiting by an acceptor that takes over. Nanoseconds.
    private static let acceptorLimit: UInt64 = 3_000_000_000

    func beginTakingOver() throws {
        guard let takeOver else { return }
        notes.resume([], recent: takeOver.state.recent)
        paused = Set(takeOver.state.paused)
        keeper.restarts = takeOver.state.keeperRestarts
        takeOver.watch = try loop.watch(takeOver.channel.raw, Subject(kind: Kind.takeOver), .readable)
        FaultPoint.reach(.successorStarted)
        _ = takeOver.channel.send(.prepared)
        FaultPoint.reach(.successorPrepared)
    }

    // MARK: what the predecessor says

    func hearPredecessor() {
        guard let takeOver else { return }
        while true {
            switch takeOver.channel.receive() {
            case .message(let message): hear(message, takeOver)
            case .passed(let message, let descriptor):
                guard hear(message, descriptor, takeOver) else {
                    return tellTakeOver(.failed("the running belfryd speaks another language"))
                }
            case .malformed: return tellTakeOver(.failed("the running belfryd speaks another language"))
            case .wouldBlock: return
            case .closed:
                if let watch = takeOver.watch { loop.unwatch(watch) }
                takeOver.watch = nil
                return tellTakeOver(.predecessorDied)
            }
        }
    }

    private func hear(_ message: HandOverMessage, _ takeOver: TakeOver) {
        switch message {
        case .yours: tellTakeOver(.yours)
        case .commit: tellTakeOver(.commit)
        case .cleared(let worker):
            takeOver.former(.worker(worker))?.clear()
            share()
        default: tellTakeOver(.failed("the running belfryd speaks another language"))
        }
    }

    /// - Returns: false if it is nothing that a predecessor may say.
    private func hear(_ message: HandOverMessage, _ descriptor: consuming Descriptor, _ takeOver: TakeOver) -> Bool {
        switch message {
        case .state:
            guard let state = try? TakeOver.read(state: descriptor) else { return false }
            takeOver.state = state
        case .record: takeOver.record = (try? TakeOver.read(record: descriptor)) ?? takeOver.record
        case .process(let party): takeOver.arrives(party, descriptor)
        case .channel(let role): return takeOver.arrives(channelOf: role, descriptor, regions.version)
        default: return false
        }
        return true
    }

    func tellTakeOver(_ event: TakeOverPlan.Event) {
        guard let takeOver else { return }
        for effect in takeOver.plan.handle(event) { perform(effect, takeOver) }
    }

    // MARK: what is decided

    private func perform(_ effect: TakeOverPlan.Effect, _ takeOver: TakeOver) {
        switch effect {
        case .adopt: adopt(takeOver)
        case .watchFence: lookAtFence()
        case .beginAlone: beginAlone()
        case .handOverAcceptor: handOverAcceptor(takeOver)
        case .replaceCommitter: replaceCommitter(takeOver)
        case .saySo:
            FaultPoint.reach(.successorServing)
            _ = takeOver.channel.send(.serving)
        case .settle: settle(takeOver)
        case .replaceAcceptor:
            // It waits for one who is dead; the next one starts as after a death.
            if plan[.acceptor].phase != .ready { desks[Role.acceptor.place].process?.process.send(Signal.kill) }
        case .fail(let words):
            log.critical("this belfryd can't take over: \(words)")
            _ = takeOver.channel.send(.failed(words))
            exitStatus = 1
            isOver = true
        }
    }

    /// From here on we act, with the roles of the predecessor, and start our own.
    private func adopt(_ takeOver: TakeOver) {
        FaultPoint.reach(.successorAdopts)
        do {
            for (index, former) in takeOver.former.enumerated() {
                let process = former.process
                process.watch = try loop.watch(
                    process.channel.raw, Subject(kind: Kind.former, index: UInt32(index)), .readable)
                former.endWatch = try loop.watch(
                    process.process.raw, Subject(kind: Kind.formerEnd, index: UInt32(index)), .readable)
            }
            try control.listen(true, loop)
        } catch { return tellTakeOver(.failed("\(error)")) }
        adoptState(takeOver.state)
        // The predecessor has told it to end, and is there to reap it.
        takeOver.forgetKeeper()
        begin()
    }

    private func adoptState(_ state: HandOverState) {
        regions.adopt(state.account)
        drops = KernelDrops(first: state.dropsCounter, before: state.account.kernelDropped)
        notes.resume(state.notes, recent: state.recent)
        keeper.isDue = File.exists(keeper.folder + "/store.sqlite")
        grantsVersion = regions.ledger.control.grantsVersion
        question = regions.ledger.control.question
        leases = LeaseTable(shards: regions.table.openShards, version: grantsVersion) { [regions] in
            regions.ledger.control.holder(slot: $0.slot, shard: $0.shard)
        }
    }

    /// The predecessor died before it gave anything away, and everything of it is dead now.
    private func beginAlone() {
        guard let takeOver else { return }
        log.warning("the belfryd that was to hand over has died: this one (pid \(CurrentProcess.pid)) goes on")
        takeOver.former = []
        adoptState(takeOver.state)
        do {
            try control.listen(true, loop)
        } catch { return tellTakeOver(.failed("\(error)")) }
        // The log may have been left in the middle of a batch.
        regions.writer.beginEpoch()
        begin()
    }

    /// It may have nothing to do; then ours starts when it has.
    private func replaceCommitter(_ takeOver: TakeOver) {
        share()
        guard let former = takeOver.former(.committer), !former.hasEnded else { return startCommitter() }
        former.isEnding = true
        send(.stop, to: former.process, of: .committer)
    }

    /// A committer that had to wait for the former one's end.
    func startCommitter() {
        switch plan[.committer].phase {
        case .down: if mayLaunch(.committer) { launch(desks[Role.committer.place]) }
        case .resting: lookWhetherAllReady()
        case .starting, .ready, .drained, .clearing, .backingOff, .gone: break
        }
    }

    /// Whether a role may be started that the plan wants to have: the predecessor's must be gone first, where two would
    /// write to the same.
    func mayLaunch(_ role: Role) -> Bool {
        guard let takeOver else { return true }
        switch role {
        case .committer: return takeOver.plan.mayStore && takeOver.former(.committer).map(\.hasEnded) ?? true
        case .acceptor, .worker: return true
        }
    }

    /// Ours waits for it at the other end.
    private func handOverAcceptor(_ takeOver: TakeOver) {
        guard let former = takeOver.former(.acceptor), let raw = takeOver.acceptorsSocket?.raw else {
            return tellTakeOver(.failed("there is no acceptor to take over from"))
        }
        FaultPoint.reach(.successorAsksAcceptor)
        takeOver.acceptorDeadline = Clock.monotonic() &+ Self.acceptorLimit
        _ = loop.schedule(Subject(kind: Kind.glance), at: takeOver.acceptorDeadline)
        send(.handOver, passing: raw, to: former.process, of: .acceptor)
        // With an end of ours each of the two would wait for ever when the other one is dead.
        takeOver.acceptorsSocket = nil
    }

    /// While ours takes over nobody reads: if it stands still, its end lets the former one go on.
    func lookAtAcceptor(_ takeOver: TakeOver) {
        guard plan[.acceptor].phase != .ready, Clock.monotonic() >= takeOver.acceptorDeadline else { return }
        tellTakeOver(.failed("its acceptor did not take over within \(HumanText.setting(Self.acceptorLimit))"))
    }

    /// Asked whenever one of ours has become ready.
    func lookWhetherAllReady() {
        guard let takeOver, !takeOver.plan.isCommitted else { return }
        tellTookOver(takeOver)
        let servers = desks.filter { $0.role.serves }
        if servers.allSatisfy({ plan[$0.role].phase == .ready }) { tellTakeOver(.serversReady) }
        if plan.stage == .serving { tellTakeOver(.allReady) }
    }

    /// Who asked wants to know how far it has come.
    private func tellTookOver(_ takeOver: TakeOver) {
        guard plan[.acceptor].phase == .ready, !takeOver.hasToldTookOver else { return }
        takeOver.hasToldTookOver = true
        // Its end is no surprise any more, whether or not it has said so.
        takeOver.former(.acceptor)?.isEnding = true
        let connections = UInt32(clamping: desks[Role.acceptor.place].page.counter(0))
        _ = takeOver.channel.send(.tookOver(connections: connections))
    }

    /// We are the service.
    private func settle(_ takeOver: TakeOver) {
        FaultPoint.reach(.successorSettles)
        do { try folder.sign() } catch { log.error("\(folder.path)/lock does not name this process: \(error)") }
        takeOver.drainDeadline =
            settings.update.drainTimeout.map { Clock.monotonic() &+ $0.nanoseconds } ?? .max
        log.notice("generation \(generation) (pid \(CurrentProcess.pid)) serves")
        if plan.stage == .serving { tellReady() }
        if let record = takeOver.lastRecord { notes.add(record.note) }
        share()
        lookAtRetiring()
    }

    // MARK: for the predecessor

    /// A process of ours: the predecessor must know of it, to see it dead before it acts again.
    func tellLaunched(_ role: Role?, _ process: RoleProcess) {
        guard let takeOver, !takeOver.plan.isCommitted else { return }
        _ = takeOver.channel.send(.launched(.init(role, pid: process.pid)), passing: process.process.raw)
    }
}
