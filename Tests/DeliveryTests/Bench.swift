// SPDX-License-Identifier: Apache-2.0
/// A ring, its producer and workers in this very process, with real services below them, for one test.
///
/// The test publishes, steps the workers until something holds, and looks at the ledger, the shards' status, and the
/// files that the services wrote into the bench's folder.
/// Invariant: it lives in memory files and one folder of its own, and takes both away with itself.

import Foundation
import Glibc
import LinuxIO
import Logging
import Reactor
import Settings

@testable import Delivery
@testable import Ring

final class Bench {
    let files: RingFiles
    let supervisor: ControlWriter
    let producer: RingProducer
    let services: [Settings.Service]
    let folder: String
    let keeper = SmallKeeper()
    private let acceptorFile: MemoryFile
    private let acceptorBell: EventCounter
    let committerFile: MemoryFile
    let shelf = Shelf()
    private var pages: [Int: Kept<MemoryFile>] = [:]
    private var bells: [Int: Kept<EventCounter>] = [:]
    private var graces: WorkerContext.Graces
    /// A lease that is looked at must not outlive its mappings.
    private var onlookers: [RingWorker] = []

    /// A resource where only references can be kept.
    private final class Kept<Value: ~Copyable> {
        let value: Value
        init(_ value: consuming Value) { self.value = value }
    }

    /// Starts with every shard granted to worker 0.
    init(
        _ services: [Settings.Service], arena: UInt64 = 4 << 20, records: UInt64 = 1_024,
        graces: WorkerContext.Graces = WorkerContext.Graces()
    ) throws {
        Signal.ignoreBrokenPipes()
        folder = NSTemporaryDirectory() + "/belfry-dispatch-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        self.services = services.map { [folder] in
            var service = $0
            service.environment.append(Settings.Service.Variable(name: "OUT", value: folder))
            service.command = service.command.map { $0.replacingOccurrences(of: "@", with: folder) }
            return service
        }
        self.graces = graces
        let geometry = RingGeometry(arenaSize: arena, descriptorCount: records)
        let files = try RingFiles(creating: geometry, logID: 0xBE1F, now: 1)
        let page = try MemoryFile(named: "page", size: ProcessPage.size)
        supervisor = try ControlWriter(MemoryFile.map(files.control.descriptor.raw, writable: true))
        producer = try RingProducer(
            control: ControlReader(MemoryFile.map(files.control.descriptor.raw, writable: false)),
            log: MemoryFile.map(files.log.descriptor.raw, writable: true),
            outcomes: MemoryFile.map(files.outcomes.descriptor.raw, writable: false),
            page: ProcessPage(MemoryFile.map(page.descriptor.raw, writable: true)))
        self.files = files
        acceptorFile = page
        committerFile = try MemoryFile(named: "page", size: ProcessPage.size)
        try CommitterPage(MemoryFile.map(committerFile.descriptor.raw, writable: true)).commit(to: .max)
        acceptorBell = try EventCounter()
        install()
        for slot in self.services.indices {
            for shard in 0..<self.services[slot].shards { supervisor.grant(slot: slot, shard: shard, to: 0) }
        }
        supervisor.publishGrants()
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func install() {
        var table = 0
        for (slot, service) in services.enumerated() {
            let capacity = (2 * max(service.inFlight, service.concurrency) + 63) / 64 * 64
            supervisor.install(
                ServiceSlot(
                    name: service.name, order: ServiceSlot.Order(rawValue: UInt32(service.order.rawValue)) ?? .none,
                    incarnation: 1, since: 1, shards: service.shards, tableStart: table, tableCapacity: capacity),
                at: slot)
            table += capacity * service.shards
        }
    }

    // MARK: settings

    /// The settings as the supervisor hands them out: each service in the slot of its number.
    var settings: Settings { settings { _ in } }

    /// Changed ones.
    func settings(change: (inout [Settings.Service]) -> Void) -> Settings {
        var settings = Settings()
        settings.services = services
        for slot in services.indices {
            settings.services[slot].placement = .init(slot: slot, incarnation: 1, state: .active)
        }
        change(&settings.services)
        return settings
    }

    /// Lets a slot's service retire at the present head, as the supervisor does behind the acceptor.
    /// - Returns: the settings in which it does.
    func retire(_ state: Settings.Service.Placement.State, slot: Int = 0) throws -> Settings {
        let control = try ControlReader(MemoryFile.map(files.control.descriptor.raw, writable: false))
        var retiring = try control.slot(slot)!
        retiring.state = .retiring
        retiring.retiringAt = producer.next
        supervisor.install(retiring, at: slot)
        for bell in bells.values { bell.value.ring() }
        return settings { $0[slot].placement?.state = state }
    }

    // MARK: workers

    func worker(_ index: Int = 0, settings: Settings? = nil) throws -> Worker {
        let page = try pageFile(index)
        let ring = try RingWorker(
            control: ControlReader(MemoryFile.map(files.control.descriptor.raw, writable: false)),
            log: MemoryFile.map(files.log.descriptor.raw, writable: false),
            outcomes: MemoryFile.map(files.outcomes.descriptor.raw, writable: true),
            page: ProcessPage(MemoryFile.map(page, writable: true)),
            acceptorPage: ProcessPage(MemoryFile.map(acceptorFile.descriptor.raw, writable: false)),
            committerPage: CommitterPage(MemoryFile.map(committerFile.descriptor.raw, writable: false)))
        let context = WorkerContext(
            ring: ring, loop: try EventLoop(), environment: ["PATH=/usr/bin:/bin", "LANG=C"], seed: 7,
            log: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }, graces: graces,
            parking: ParkingContext(committerBell: try EventCounter()) { [shelf] in shelf })
        let bell = Kept(try EventCounter())
        bells[index] = bell
        return try Worker(
            context, index: index, settings: settings ?? self.settings,
            bell: EventCounter(owning: bell.value.descriptor.duplicate()),
            acceptorBell: EventCounter(owning: acceptorBell.descriptor.duplicate()))
    }

    private func pageFile(_ index: Int) throws -> CInt {
        if pages[index] == nil { pages[index] = Kept(try MemoryFile(named: "page", size: ProcessPage.size)) }
        return pages[index]!.value.descriptor.raw
    }

    /// A worker's page as the supervisor sees it.
    func page(_ index: Int = 0) throws -> ProcessPage {
        try ProcessPage(MemoryFile.map(pageFile(index), writable: false))
    }

    func failures(_ index: Int = 0) throws -> [FailureEntry] { try page(index).failures() }

    /// What a worker has confirmed of the grants.
    func grantsApplied(_ index: Int = 0) throws -> UInt64 { try page(index).grantsApplied }
    func acceptorPage() throws -> ProcessPage {
        try ProcessPage(MemoryFile.map(acceptorFile.descriptor.raw, writable: true))
    }
    func acceptorWasRung() -> Bool { acceptorBell.drain() }

    /// Steps the workers until something holds.
    /// - Returns: false if it does not come to hold in time.
    func run(_ workers: Worker..., until holds: () throws -> Bool) throws -> Bool {
        let deadline = Clock.monotonic() + 20_000_000_000
        while Clock.monotonic() < deadline {
            if try holds() { return true }
            for worker in workers where !worker.isFinished {
                _ = try worker.step(until: Clock.monotonic() + 5_000_000)
                try keeper.join(worker)
            }
            try keeper.serve()
        }
        return false
    }

    /// Ends the workers' services, so that nothing is left behind.
    func end(_ workers: Worker...) throws {
        for worker in workers {
            worker.stop()
            while !worker.isFinished { _ = try worker.step() }
        }
    }

    // MARK: messages

    /// Publishes one record.
    @discardableResult
    func publish(
        _ body: String, for slots: [Int] = [0], topic: String = "raw", source: String = "127.0.0.1:9",
        change: (inout RecordMeta) -> Void = { _ in }
    ) -> RingProducer.AppendResult {
        publish(Array(body.utf8), for: slots, topic: topic, source: source, change: change)
    }

    @discardableResult
    func publish(
        _ body: [UInt8], for slots: [Int] = [0], topic: String = "raw", source: String = "127.0.0.1:9",
        change: (inout RecordMeta) -> Void = { _ in }
    ) -> RingProducer.AppendResult {
        var meta = RecordMeta()
        for slot in slots { meta.mask |= 1 << UInt64(slot) }
        meta.time = 1_000_000_000
        meta.wireProtocol = 5
        meta.sourceHash = UInt32(truncatingIfNeeded: source.utf8.reduce(5381) { $0 &* 33 &+ UInt64($1) })
        meta.topicHash = UInt32(truncatingIfNeeded: topic.utf8.reduce(5381) { $0 &* 33 &+ UInt64($1) })
        change(&meta)
        let (topic, source, none) = (Array(topic.utf8), Array(source.utf8), [UInt8]())
        let result = producer.append(
            meta, topic: topic.span, source: source.span, decoded: none.span, body: body.span)
        producer.publish()
        for bell in bells.values { bell.value.ring() }
        return result
    }

    /// Makes the first record's descriptor point out of the arena.
    func corruptFirstRecord() throws {
        let log = FileHandle(fileDescriptor: files.log.descriptor.raw, closeOnDealloc: false)
        let descriptor = RingLayout.Log.descriptors + RingLayout.Log.descriptorStride
        try log.seek(toOffset: UInt64(descriptor + RingLayout.Descriptor.bodyLength))
        try log.write(contentsOf: Data(repeating: 0xFF, count: 4))
    }

    // MARK: what can be seen

    func counts(_ slot: Int = 0) throws -> RingLedger.Service {
        try ledger().service(at: slot)!.counts
    }

    func ledger() throws -> RingLedger {
        try RingLedger(
            control: ControlReader(MemoryFile.map(files.control.descriptor.raw, writable: false)),
            log: MemoryFile.map(files.log.descriptor.raw, writable: false),
            outcomes: MemoryFile.map(files.outcomes.descriptor.raw, writable: false))
    }

    /// As of which version of the grants a slot's first shard was let go of.
    func letGo(_ slot: Int) throws -> UInt64 { try ledger().letGo(slot: slot, shard: 0) }

    /// A shard's lease as a worker has it, to look at.
    func lease(_ slot: Int = 0, shard: Int = 0) throws -> ShardLease {
        let onlooker = try RingWorker(
            control: ControlReader(MemoryFile.map(files.control.descriptor.raw, writable: false)),
            log: MemoryFile.map(files.log.descriptor.raw, writable: false),
            outcomes: MemoryFile.map(files.outcomes.descriptor.raw, writable: true), page: acceptorPage(),
            acceptorPage: acceptorPage())
        onlookers.append(onlooker)
        return try onlooker.lease(slot: slot, shard: shard)
    }

    func delivered(_ slot: Int = 0) throws -> UInt64 { try counts(slot)[.delivered] }
    /// How a shard stands; as good as new while nobody has opened it.
    func status(_ slot: Int = 0, shard: Int = 0) throws -> ShardStatus.Report {
        let shards = try counts(slot).shards
        return shards.indices.contains(shard) ? shards[shard] : ShardStatus.Report()
    }

    /// The lines of a file that services append to; none while it is not there.
    func lines(_ name: String) -> [String] {
        guard let text = try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) else { return [] }
        return text.split(separator: "\n").map(String.init)
    }

    func bytes(_ name: String) -> [UInt8] {
        FileManager.default.contents(atPath: "\(folder)/\(name)").map(Array.init) ?? []
    }
    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(name)") }
    /// Whether there is such a process that has not ended.
    func isRunning(_ pid: String) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
        return !stat.contains(") Z ")
    }

    func kill(_ pid: String) { _ = CInt(pid).map { Glibc.kill($0, SIGKILL) } }
    func write(_ name: String, _ text: String, mode: Int = 0o644) throws {
        try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(folder)/\(name)")
    }
}

extension Settings.Service {
    /// A service whose program is a piece of shell; `$OUT` is the bench's folder.
    static func exec(_ script: String, name: String = "bell", change: (inout Self) -> Void = { _ in }) -> Self {
        var service = Self(name: name, topics: [">"], command: ["/bin/sh", "-c", script])
        service.retry.backoff = .milliseconds(20)
        service.retry.maxBackoff = .milliseconds(100)
        change(&service)
        return service
    }

    static func stream(_ script: String, name: String = "bell", change: (inout Self) -> Void = { _ in }) -> Self {
        exec(script, name: name) {
            $0.mode = .stream
            change(&$0)
        }
    }

    /// Shell that reads a line into `$line`, and its id into `$id`.
    static let readLine = #"IFS= read -r line && id=${line#*'"id":"'} && id=${id%%'"'*}"#
}
