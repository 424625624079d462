// SPDX-License-Identifier: Apache-2.0
/// Everything that a supervisor is made of, had and checked: from nothing but settings, as a start makes it, or from what a
/// predecessor hands over.
///
/// Used by SupervisorRole. What can fail fails here, before a role is started or anything of a predecessor's is touched.
/// Invariant: all of it belongs to one state folder; made in an order in which a failure leaves nothing behind.

package import HotRestart
internal import LinuxIO
package import Logging
internal import Ring
package import Settings

package struct SupervisorParts: ~Copyable {
    let settings: Settings
    /// Where the settings were read, and are read again.
    let file: String
    let log: Logger
    /// What reads them.
    let tool: SettingsTool
    let signals: SignalDescriptor
    let folder: StateFolder
    let segments: Descriptor
    let control: ControlServer
    let port: PortSockets
    let regions: Regions
    let desks: [RoleDesk]
    let notes = NotesDesk(at: Clock.monotonic())
    let drops: KernelDrops
    let startsParked: Bool
    let generation: UInt64
    /// The index of the first worker.
    let workerBase: Int
    let began: UInt64
    /// What a predecessor hands over beside.
    let takeOver: TakeOver?

    /// The signals that a supervisor hears; blocked before anything is started.
    private static func hearSignals() throws -> SignalDescriptor {
        Signal.ignoreBrokenPipes()
        let signals = try SignalDescriptor(
            blocking: [Signal.terminate, Signal.interrupt, Signal.hangup, Signal.user2, Signal.child])
        try CurrentProcess.becomeSubreaper()
        return signals
    }

    // MARK: a start

    /// - Throws: StartFault, mostly.
    package init(
        _ settings: Settings, file: String, _ inherited: InheritedDescriptors, tool: SettingsTool, log: Logger
    ) throws {
        let signals = try Self.hearSignals()
        // Of who has stored everything for us.
        _ = inherited.take("image")
        let isFollowing = inherited.names.contains("lock")
        let folder = try isFollowing ? Self.followedFolder(settings, inherited) : StateFolder(settings.state.directory)
        let segments = try folder.segments()
        let control = try Supervisor.makeControl(settings.control)
        try control.prepare()
        let port = try isFollowing ? Self.followedPort(settings, inherited) : PortSockets(settings.port, inherited)
        let start = try StartingLog(segments, folder.segmentsPath, settings)
        for line in start.lines(folder.segmentsPath) { line.write(to: log) }
        notes.tell(start.incidents(folder.segmentsPath, at: Clock.realtime()))
        let regions = try Regions(settings, start)
        let desks = try Role.all(workers: settings.workers.count).map { try RoleDesk($0) }
        try desks[Role.committer.place].beginCommitting(
            at: settings.ring.durability == .disk ? regions.ledger.head : .max)
        self.settings = settings
        self.file = file
        self.log = log
        self.tool = tool
        self.signals = signals
        self.folder = folder
        self.segments = segments
        self.control = control
        self.regions = regions
        self.desks = desks
        drops = Self.drops(port, before: start)
        self.port = port
        startsParked = start.found.hasParked
        generation = 1
        workerBase = 0
        began = Clock.monotonic()
        takeOver = nil
    }

    private static func drops(_ port: PortSockets, before start: StartingLog) -> KernelDrops {
        KernelDrops(
            first: port.udp.flatMap { try? SocketFacts.drops(of: $0.raw) } ?? 0,
            before: start.found.checkpoint.kernelDropped)
    }

    /// The folder of one who has stored everything for us, with its locks.
    private static func followedFolder(_ settings: Settings, _ inherited: InheritedDescriptors) throws -> StateFolder {
        try StateFolder.following(
            lock: inherited.require("lock"), fence: inherited.require("fence"), settings.state.directory)
    }

    private static func followedPort(_ settings: Settings, _ inherited: InheritedDescriptors) throws -> PortSockets {
        try PortSockets(handedOver: inherited, isInherited: inherited.take("port-is-given") != nil, settings.port)
    }

    // MARK: a predecessor

    /// - Parameters: `file`: as the command line names it. `inherited`: what SuccessorLauncher has put there.
    init(
        takingOver takeOver: TakeOver, file: String, _ inherited: InheritedDescriptors, tool: SettingsTool, log: Logger
    ) throws {
        let signals = try Self.hearSignals()
        try takeOver.adopt(inherited)
        let state = takeOver.state
        let reader = try inherited.require("settings")
        var settings = try TakeOver.read(settings: reader)
        let ring = try RingFiles(
            adopting: MemoryFile(owning: inherited.require("ring-control")),
            log: MemoryFile(owning: inherited.require("ring-log")),
            outcomes: MemoryFile(owning: inherited.require("ring-outcomes")))
        let regions = try Regions(adopting: ring, settings, reader, state)
        settings.services = regions.table.active
        let desks = try Self.desks(inherited, workers: settings.workers.count, state)
        let control = try Supervisor.makeControl(settings.control, telnet: inherited.take("telnet-listener"))
        control.adopt(try inherited.require("control-listener"))
        let folder = StateFolder(
            settings.state.directory, lock: try inherited.require("lock"), fence: try inherited.require("fence"))
        let segments = try inherited.require("segments")
        let port = try PortSockets(handedOver: inherited, isInherited: state.portIsInherited, settings.port)
        try inherited.finish()
        self.settings = settings
        self.file = file
        self.log = log
        self.tool = tool
        self.signals = signals
        self.folder = folder
        self.segments = segments
        self.control = control
        self.port = port
        self.regions = regions
        self.desks = desks
        drops = KernelDrops(first: state.dropsCounter, before: state.account.kernelDropped)
        startsParked = state.startsParked
        generation = state.generation
        workerBase = state.workerBase
        began = min(state.began, Clock.monotonic())
        self.takeOver = takeOver
    }

    /// Those of acceptor and committer go on; the workers are others.
    private static func desks(
        _ inherited: InheritedDescriptors, workers: Int, _ state: HandOverState
    ) throws -> [RoleDesk] {
        let desks = try Role.all(workers: workers, base: state.workerBase).map { role in
            try role.worker == nil ? TakeOver.desk(role, inherited) : RoleDesk(role)
        }
        for (desk, restarts) in zip(desks, state.restarts) { desk.restarts = restarts }
        return desks
    }
}
