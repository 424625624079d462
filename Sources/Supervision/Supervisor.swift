// SPDX-License-Identifier: Apache-2.0
/// The supervisor's one loop: waits, tells SupervisionPlan what happened, and carries out what the plan answers.
///
/// Made and run by the entry point, on the process's first thread, which stays: the roles' parent-death signal hangs on it.
/// What it hears of its roles is in Supervisor+Roles, effects in Supervisor+Effects, grants in Supervisor+Leases, reports in
/// Supervisor+Reports, changes of the settings in Supervisor+Change, what the committer needs in Supervisor+Committer, how
/// one supervisor gives way to another in Supervisor+HandOver and Supervisor+TakeOver.
/// Invariant: it never reads a message and never waits for a single role or client; children are reaped here alone; while
/// another supervisor acts in its place (`acts`), it touches neither a role nor the ring.

internal import Control
internal import HotRestart
internal import LinuxIO
internal import Logging
internal import Reactor
internal import Ring
internal import Settings

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
        /// A successor: its channel, its end.
        static let handOver: UInt8 = 15
        static let successor: UInt8 = 16
        /// A predecessor: its channel, its roles' channels, their ends.
        static let takeOver: UInt8 = 17
        static let former: UInt8 = 18
        static let formerEnd: UInt8 = 19
        /// Something is to be looked at again, once a round.
        static let glance: UInt8 = 20
        static let login: UInt8 = 32
        /// A process beside the broker: its output, and the end of our patience with it.
        static let side: UInt8 = 30
        static let sidePatience: UInt8 = 31
        /// Who follows through the store: its channel, its end. And who went before.
        static let passage: UInt8 = 33
        static let passageEnd: UInt8 = 34
        static let forerunner: UInt8 = 35
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
    let startsParked: Bool
    /// How often belfryd has been replaced since its start, and 1.
    let generation: UInt64
    /// The index of our first worker.
    let workerBase: Int
    /// When the first generation began, monotonic nanoseconds.
    let began: UInt64
    var desks: [RoleDesk]
    let keeper: KeeperDesk
    let notes: NotesDesk
    let sides = SideDesk()
    let control: ControlServer
    var logins = LoginDesk()
    let loop: EventLoop
    let signals: SignalDescriptor

    var plan: SupervisionPlan
    var leases: LeaseTable
    var watchdog: Watchdog
    var watchTimer: Timer?
    var drops: KernelDrops
    var refused: [RefusedConnections]
    var rates: Rates
    /// Changes of the settings: the one under way, and those that wait for it.
    var changes = ChangeDesk()
    /// Restarts of services that somebody waits for.
    var restarts = RestartDesk()
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
    var isWatchingLeases = false
    var isGlancing = false
    /// A restart or an update that somebody waits for.
    var attempt: UpdateAttempt?
    /// Another belfryd takes over from us.
    var handOver: HandOver?
    /// Another belfryd goes on with what we have stored.
    var passage: StorePassage?
    /// We go on with what another belfryd has stored.
    var forerunner: Forerunner?
    /// We have taken over from another belfryd, or are about to; until nothing of that one is left.
    var takeOver: TakeOver?

    package init(_ parts: consuming SupervisorParts) throws {
        settings = parts.settings
        file = parts.file
        log = parts.log
        tool = parts.tool
        signals = parts.signals
        folder = parts.folder
        segments = parts.segments
        control = parts.control
        port = parts.port
        regions = parts.regions
        desks = parts.desks
        notes = parts.notes
        drops = parts.drops
        let acceptor = desks[Role.acceptor.place]
        refused = RefusedConnections.Reason.allCases.map { .init($0, first: acceptor.page.counter($0.rawValue)) }
        startsParked = parts.startsParked
        generation = parts.generation
        workerBase = parts.workerBase
        began = parts.began
        takeOver = parts.takeOver
        keeper = KeeperDesk(executable: tool.executable, folder: folder.path)
        loop = try EventLoop()
        leases = LeaseTable(shards: regions.table.openShards)
        watchdog = Watchdog(roles: desks.count, limit: settings.workers.stuckAfter.nanoseconds)
        plan = SupervisionPlan(
            workers: settings.workers.count, base: workerBase, commits: settings.ring.durability == .disk,
            grace: settings.shutdown.grace.nanoseconds, startLimit: Self.patience(settings))
        rates = Rates(at: Clock.monotonic())
    }

    /// Runs until the end that a signal, a request or a failure brings about.
    /// - Returns: the exit status.
    package func run() throws -> CInt {
        _ = try loop.watch(signals.raw, Subject(kind: Kind.signals), .readable)
        watchTimer = loop.schedule(Subject(kind: Kind.watchdog), at: loop.now &+ watchdog.interval)
        if takeOver == nil { begin() } else { try beginTakingOver() }
        while !isOver {
            try loop.wait(until: nextDeadline)
            while let event = loop.nextEvent() { take(event) }
            while let due = loop.nextDue() { take(due: due) }
            if acts { goOn() }
            goOnHandingOver()
            goOnTakingOver()
            goOnPassing()
        }
        return exitStatus
    }

    private var nextDeadline: UInt64 {
        let ours = acts ? min(plan.nextDeadline ?? .max, notes.pace.deadline) : .max
        return min(ours, handOver?.plan.deadline ?? .max, passage?.plan.deadline ?? .max)
    }

    func begin() {
        warnOfSmallBuffer()
        share()
        apply(.begin)
        // It stays as long as anything is parked.
        if startsParked { apply(.wanted(.committer)) }
    }

    /// What is done once a round.
    private func goOn() {
        apply(.tick)
        goOnRestarting()
        goOnChanging()
        tendNotes()
        tendKeeper()
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
        guard acts else { return }
        for effect in plan.handle(event, at: Clock.monotonic()) { perform(effect) }
    }

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
        case Kind.handOver: hearSuccessor()
        case Kind.successor: tellHandOver(.ended)
        case Kind.takeOver: hearPredecessor()
        case Kind.former: hearFormer(index)
        case Kind.formerEnd: buryFormer(index)
        case Kind.passage: hearPassage()
        case Kind.passageEnd: endOfPassage()
        case Kind.forerunner: hearForerunner()
        case Kind.side: receive(fromSide: CInt(index))
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
        case Kind.glance: isGlancing = false
        case Kind.patience: changes.reading?.giveUp()
        case Kind.sidePatience: sides.entries[CInt(due.index)]?.side.giveUp()
        default: break
        }
    }

    private func askAround() {
        watchTimer = loop.schedule(Subject(kind: Kind.watchdog), at: loop.now &+ watchdog.interval)
        guard acts else { return }
        let answers = desks.map { plan[$0.role].phase == .ready ? $0.page.answered : nil }
        judge(watchdog.judge(question: question, answers: answers, at: loop.now).map { desks[$0].role })
        question = regions.writer.ask()
        ringEveryBell()
        lookAtRetiring()
        sample()
        if notes.ledgerDue <= Clock.monotonic() { keepLedger() }
        tellAccount()
    }
}
