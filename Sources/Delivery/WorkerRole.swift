// SPDX-License-Identifier: Apache-2.0
/// The role `belfryd worker INDEX`: takes the descriptors that the supervisor hands down, serves until it is told to
/// end, and obeys the supervisor's channel meanwhile.
///
/// Called by belfryd's entry point.
/// Invariant: it says `ready` only when all is mapped and watched, and when the supervisor is gone it ends at once, its
/// services before it.

import Control
import HotRestart
import LinuxIO
import Logging
import Reactor
import Ring
import Segments
import Settings

package enum WorkerRole {
    /// What services get to see of our environment.
    private static let passedOn = ["PATH", "LANG"]
    private static let usualDescriptors: UInt64 = 1_024

    /// Serves until the supervisor says to end, or is gone.
    /// - Returns: the exit status: 0, or 1 after something that only another process could get over.
    package static func run(index: Int) -> CInt {
        let log = Logger(label: "belfryd.worker.\(index)")
        do {
            try serve(index, log)
            return 0
        } catch {
            log.critical("\(error)")
            return 1
        }
    }

    private static func serve(_ index: Int, _ log: Logger) throws {
        Signal.ignoreBrokenPipes()
        CurrentProcess.setName("belfryd-worker")
        // The supervisor knows by it what this worker leaves behind.
        try CurrentProcess.beginSession()
        let inherited = try InheritedDescriptors.adopt()
        let channel = RoleChannel(owning: try inherited.require("channel"))
        // Held as long as we map something, and for nothing else.
        let fence = try inherited.require("fence")
        let loop = try EventLoop()
        let (worker, version) = try makeWorker(index, loop, inherited, log)
        try inherited.finish()
        _ = try loop.watch(channel.raw, Token(.channel).subject, .readable)
        CurrentProcess.forgetStart()
        _ = channel.send(.ready(settingsVersion: version))
        while !worker.isFinished {
            if try worker.step() { try obey(channel, worker) }
            if worker.needsKeeper() { _ = channel.send(.keeperWanted) }
            for incident in worker.incidents() { _ = channel.send(.incident(incident)) }
            while let slot = worker.nextResolved() { _ = channel.send(.resolved(slot: UInt8(slot))) }
        }
        for incident in worker.lastIncidents() { _ = channel.send(.incident(incident)) }
        if worker.isDrained { _ = channel.send(.drained) }
        _ = consume fence
    }

    private static func makeWorker(
        _ index: Int, _ loop: EventLoop, _ inherited: InheritedDescriptors, _ log: Logger
    ) throws -> (Worker, settingsVersion: UInt64) {
        let settings = try decode(inherited.require("settings"))
        let ring = try RingWorker(
            control: ControlReader(map("control", inherited)), log: map("log", inherited),
            outcomes: map("outcomes", inherited, writable: true),
            page: ProcessPage(map("page", inherited, writable: true)),
            acceptorPage: ProcessPage(map("acceptor-page", inherited)),
            committerPage: CommitterPage(map("committer-page", inherited)))
        // Each process of a service takes three descriptors of ours; programs that use select(2) rely on the usual
        // limit, which the supervisor has raised for itself before it started us.
        let limit = try ResourceLimit.get(.descriptors)
        _ = try CurrentProcess.raiseDescriptorLimit()
        let context = WorkerContext(
            ring: ring, loop: loop,
            environment: passedOn.compactMap { name in CurrentProcess.environment(name).map { "\(name)=\($0)" } },
            limits: [(ResourceLimit.descriptors.resource, min(limit.soft, usualDescriptors), limit.hard)],
            seed: Clock.realtime() ^ UInt64(truncatingIfNeeded: CurrentProcess.pid) << 32,
            log: log, parking: try parking(inherited, logID: ring.control.logID))
        let worker = try Worker(
            context, index: index, settings: settings,
            bell: EventCounter(owning: inherited.require("bell")),
            acceptorBell: EventCounter(owning: inherited.require("acceptor-bell")))
        return (worker, settings.version)
    }

    private static func parking(_ inherited: InheritedDescriptors, logID: UInt64) throws -> ParkingContext {
        let folder = SegmentFolder(FolderStorage(owning: try inherited.require("segments")))
        return ParkingContext(committerBell: EventCounter(owning: try inherited.require("committer-bell"))) {
            ParkedSegments(folder, logID: logID)
        }
    }

    private static func map(_ name: String, _ inherited: InheritedDescriptors, writable: Bool = false) throws
        -> MappedMemory
    {
        let file = try inherited.require(name)
        return try MemoryFile.map(file.raw, writable: writable)
    }

    private static func decode(_ file: consuming Descriptor) throws -> Settings {
        let image = try MemoryFile.map(file.raw, writable: false)
        return try image.withSpan(0, image.count) { try SettingsImage.decode($0) }
    }

    private static func obey(_ channel: borrowing RoleChannel, _ worker: Worker) throws {
        while true {
            switch channel.receive() {
            case .message(.drain(let deadline, _)): worker.drain(deadline: deadline)
            case .message(.stop): worker.stop()
            // Not for us, or of a version that we do not know.
            case .message: continue
            case .passed(.settings, let image):
                let settings = try decode(image)
                worker.takeOver(settings)
                FaultPoint.reach(.workerWentOver)
                _ = channel.send(.applied(settingsVersion: settings.version))
            case .passed(.keeper, let socket): worker.adopt(keeper: socket)
            case .passed: continue
            case .malformed: continue
            case .wouldBlock: return
            // The supervisor is gone.
            case .closed: return worker.abandon()
            case .failed: return worker.abandon()
            }
        }
    }
}
