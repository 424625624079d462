// SPDX-License-Identifier: Apache-2.0

import LinuxIO

@testable import Ring

/// A ring of its own for one test, with the supervisor's end in hand and everyone else attached on demand.
///
/// Invariant: it lives in memory files only, so nothing of it outlasts the test.
final class TestRing {
    let files: RingFiles
    let supervisor: ControlWriter
    private let acceptorPage: MemoryFile
    private let committerPage: MemoryFile
    /// A lease's parts must not outlive its worker's mappings; a test may hold one of them alone.
    private var workers: [RingWorker] = []

    init(
        arena: UInt64 = 4_096, records: UInt64 = 16, logID: UInt64 = 0xBE1F, contents: RingContents = RingContents()
    ) throws {
        let files = try RingFiles(
            creating: RingGeometry(arenaSize: arena, descriptorCount: records), logID: logID, now: 1,
            contents: contents)
        supervisor = try ControlWriter(MemoryFile.map(files.control.descriptor.raw, writable: true))
        self.files = files
        acceptorPage = try MemoryFile(named: "page", size: ProcessPage.size)
        committerPage = try MemoryFile(named: "page", size: ProcessPage.size)
        try committer().commit(to: .max)
    }

    /// The committer's page, as its owner has it; it begins as in memory mode.
    func committer() throws -> CommitterPage {
        try CommitterPage(MemoryFile.map(committerPage.descriptor.raw, writable: true))
    }

    func reader() throws -> RingReader {
        try RingReader(
            control: control(), log: MemoryFile.map(files.log.descriptor.raw, writable: false),
            outcomes: MemoryFile.map(files.outcomes.descriptor.raw, writable: false), acceptorPage: page())
    }

    func page() throws -> ProcessPage {
        try ProcessPage(MemoryFile.map(acceptorPage.descriptor.raw, writable: true))
    }

    func control() throws -> ControlReader {
        try ControlReader(MemoryFile.map(files.control.descriptor.raw, writable: false))
    }

    func producer() throws -> RingProducer {
        try RingProducer(
            control: control(), log: MemoryFile.map(files.log.descriptor.raw, writable: true),
            outcomes: MemoryFile.map(files.outcomes.descriptor.raw, writable: false), page: page(),
            committerPage: committer())
    }

    func worker() throws -> RingWorker {
        let own = try MemoryFile(named: "page", size: ProcessPage.size)
        let worker = try RingWorker(
            control: control(), log: MemoryFile.map(files.log.descriptor.raw, writable: false),
            outcomes: MemoryFile.map(files.outcomes.descriptor.raw, writable: true),
            page: ProcessPage(MemoryFile.map(own.descriptor.raw, writable: true)),
            acceptorPage: ProcessPage(MemoryFile.map(acceptorPage.descriptor.raw, writable: false)),
            committerPage: committer())
        workers.append(worker)
        return worker
    }

    func ledger() throws -> RingLedger {
        try RingLedger(
            control: control(), log: MemoryFile.map(files.log.descriptor.raw, writable: false),
            outcomes: MemoryFile.map(files.outcomes.descriptor.raw, writable: false))
    }

    func observer(since: UInt64?) throws -> RingObserver {
        let observer = try RingObserver(log: MemoryFile.map(files.log.descriptor.raw, writable: false))
        if let since { observer.seek(to: since) }
        return observer
    }

    /// Makes slot `index` a service and grants its shards to worker 0.
    func install(
        _ index: Int, shards: Int = 1, order: ServiceSlot.Order = .none, since: UInt64 = 1, incarnation: UInt64 = 1,
        table: Int = 64
    ) {
        supervisor.install(
            ServiceSlot(
                name: "service-\(index)", order: order, incarnation: incarnation, since: since, shards: shards,
                tableStart: index * 256, tableCapacity: table), at: index)
        for shard in 0..<shards { supervisor.grant(slot: index, shard: shard, to: 0) }
        supervisor.publishGrants()
    }
}

extension RingProducer {
    /// Appends a record with the given body for the slots.
    @discardableResult
    func append(
        _ body: String, for slots: [Int] = [0], source: String = "s", change: (inout RecordMeta) -> Void = { _ in }
    )
        -> AppendResult
    {
        var meta = RecordMeta()
        for slot in slots { meta.mask |= 1 << UInt64(slot) }
        change(&meta)
        let topic = Array("raw".utf8)
        let (source, bytes, none) = (Array(source.utf8), Array(body.utf8), [UInt8]())
        return append(meta, topic: topic.span, source: source.span, decoded: none.span, body: bytes.span)
    }
}

extension RingWorker {
    /// A record's body as text; nil if the record is corrupt.
    func body(_ sequence: UInt64) -> String? {
        withRecord(sequence) { header, payload in
            var bytes = [UInt8]()
            for index in header.body { bytes.append(payload[index]) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
