// SPDX-License-Identifier: Apache-2.0
/// A ring with one service and one worker, all of it in this process, as the supervisor would make it.
///
/// Used by AcceptorDrive and WorkerDrive, each of which drives one side of it and plays the other.
/// Invariant: it lives in memory files, and goes with the process.

import LinuxIO
import Ring
import Settings

final class CountedRing {
    let files: RingFiles
    let settings: Settings
    let acceptorPage: MemoryFile
    let workerPage: MemoryFile
    let acceptorBell: EventCounter
    let workerBell: EventCounter
    private let supervisor: ControlWriter

    /// - Parameter service: its one service, in slot 0.
    init(_ service: Settings.Service) throws {
        var settings = Settings()
        settings.version = 1
        settings.services = [service]
        settings.services[0].placement = .init(slot: 0, incarnation: 1, state: .active)
        self.settings = settings
        // Small enough to be gone round several times.
        files = try RingFiles(creating: RingGeometry(ringSize: 4 << 20), logID: 7, now: 1)
        supervisor = try ControlWriter(MemoryFile.map(files.control.descriptor.raw, writable: true))
        acceptorPage = try MemoryFile(named: "page", size: ProcessPage.size)
        workerPage = try MemoryFile(named: "page", size: ProcessPage.size)
        acceptorBell = try EventCounter()
        workerBell = try EventCounter()
        supervisor.install(
            ServiceSlot(
                name: service.name, order: .none, incarnation: 1, since: 1, shards: 1, tableStart: 0,
                tableCapacity: service.tableCapacity),
            at: 0)
        supervisor.grant(slot: 0, shard: 0, to: 0)
        supervisor.publishGrants()
    }

    func control() throws -> ControlReader {
        try ControlReader(MemoryFile.map(files.control.descriptor.raw, writable: false))
    }

    func producer() throws -> RingProducer {
        try RingProducer(
            control: control(), log: MemoryFile.map(files.log.descriptor.raw, writable: true),
            outcomes: MemoryFile.map(files.outcomes.descriptor.raw, writable: false), page: page(acceptorPage))
    }

    func worker() throws -> RingWorker {
        try RingWorker(
            control: control(), log: MemoryFile.map(files.log.descriptor.raw, writable: false),
            outcomes: MemoryFile.map(files.outcomes.descriptor.raw, writable: true), page: page(workerPage),
            acceptorPage: page(acceptorPage, writable: false))
    }

    func page(_ file: borrowing MemoryFile, writable: Bool = true) throws -> ProcessPage {
        try ProcessPage(MemoryFile.map(file.descriptor.raw, writable: writable))
    }
}
