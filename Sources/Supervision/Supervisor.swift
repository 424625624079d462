// SPDX-License-Identifier: Apache-2.0
/// The supervisor's one loop: waits, tells SupervisionPlan what happened, and carries out what the plan answers.
///
/// Made and run by the entry point, on the process's first thread, which stays: the roles' parent-death signal hangs on it.
/// Its effects are in Supervisor+Effects, its reports in Supervisor+Reports.
/// Invariant: it never reads a message and never waits for a single role or client; children are reaped here alone.

internal import Control
package import HotRestart
internal import LinuxIO
package import Logging
internal import Reactor
internal import Ring
internal import Settings

package final class Supervisor {
    private enum Kind {
        static let signals: UInt8 = 1
        // 2, 3 and 8 are ControlServer's.
        static let channel: UInt8 = 4
        static let watchdog: UInt8 = 5
        static let orphans: UInt8 = 6
        static let leases: UInt8 = 7
    }

    /// How often what can't tell by itself is looked at again: dying orphans, confirmations of grants. Nanoseconds.
    private static let glance: UInt64 = 20_000_000

    let settings: Settings
    let log: Logger
    let tool: String
    let folder: StateFolder
    let port: PortSockets
    let regions: Regions
    let desks: [RoleDesk]
    let launcher: RoleLauncher
    let control: ControlServer
    let loop: EventLoop
    let signals: SignalDescriptor
    let began = Clock.monotonic()

    var plan: SupervisionPlan
    var leases: LeaseTable
    var watchdog: Watchdog
    var drops: KernelDrops
    var rates: Rates
    /// By worker: the session whose last processes are being killed.
    var clearing: [Int: CInt] = [:]
    var grantsVersion: UInt64 = 0
    var question: UInt64 = 0
    var exitStatus: CInt = 0
    var isOver = false
    private var isWatchingOrphans = false
    private var isWatchingLeases = false

    /// Takes everything that is needed, in an order in which a failure leaves nothing behind.
    /// - Parameters: `tool`: the path of `belfry`, for the lines to try.
    /// - Throws: StartFault, mostly.
    package init(_ read: SettingsTool.Result, _ inherited: InheritedDescriptors, tool: String, log: Logger) throws {
        settings = read.settings
        self.log = log
        self.tool = tool
        Signal.ignoreBrokenPipes()
        signals = try SignalDescriptor(
            blocking: [Signal.terminate, Signal.interrupt, Signal.hangup, Signal.child])
        try CurrentProcess.becomeSubreaper()
        folder = try StateFolder(settings.state.directory)
        control = ControlServer(path: settings.control.socket)
        try control.prepare()
        port = try PortSockets(settings.port, inherited)
        regions = try Regions(settings, image: read.image)
        desks = try (0...settings.workers.count).map { try RoleDesk(Role(place: $0)) }
        launcher = try RoleLauncher(desks, regions, port)
        loop = try EventLoop()
        leases = LeaseTable(shards: regions.shards)
        let limit = settings.workers.stuckAfter.nanoseconds
        watchdog = Watchdog(roles: desks.count, limit: limit)
        plan = SupervisionPlan(
            workers: settings.workers.count, grace: settings.shutdown.grace.nanoseconds,
            startLimit: max(limit, 10_000_000_000))
        drops = KernelDrops(first: port.udp.flatMap { try? SocketFacts.drops(of: $0.raw) } ?? 0)
        rates = Rates(at: began)
    }

    /// Runs until the end that a signal, a request or a failure brings about.
    /// - Returns: the exit status.
    package func run() throws -> CInt {
        if let granted = port.smallBuffer {
            log.warning(
                """
                port.receive-buffer: the kernel gives \(granted) of \(settings.port.receiveBuffer) bytes; raise \
                net.core.rmem_max, or give belfryd CAP_NET_ADMIN
                """)
        }
        _ = try loop.watch(signals.raw, Subject(kind: Kind.signals), .readable)
        _ = loop.schedule(Subject(kind: Kind.watchdog), at: loop.now &+ watchdog.interval)
        share()
        apply(.begin)
        while !isOver {
            try loop.wait(until: plan.nextDeadline)
            while let event = loop.nextEvent() { take(event) }
            while let due = loop.nextDue() { take(due: due) }
            apply(.tick)
        }
        return exitStatus
    }

    func apply(_ event: SupervisionPlan.Event) {
        for effect in plan.handle(event, at: Clock.monotonic()) { perform(effect) }
    }

    /// Asks for the end: the first time in good order, then at once.
    func askForEnd(_ why: String) {
        if plan.isDraining {
            log.notice("\(why) again: ending at once")
            apply(.endAsked)
        } else {
            log.notice("\(why): taking nothing more, finishing within \(settings.shutdown.grace)")
            Readiness.notify(.stopping, .status("finishing what is there"))
            apply(.drainAsked)
        }
    }

    /// Passes shards on towards an even share, a step at a time.
    func share() {
        let workers = desks.dropFirst().enumerated().map { index, desk in
            LeaseTable.Worker(
                index: index, isUsable: plan[.worker(index)].isUsable, mayTouch: plan[.worker(index)].mayTouch,
                applied: desk.page.grantsApplied)
        }
        let changes = leases.step(workers, version: grantsVersion &+ 1)
        if !changes.isEmpty {
            for change in changes {
                regions.writer.grant(slot: change.shard.slot, shard: change.shard.shard, to: change.worker)
            }
            grantsVersion = regions.writer.publishGrants()
            ringEveryBell()
        }
        if leases.isWaiting, !isWatchingLeases {
            isWatchingLeases = true
            _ = loop.schedule(Subject(kind: Kind.leases), at: Clock.monotonic() &+ Self.glance)
        }
    }

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
        case ControlServer.listener: control.acceptAll(loop)
        case ControlServer.session: control.serve(index, loop) { self.answer($0, $1) }
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
        default: break
        }
    }

    private func takeSignals() {
        while let signal = signals.next() {
            switch signal {
            case Signal.child: reap()
            case Signal.interrupt: askForEnd("SIGINT")
            case Signal.hangup: askForEnd("SIGHUP")
            default: askForEnd("SIGTERM")
            }
        }
    }

    private func receive(from desk: RoleDesk) {
        guard let process = desk.process else { return }
        while true {
            switch process.channel.receive() {
            case .message(let message): guard hear(message, from: desk, process) else { return refuse(desk, process) }
            case .wouldBlock: return
            case .malformed: return refuse(desk, process)
            case .passed: return refuse(desk, process)
            // Its death, which SIGCHLD tells, is what counts.
            case .closed: return unwatch(process)
            case .failed: return unwatch(process)
            }
        }
    }

    /// - Returns: false if it is nothing that this role may say.
    private func hear(_ message: RoleMessage, from desk: RoleDesk, _ process: RoleProcess) -> Bool {
        switch message {
        case .ready:
            log.info("\(desk.role) (pid \(process.pid)) is ready")
            apply(.ready(desk.role))
        case .drained: apply(.drained(desk.role))
        case .applied, .resolved: break
        case .drain, .stop, .settings, .workerPage, .workerBell: return false
        }
        return true
    }

    private func refuse(_ desk: RoleDesk, _ process: RoleProcess) {
        log.error("\(desk.role) (pid \(process.pid)) speaks another language: killed")
        process.process.send(Signal.kill)
        unwatch(process)
    }

    private func unwatch(_ process: RoleProcess) {
        if let watch = process.watch { loop.unwatch(watch) }
        process.watch = nil
    }

    /// Children of every kind end up here: roles, and as a subreaper the orphans of services.
    private func reap() {
        while let (pid, status) = ProcessDescriptor.reapAny() {
            guard let desk = desks.first(where: { $0.process?.pid == pid }), let process = desk.process else {
                continue
            }
            // What it said last comes first.
            receive(from: desk)
            unwatch(process)
            desk.process = nil
            tellDeath(of: desk.role, pid, status)
            if let index = desk.role.worker { clearing[index] = pid }
            apply(.died(desk.role))
        }
        lookAtOrphans()
    }

    private func tellDeath(of role: Role, _ pid: CInt, _ status: ExitStatus) {
        if plan.isDraining {
            log.info("\(role) (pid \(pid)) has ended: \(status)")
        } else {
            log.warning("\(role) (pid \(pid)) died (\(status)) and will be started again")
        }
    }

    func lookAtOrphans() {
        for (index, session) in clearing where !Orphans.kill(session: session) {
            clearing[index] = nil
            apply(.cleared(.worker(index)))
        }
        if !clearing.isEmpty, !isWatchingOrphans {
            isWatchingOrphans = true
            _ = loop.schedule(Subject(kind: Kind.orphans), at: Clock.monotonic() &+ Self.glance)
        }
    }

    private func askAround() {
        let answers = desks.map { plan[$0.role].phase == .ready ? $0.page.answered : nil }
        for role in watchdog.judge(question: question, answers: answers, at: loop.now) { apply(.stuck(role)) }
        question = regions.writer.ask()
        ringEveryBell()
        sample()
        _ = loop.schedule(Subject(kind: Kind.watchdog), at: loop.now &+ watchdog.interval)
    }
}
