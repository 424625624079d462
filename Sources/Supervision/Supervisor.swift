// SPDX-License-Identifier: Apache-2.0
/// The supervisor's one loop: waits, tells SupervisionPlan what happened, and carries out what the plan answers.
///
/// Made and run by the entry point, on the process's first thread, which stays: the roles' parent-death signal hangs on it.
/// What it hears of its roles is in Supervisor+Roles, effects in Supervisor+Effects, reports in Supervisor+Reports, changes
/// of the settings in Supervisor+Change, what the committer needs in Supervisor+Committer.
/// Invariant: it never reads a message and never waits for a single role or client; children are reaped here alone.

internal import Control
package import HotRestart
internal import LinuxIO
package import Logging
internal import Reactor
internal import Ring
package import Settings

package final class Supervisor {
    enum Kind {
        static let signals: UInt8 = 1
        // 2, 3 and 8 are ControlServer's.
        static let channel: UInt8 = 4
        static let watchdog: UInt8 = 5
        static let orphans: UInt8 = 6
        static let leases: UInt8 = 7
        /// The settings tool's image, its words, and the end of our patience with it.
        static let image: UInt8 = 9
        static let words: UInt8 = 10
        static let patience: UInt8 = 11
        static let keeper: UInt8 = 12
        static let keeperPause: UInt8 = 13
        static let notes: UInt8 = 14
        static let login: UInt8 = 32
    }

    /// How often what can't tell by itself is looked at again: dying orphans, confirmations of grants. Nanoseconds.
    static let glance: UInt64 = 20_000_000

    /// Those in use, the services as the file has them.
    var settings: Settings
    let file: String
    let log: Logger
    let tool: SettingsTool
    let folder: StateFolder
    let segments: Descriptor
    let port: PortSockets
    let regions: Regions
    /// Something that an earlier start has left is parked.
    private let startsParked: Bool
    var desks: [RoleDesk]
    let keeper: KeeperDesk
    let notes: NotesDesk
    let control: ControlServer
    var logins = LoginDesk()
    let loop: EventLoop
    let signals: SignalDescriptor
    let began = Clock.monotonic()

    var plan: SupervisionPlan
    var leases: LeaseTable
    var watchdog: Watchdog
    var watchTimer: Timer?
    var drops: KernelDrops
    var rates: Rates
    /// Changes of the settings: the one under way, and those that wait for it.
    var changes = ChangeDesk()
    /// Names of the services to which nothing is to be handed; over every reload and every death but our own.
    var paused: Set<String> = []
    /// By worker: the session whose last processes are being killed.
    var clearing: [Int: CInt] = [:]
    /// Places of roles that wait for a disk, of which the log tells.
    var inDisk: Set<Int> = []
    var grantsVersion: UInt64 = 0
    var question: UInt64 = 0
    var exitStatus: CInt = 0
    var isOver = false
    var isWatchingOrphans = false
    private var isWatchingLeases = false

    /// Takes everything that is needed, in an order in which a failure leaves nothing behind.
    /// - Parameters: `file`: where the settings were read, and are read again; `tool`: what reads them.
    /// - Throws: StartFault, mostly.
    package init(
        _ settings: Settings, file: String, _ inherited: InheritedDescriptors, tool: SettingsTool, log: Logger
    ) throws {
        self.settings = settings
        self.file = file
        self.log = log
        self.tool = tool
        Signal.ignoreBrokenPipes()
        signals = try SignalDescriptor(
            blocking: [Signal.terminate, Signal.interrupt, Signal.hangup, Signal.child])
        try CurrentProcess.becomeSubreaper()
        folder = try StateFolder(settings.state.directory)
        keeper = KeeperDesk(executable: tool.executable, folder: folder.path)
        notes = NotesDesk(at: Clock.monotonic())
        segments = try folder.segments()
        control = try Self.makeControl(settings.control)
        try control.prepare()
        port = try PortSockets(settings.port, inherited)
        let start = try StartingLog(segments, folder.segmentsPath, settings)
        for line in start.lines(folder.segmentsPath) { line.write(to: log) }
        notes.tell(start.incidents(folder.segmentsPath, at: Clock.realtime()))
        startsParked = start.found.hasParked
        regions = try Regions(settings, start)
        desks = try Role.all(workers: settings.workers.count).map(RoleDesk.init)
        try desks[Role.committer.place].beginCommitting(
            at: settings.ring.durability == .disk ? regions.ledger.head : .max)
        loop = try EventLoop()
        leases = LeaseTable(shards: regions.table.openShards)
        watchdog = Watchdog(roles: desks.count, limit: settings.workers.stuckAfter.nanoseconds)
        plan = SupervisionPlan(
            workers: settings.workers.count, commits: settings.ring.durability == .disk,
            grace: settings.shutdown.grace.nanoseconds, startLimit: Self.patience(settings))
        drops = KernelDrops(
            first: port.udp.flatMap { try? SocketFacts.drops(of: $0.raw) } ?? 0,
            before: start.found.checkpoint.kernelDropped)
        rates = Rates(at: began)
    }

    /// Runs until the end that a signal, a request or a failure brings about.
    /// - Returns: the exit status.
    package func run() throws -> CInt {
        warnOfSmallBuffer()
        _ = try loop.watch(signals.raw, Subject(kind: Kind.signals), .readable)
        watchTimer = loop.schedule(Subject(kind: Kind.watchdog), at: loop.now &+ watchdog.interval)
        share()
        apply(.begin)
        // It stays as long as anything is parked.
        if startsParked { apply(.wanted(.committer)) }
        while !isOver {
            try loop.wait(until: min(plan.nextDeadline ?? .max, notes.pace.deadline))
            while let event = loop.nextEvent() { take(event) }
            while let due = loop.nextDue() { take(due: due) }
            apply(.tick)
            goOnChanging()
            tendNotes()
            tendKeeper()
        }
        return exitStatus
    }

    /// How long a role may take to become ready, or to go over to other settings. Nanoseconds.
    static func patience(_ settings: Settings) -> UInt64 {
        max(settings.workers.stuckAfter.nanoseconds, 10_000_000_000)
    }

    func warnOfSmallBuffer() {
        guard let granted = port.smallBuffer else { return }
        log.warning(
            """
            port.receive-buffer: the kernel gives \(granted) of \(settings.port.receiveBuffer) bytes; raise \
            net.core.rmem_max, or give belfryd CAP_NET_ADMIN
            """)
    }

    func apply(_ event: SupervisionPlan.Event) {
        for effect in plan.handle(event, at: Clock.monotonic()) { perform(effect) }
    }

    /// Asks for the end: the first time in good order, then at once.
    /// - Parameters: `why`: for the log. `who`: the signal, or the process that asks.
    func askForEnd(_ why: String, by who: String) {
        if plan.isDraining {
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

    /// Passes shards on towards an even share, a step at a time.
    func share() {
        let workers = workerDesks.enumerated().map { index, desk in
            LeaseTable.Worker(
                index: index, isUsable: plan[.worker(index)].isUsable, mayTouch: plan[.worker(index)].mayTouch,
                applied: desk.page.grantsApplied)
        }
        var isFreeing = true
        while isFreeing {
            leases.add(regions.table.openShards)
            let changes = leases.step(workers, version: grantsVersion &+ 1) { [regions] in
                regions.ledger.letGo(slot: $0.slot, shard: $0.shard)
            }
            for change in changes {
                regions.writer.grant(slot: change.shard.slot, shard: change.shard.shard, to: change.worker)
            }
            if !changes.isEmpty {
                grantsVersion = regions.writer.publishGrants()
                FaultPoint.reach(.grantsPublished)
                ringEveryBell()
            }
            let ended = leases.takeEnded()
            for slot in ended { free(slot) }
            // What followed them may be granted now.
            isFreeing = !ended.isEmpty
        }
        if leases.isWaiting, !isWatchingLeases {
            isWatchingLeases = true
            _ = loop.schedule(Subject(kind: Kind.leases), at: Clock.monotonic() &+ Self.glance)
        }
    }

    /// By the index of the worker.
    var workerDesks: ArraySlice<RoleDesk> { desks.dropFirst(Role.single.count) }

    func ringEveryBell() { for desk in desks { desk.bell.ring() } }

    func watchChannel(of desk: RoleDesk, _ process: RoleProcess) throws {
        process.watch = try loop.watch(
            process.channel.raw, Subject(kind: Kind.channel, index: UInt32(desk.role.place)), .readable)
    }

    // MARK: what came

    private func take(_ event: EventLoop.Event) {
        let index = Int(event.subject.index)
        switch event.subject.kind {
        case Kind.signals: takeSignals()
        case Kind.channel: receive(from: desks[index])
        case ControlServer.listener: control.acceptAll(index, loop)
        case ControlServer.session: control.serve(index, loop) { self.answer($0, $1) }
        case Kind.image, Kind.words: receiveSettings(event)
        case Kind.keeper: receiveFromKeeper()
        case Kind.notes: receiveKept()
        default: break
        }
    }

    private func take(due: Subject) {
        switch due.kind {
        case Kind.watchdog: askAround()
        case Kind.orphans:
            isWatchingOrphans = false
            lookAtOrphans()
        case Kind.leases:
            isWatchingLeases = false
            share()
        case ControlServer.pause: control.resume(loop)
        case Kind.login: judgeLogins()
        // Tended once a round.
        case Kind.keeperPause: break
        case Kind.patience: changes.reading?.giveUp()
        default: break
        }
    }

    private func takeSignals() {
        while let signal = signals.next() {
            switch signal {
            case Signal.child: reap()
            case Signal.interrupt: askForEnd("SIGINT", by: "SIGINT")
            case Signal.hangup: ask(ChangeRequest(.reload, by: "SIGHUP"))
            default: askForEnd("SIGTERM", by: "SIGTERM")
            }
        }
    }

    private func askAround() {
        let answers = desks.map { plan[$0.role].phase == .ready ? $0.page.answered : nil }
        judge(watchdog.judge(question: question, answers: answers, at: loop.now))
        question = regions.writer.ask()
        ringEveryBell()
        lookAtRetiring()
        sample()
        if notes.ledgerDue <= Clock.monotonic() { keepLedger() }
        tellAccount()
        watchTimer = loop.schedule(Subject(kind: Kind.watchdog), at: loop.now &+ watchdog.interval)
    }
}
