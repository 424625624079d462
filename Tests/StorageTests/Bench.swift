// SPDX-License-Identifier: Apache-2.0
// A committer over a real ring and a real folder, with acceptor, holder and supervisor played by the test.
// Nothing of it outlasts the test: the ring lies in memory files, the folder is removed.

import LinuxIO
import Logging
import Ring
import Segments

@testable import Storage

final class Bench {
    /// What the committer takes for the time.
    final class Time {
        var now: UInt64 = 1_000_000_000_000
        /// What happens whenever the committer looks at its clock.
        var isRead = {}
        func pass(seconds: UInt64) { now += seconds * 1_000_000_000 }
        /// In a few such steps whoever stands still lags.
        func step() { now += Laggards.patience / 4 }
    }

    let time = Time()
    let mode: Checkpoint.Mode
    let disk: Disk
    let supervisor: ControlWriter
    let producer: RingProducer
    let acceptorPage: ProcessPage
    private let files: RingFiles
    private let pageFile: MemoryFile
    private let acceptorFile: MemoryFile
    private(set) var committer: Committer
    let fileSize: Int

    init(
        _ mode: Checkpoint.Mode, arena: UInt64 = 65_536, records: UInt64 = 256, shards: Int = 1,
        order: ServiceSlot.Order = .none, fileSize: Int = 1 << 16
    ) throws {
        let geometry = RingGeometry(arenaSize: arena, descriptorCount: records)
        files = try RingFiles(creating: geometry, logID: 0xBE1F, now: 1)
        supervisor = try ControlWriter(MemoryFile.map(files.control.descriptor.raw, writable: true))
        pageFile = try MemoryFile(named: "page", size: ProcessPage.size)
        acceptorFile = try MemoryFile(named: "page", size: ProcessPage.size)
        acceptorPage = try ProcessPage(MemoryFile.map(acceptorFile.descriptor.raw, writable: true))
        let page = try CommitterPage(MemoryFile.map(pageFile.descriptor.raw, writable: true))
        page.commit(to: mode == .disk ? 1 : .max)
        supervisor.install(Self.slot("alerts", shards: shards, order: order), at: 0)
        disk = try Disk()
        self.mode = mode
        self.fileSize = fileSize
        producer = try RingProducer(
            control: Self.control(files), log: MemoryFile.map(files.log.descriptor.raw, writable: true),
            outcomes: MemoryFile.map(files.outcomes.descriptor.raw, writable: false),
            page: ProcessPage(MemoryFile.map(acceptorFile.descriptor.raw, writable: true)),
            committerPage: CommitterPage(MemoryFile.map(pageFile.descriptor.raw, writable: true)))
        committer = try Self.committer(mode, files, pageFile, acceptorFile, disk, fileSize, time)
    }

    static func slot(
        _ name: String, shards: Int = 1, order: ServiceSlot.Order = .none, since: UInt64 = 1, incarnation: UInt64 = 1,
        tableStart: Int = 0
    ) -> ServiceSlot {
        ServiceSlot(
            name: name, order: order, incarnation: incarnation, since: since, shards: shards, tableStart: tableStart,
            tableCapacity: 8)
    }

    private static func control(_ files: borrowing RingFiles) throws -> ControlReader {
        try ControlReader(MemoryFile.map(files.control.descriptor.raw, writable: false))
    }

    private static func committer(
        _ mode: Checkpoint.Mode, _ files: borrowing RingFiles, _ page: borrowing MemoryFile,
        _ acceptor: borrowing MemoryFile, _ disk: Disk, _ fileSize: Int, _ time: Time
    ) throws -> Committer {
        let reader = try RingReader(
            control: control(files), log: MemoryFile.map(files.log.descriptor.raw, writable: false),
            outcomes: MemoryFile.map(files.outcomes.descriptor.raw, writable: false),
            acceptorPage: ProcessPage(MemoryFile.map(acceptor.descriptor.raw, writable: false)))
        var parts = CommitterParts(
            reader: reader, page: try CommitterPage(MemoryFile.map(page.descriptor.raw, writable: true)),
            workers: WorkerBells(), bell: try EventCounter(), acceptorBell: try EventCounter(), folder: disk.folder,
            mode: mode, account: SupervisorAccount(ledgerSince: 5), settings: [1, 2, 3],
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        parts.fileSize = fileSize
        parts.clock = {
            time.isRead()
            return time.now
        }
        return try Committer(parts)
    }

    /// The committer is dead, as if by kill -9, and a successor is there.
    func replaceCommitter() throws {
        committer = try Self.committer(mode, files, pageFile, acceptorFile, disk, fileSize, time)
    }

    func ledger() throws -> RingLedger {
        try RingLedger(
            control: Self.control(files), log: MemoryFile.map(files.log.descriptor.raw, writable: false),
            outcomes: MemoryFile.map(files.outcomes.descriptor.raw, writable: false))
    }

    func worker() throws -> RingWorker {
        let own = try MemoryFile(named: "page", size: ProcessPage.size)
        return try RingWorker(
            control: Self.control(files), log: MemoryFile.map(files.log.descriptor.raw, writable: false),
            outcomes: MemoryFile.map(files.outcomes.descriptor.raw, writable: true),
            page: ProcessPage(MemoryFile.map(own.descriptor.raw, writable: true)),
            acceptorPage: ProcessPage(MemoryFile.map(acceptorFile.descriptor.raw, writable: false)),
            committerPage: CommitterPage(MemoryFile.map(pageFile.descriptor.raw, writable: false)))
    }

    // MARK: what happens

    /// Publishes so many records for the slots of the mask; the body is the sequence.
    func publish(_ count: Int, mask: UInt64 = 1, body size: Int = 32, sender: SenderIndex? = nil, number: UInt64 = 0) {
        for offset in 0..<UInt64(count) {
            var meta = RecordMeta()
            meta.mask = mask
            meta.sender = sender
            meta.number = number + offset
            let (topic, source) = (Array("raw".utf8), Array("s".utf8))
            let body = Self.body(producer.next, size)
            _ = producer.append(meta, topic: topic.span, source: source.span, decoded: Span(), body: body.span)
        }
        producer.publish()
        acceptorPage.isTight = producer.isTight()
    }

    /// Publishes a dead letter of an earlier log for the slots of the mask.
    func publishReplay(mask: UInt64 = 1) {
        var meta = RecordMeta()
        meta.mask = mask
        let (topic, source, body) = (Array("raw".utf8), Array("s".utf8), Array("letter".utf8))
        _ = producer.append(
            meta, replaying: OriginalID(log: 7, epoch: 1, sequence: 9), topic: topic.span, source: source.span,
            decoded: Span(), body: body.span)
        producer.publish()
    }

    static func body(_ sequence: UInt64, _ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: sequence >> (8 * UInt64($0 % 8))) }
    }

    /// Rounds until something holds, none of which sleeps.
    /// - Returns: false if so many rounds did not bring it.
    func run(rounds: Int = 200, until holds: () -> Bool) throws -> Bool {
        for _ in 0..<rounds {
            if holds() { return true }
            _ = try committer.step(until: 1)
            time.step()
        }
        return holds()
    }

    /// The committer looks on until whoever stands still lags; the next round is the first in which it does.
    func lag() throws {
        _ = try run(rounds: 4) { false }
    }

    /// Messages to the supervisor so far, by kind.
    func messages() -> [String] {
        var found: [String] = []
        while let message = committer.nextMessage() { found.append("\(message)") }
        return found
    }

    func checkpoint() throws -> Checkpoint? { try CheckpointFiles(disk.folder).newest() }

    /// Sequences that a holder would find parked for a slot.
    func parked(_ from: UInt64 = 1, to: UInt64, slot: Int = 0) throws -> [UInt64] {
        let records = ParkedRecords(disk.folder, logID: 0xBE1F)
        var found: [UInt64] = []
        var next = from
        while case .record(let header) = try records.next(from: next, to: to, bit: 1 << UInt64(slot)) {
            found.append(header.sequence)
            next = header.sequence + 1
        }
        return found
    }
}
