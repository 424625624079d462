// SPDX-License-Identifier: Apache-2.0
/// Regions that somebody else has written: the input is a list of words that are changed in a ring at work, then everybody
/// attaches to it and goes on.
///
/// Invariant: nobody crashes, hangs or leaves a region; what is damaged is an error, or a count.

import LinuxIO
import Ring

/// Eleven bytes a change: the region, where (two bytes, in words of eight), and the new word's value.
func fuzzRegions(_ bytes: Span<UInt8>) {
    unsafe damagedRing.restore()
    var start = 0
    while start + 11 <= bytes.count {
        let place = Int(bytes[start + 1]) | Int(bytes[start + 2]) << 8
        var word: UInt64 = 0
        for index in (0..<8).reversed() { word = word << 8 | UInt64(bytes[start + 3 + index]) }
        unsafe damagedRing.set(Int(bytes[start]), place, word)
        start += 11
    }
    unsafe damagedRing.use()
}

nonisolated(unsafe) private let damagedRing = {
    do { return try DamagedRing() } catch { fatalError("no ring to damage: \(error)") }
}()

/// A small ring with two services, records of which some are delivered, and what is written over it put back each time.
private final class DamagedRing {
    private let files: RingFiles
    private let acceptorPage: MemoryFile
    private let workerPage: MemoryFile
    private let committerPage: MemoryFile
    /// By region: the parts that mean something in a ring this small.
    private var areas: [[RingArea]] = []

    init() throws {
        let geometry = RingGeometry(arenaSize: 4_096, descriptorCount: 16)
        files = try RingFiles(creating: geometry, logID: 7, now: 1)
        acceptorPage = try MemoryFile(named: "page", size: ProcessPage.size)
        workerPage = try MemoryFile(named: "page", size: ProcessPage.size)
        committerPage = try MemoryFile(named: "page", size: ProcessPage.size)
        let writer = try ControlWriter(MemoryFile.map(files.control.descriptor.raw, writable: true))
        for index in 0..<2 {
            writer.install(
                ServiceSlot(
                    name: "service-\(index)", order: index == 0 ? .none : .source, incarnation: 1, since: 1,
                    shards: index + 1, tableStart: index * 8, tableCapacity: 4), at: index)
            for shard in 0...index { writer.grant(slot: index, shard: shard, to: 0) }
        }
        writer.publishGrants()
        let committer = try CommitterPage(map(committerPage, writable: true))
        committer.commit(to: .max)
        committer.freeze(to: 2)
        try work()
        areas = [
            [RingArea(files.control.descriptor.raw, 0, 20_480), RingArea(files.control.descriptor.raw, 20_480, 1_024)],
            RingArea.log(files.log.descriptor.raw),
            [
                RingArea(files.outcomes.descriptor.raw, 0, 8_192),
                RingArea(files.outcomes.descriptor.raw, 69_632, 4_096),
                RingArea(files.outcomes.descriptor.raw, 4_198_400, 1_024),
                RingArea(files.outcomes.descriptor.raw, 8_392_704, 64),
            ],
            [RingArea(acceptorPage.descriptor.raw, 0, 4_096)],
            [RingArea(workerPage.descriptor.raw, 0, 4_096)],
            [RingArea(committerPage.descriptor.raw, 0, 512)],
        ]
    }

    func restore() { for area in areas.joined() { area.restore() } }

    /// Changes a word of a region's areas, laid one behind the other.
    func set(_ region: Int, _ place: Int, _ word: UInt64) {
        let parts = areas[region % areas.count]
        var rest = place * 8 % parts.reduce(0) { $0 + $1.bytes.count }
        for area in parts {
            if rest < area.bytes.count {
                area.set(rest, word)
                return
            }
            rest -= area.bytes.count
        }
    }

    /// As everybody would: an observer, the ledger, the committer, a worker, an acceptor.
    func use() {
        try? observe()
        try? account()
        try? look()
        try? work()
    }

    private func control() throws -> ControlReader {
        try ControlReader(MemoryFile.map(files.control.descriptor.raw, writable: false))
    }
    private func map(_ file: borrowing MemoryFile, writable: Bool = false) throws -> MappedMemory {
        try MemoryFile.map(file.descriptor.raw, writable: writable)
    }

    private func observe() throws {
        let observer = try RingObserver(log: map(files.log))
        observer.seek(to: 1)
        let head = observer.head
        while let header = observer.read(before: head, where: { _, _ in true }) {
            require(observer.payload.count >= header.payloadCount, "a body outside of its record")
        }
    }

    private func account() throws {
        let ledger = try RingLedger(control: control(), log: map(files.log), outcomes: map(files.outcomes))
        _ = ledger.use()
        for index in 0..<2 {
            guard let (slot, counts) = try ledger.service(at: index) else { continue }
            _ = ledger.oldest(at: index, of: slot, floor: counts.floor)
            _ = ledger.times(at: index, of: slot)
        }
        _ = try ProcessPage(map(workerPage)).failures()
    }

    /// What is to be spilled, and what is to be checkpointed.
    private func look() throws {
        let reader = try RingReader(
            control: control(), log: map(files.log), outcomes: map(files.outcomes),
            acceptorPage: ProcessPage(map(acceptorPage)))
        let target = reader.spillTarget(before: reader.head)
        let look = try SpillLook(reader)
        for sequence in reader.tail()..<max(target, reader.tail()) where !look.residue(of: sequence).isEmpty {
            _ = reader.withRecord(sequence) { header, payload in
                require(payload.count >= header.payloadCount, "a body outside of its record")
            }
        }
        _ = reader.isReady(for: target) || reader.isDone(below: target)
        for (index, slot) in try reader.control.slots() { _ = reader.state(slot, at: index, shard: 0) }
    }

    private func work() throws {
        try append(5)
        let worker = try RingWorker(
            control: control(), log: map(files.log), outcomes: map(files.outcomes, writable: true),
            page: ProcessPage(map(workerPage, writable: true)), acceptorPage: ProcessPage(map(acceptorPage)),
            committerPage: CommitterPage(map(committerPage)))
        for index in 0..<2 {
            for shard in 0...index {
                guard let lease = try? worker.lease(slot: index, shard: shard) else { continue }
                try deliver(worker, lease)
            }
        }
        _ = worker.hasUnheldWork
        try append(3)
    }

    private func deliver(_ worker: RingWorker, _ lease: ShardLease) throws {
        let head = worker.head
        try worker.check(lease, head: head)
        if case .park(let target) = lease.parkingStep { lease.park(to: target) }
        var (from, count) = (lease.floor, 0)
        while count < 3, let sequence = lease.nextPending(from: from, to: head) {
            if count < lease.table.capacity { lease.table.begin(count, sequence: sequence, attempt: 1) }
            _ = worker.withRecord(sequence) { header, payload in
                require(payload.count == header.payloadCount, "a body outside of its record")
            }
            if count != 1 { lease.settle(sequence, .delivered) }
            from = sequence &+ 1
            count += 1
        }
        lease.raiseFloor(to: lease.nextPending(from: lease.floor, to: from) ?? from)
    }

    private func append(_ count: Int) throws {
        let producer = try RingProducer(
            control: control(), log: map(files.log, writable: true), outcomes: map(files.outcomes),
            page: ProcessPage(map(acceptorPage, writable: true)))
        let (topic, body, none) = (Array("raw".utf8), Array("body".utf8), [UInt8]())
        for index in 0..<count {
            var meta = RecordMeta()
            meta.mask = UInt64(index % 4)
            _ = producer.append(meta, topic: topic.span, source: none.span, decoded: none.span, body: body.span)
        }
        producer.publish()
    }
}
