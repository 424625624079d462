// SPDX-License-Identifier: Apache-2.0

import Control
import Glibc
import LinuxIO
import Ring
import Settings
import Testing
import Wire

@testable import Ingress

/// An acceptor on loopback with a ring of its own, stepped by the test's thread; the supervisor's and a worker's ends
/// are in the test's hand.
///
/// Invariant: ports are the kernel's choice and memory is in files without a name, so nothing outlasts the test.
final class TestPort {
    let files: RingFiles
    let supervisor: ControlWriter
    let worker: RingWorker
    let workerBell: EventCounter
    /// What an acceptor is started with.
    private(set) var settings: Settings
    private(set) var acceptor: Acceptor
    private(set) var producer: RingProducer
    private(set) var counters: PageCounters
    private(set) var channel: RoleChannel
    private(set) var bell: CInt = -1
    let udp: Descriptor
    let tcp: Descriptor
    private let page: MemoryFile
    /// As the committer has it.
    let committer: CommitterPage
    let committerBell: EventCounter
    private let committerFile: MemoryFile
    private let workerPage: MemoryFile
    private let observer: RingObserver

    struct Record: Equatable {
        var topic: String
        var body: [UInt8]
        var decoded: String
        var wireProtocol: WireProtocol?
        var mask: UInt64
        var source: String
        var sourceHash: UInt32
        /// Of one that is delivered again.
        var original: OriginalID?

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// - Parameters: records: descriptors of the ring. topics: of the one service, in slot 0. commits: nothing counts as
    ///   durable before the test says so.
    init(
        arena: UInt64 = 1 << 20, records: UInt64 = 4_096, topics: [String] = [">"], commits: Bool = false,
        change: (inout Settings) -> Void = { _ in }
    ) throws {
        Signal.ignoreBrokenPipes()
        let files = try RingFiles(
            creating: RingGeometry(arenaSize: arena, descriptorCount: records), logID: 7, now: 1)
        supervisor = try ControlWriter(MemoryFile.map(files.control.descriptor.raw, writable: true))
        supervisor.install(
            ServiceSlot(
                name: "test", order: .none, incarnation: 1, since: 1, shards: 1, tableStart: 0, tableCapacity: 64),
            at: 0)
        supervisor.grant(slot: 0, shard: 0, to: 0)
        supervisor.publishGrants()
        var settings = Settings()
        settings.version = 1
        settings.port.maxMessage = 1 << 10
        settings.services = [.init(name: "test", topics: topics, command: ["/bin/true"])]
        settings.services[0].placement = .init(slot: 0, incarnation: 1, state: .active)
        change(&settings)
        self.settings = settings
        page = try MemoryFile(named: "page", size: ProcessPage.size)
        workerPage = try MemoryFile(named: "page", size: ProcessPage.size)
        committerFile = try MemoryFile(named: "page", size: ProcessPage.size)
        committer = try CommitterPage(MemoryFile.map(committerFile.descriptor.raw, writable: true))
        committer.commit(to: commits ? 1 : .max)
        committerBell = try EventCounter()
        worker = try RingWorker(
            control: ControlReader(MemoryFile.map(files.control.descriptor.raw, writable: false)),
            log: MemoryFile.map(files.log.descriptor.raw, writable: false),
            outcomes: MemoryFile.map(files.outcomes.descriptor.raw, writable: true),
            page: ProcessPage(MemoryFile.map(workerPage.descriptor.raw, writable: true)),
            acceptorPage: ProcessPage(MemoryFile.map(page.descriptor.raw, writable: false)))
        observer = try RingObserver(log: MemoryFile.map(files.log.descriptor.raw, writable: false))
        let any = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
        udp = try Sockets.udp(any)
        tcp = try Sockets.tcp(any)
        workerBell = try EventCounter()
        let process = try Self.start(
            files, settings, page: page, committerPage: committerFile, committerBell: committerBell.raw,
            workerPage: workerPage, workerBell: workerBell.raw, udp: udp.raw, tcp: tcp.raw)
        acceptor = process.acceptor
        producer = process.producer
        counters = process.counters
        bell = process.bell
        channel = process.takeChannel()
        self.files = files
        try acceptor.begin()
    }

    /// Lets go of the acceptor without a word, as its death would, and lets another one attach.
    func replaceAcceptor() throws {
        use(try process())
        try acceptor.begin()
    }

    /// Another acceptor on the same ring and the same sockets, attached but not begun.
    func process() throws -> Process {
        try Self.start(
            files, settings, page: page, committerPage: committerFile, committerBell: committerBell.raw,
            workerPage: workerPage, workerBell: workerBell.raw, udp: udp.raw, tcp: tcp.raw)
    }

    /// From here on the port is that one's.
    func use(_ process: Process) {
        acceptor = process.acceptor
        producer = process.producer
        counters = process.counters
        bell = process.bell
        channel = process.takeChannel()
    }

    /// Sends changed settings, as the supervisor does; an acceptor that is started later starts with them.
    func send(_ change: (inout Settings) -> Void) throws {
        settings.version += 1
        change(&settings)
        let image = try MemoryFile.holding(SettingsImage.encode(settings).span, named: "settings")
        #expect(channel.send(.settings, passing: image.descriptor.raw) == .sent)
    }

    /// Sends changed settings, and steps until the acceptor says that it uses them.
    func goOver(_ change: (inout Settings) -> Void) throws {
        while heard() != nil {}
        try send(change)
        var answer: RoleMessage?
        try run("it goes over") {
            answer = heard()
            return answer != nil
        }
        #expect(answer == .applied(settingsVersion: settings.version))
    }

    /// A producer on the same ring, for a test that plays the dead predecessor.
    func predecessor() throws -> RingProducer { try Self.producer(files, page, committerFile) }

    /// The next message that it says to the supervisor, if it carries no descriptor.
    func heard() -> RoleMessage? {
        if case .message(let message) = channel.receive() { message } else { nil }
    }

    /// As the supervisor's death would.
    func hangUp() throws {
        try SeqPacketChannel.pair().split { first, _ in channel = RoleChannel(first) }
    }

    // MARK: stepping

    /// Steps the acceptor until it is so, for a minute at most: under a sanitizer 10,000 connections take their time.
    func run(_ what: Comment = "it is so", until isSo: () throws -> Bool) throws {
        let deadline = Clock.monotonic() + 60_000_000_000
        while try !isSo() {
            try #require(Clock.monotonic() < deadline, what)
            _ = try acceptor.step(until: Clock.monotonic() + 20_000_000)
        }
    }

    /// Steps until the ledger has received so many notifications.
    func receive(_ count: UInt64) throws {
        try run("\(count) notifications are counted") { producer.intake.received >= count }
    }

    /// Steps until the acceptor has ended.
    func runToEnd() throws -> Acceptor.Progress {
        let deadline = Clock.monotonic() + 10_000_000_000
        while Clock.monotonic() < deadline {
            let progress = try acceptor.step(until: Clock.monotonic() + 20_000_000)
            if progress != .running { return progress }
        }
        return .running
    }

    // MARK: looking

    /// All records published since the last call.
    func records() -> [Record] {
        var records: [Record] = []
        while let header = observer.read(before: observer.head, where: { _, _ in true }) {
            let payload = observer.payload
            records.append(
                Record(
                    topic: String(decoding: payload[header.topic], as: UTF8.self), body: Array(payload[header.body]),
                    decoded: String(decoding: payload[header.decoded], as: UTF8.self),
                    wireProtocol: WireProtocol(rawValue: header.wireProtocol), mask: header.mask,
                    source: String(decoding: payload[header.source], as: UTF8.self), sourceHash: header.sourceHash,
                    original: header.originalID.flatMap { OriginalID(payload[$0].span) }))
        }
        return records
    }

    func refused(_ refusal: Refusal) -> UInt64 { producer.intake.refused(Int(refusal.rawValue)) }

    /// Resolves every record that is published, as the service would.
    func deliverAll() throws {
        let lease = try worker.lease(slot: 0, shard: 0)
        lease.settleAll(to: worker.head, .delivered)
        if worker.spaceIsAwaited() { EventCounter.ring(bell) }
    }

    func connect() throws -> TestClient { try TestClient(tcp.raw) }

    /// Sends datagrams from one socket.
    func send(_ datagrams: [[UInt8]]) throws {
        let name = try SocketFacts.name(of: udp.raw)
        let socket = try Sockets.udpConnect(try #require(name))
        for datagram in datagrams { #expect(try Sockets.send(socket.raw, datagram.span)) }
    }

    /// Sends bytes as a train of datagrams of one size, the last one shorter (UDP_SEGMENT, udp(7)).
    func sendTrain(_ text: String, segment: CInt) throws {
        let name = try SocketFacts.name(of: udp.raw)
        let socket = try Sockets.udpConnect(try #require(name))
        var size = segment
        // Holds: the option is an int, and lives for the call.
        #expect(unsafe setsockopt(socket.raw, CInt(IPPROTO_UDP), 103, &size, 4) == 0)
        #expect(try Sockets.send(socket.raw, Array(text.utf8).span))
    }

    func send(_ datagrams: String...) throws { try send(datagrams.map { Array($0.utf8) }) }

    // MARK: making

    final class Process {
        let acceptor: Acceptor
        let producer: RingProducer
        let counters: PageCounters
        let bell: CInt
        private var channel: RoleChannel?

        init(
            _ acceptor: Acceptor, _ producer: RingProducer, _ counters: PageCounters, bell: CInt,
            _ channel: consuming RoleChannel
        ) {
            self.acceptor = acceptor
            self.producer = producer
            self.counters = counters
            self.bell = bell
            self.channel = consume channel
        }

        func takeChannel() -> RoleChannel { channel.take()! }
    }

    private static func producer(
        _ files: borrowing RingFiles, _ page: borrowing MemoryFile, _ committerPage: borrowing MemoryFile
    ) throws -> RingProducer {
        try RingProducer(
            control: ControlReader(MemoryFile.map(files.control.descriptor.raw, writable: false)),
            log: MemoryFile.map(files.log.descriptor.raw, writable: true),
            outcomes: MemoryFile.map(files.outcomes.descriptor.raw, writable: false),
            page: ProcessPage(MemoryFile.map(page.descriptor.raw, writable: true)),
            committerPage: CommitterPage(MemoryFile.map(committerPage.descriptor.raw, writable: false)))
    }

    private static func start(
        _ files: borrowing RingFiles, _ settings: Settings, page: borrowing MemoryFile,
        committerPage: borrowing MemoryFile, committerBell: CInt, workerPage: borrowing MemoryFile, workerBell: CInt,
        udp: CInt, tcp: CInt
    ) throws -> Process {
        let producer = try producer(files, page, committerPage)
        let counters = try PageCounters(ProcessPage(MemoryFile.map(page.descriptor.raw, writable: true)))
        let workers = WorkerBells()
        workers.set(page: try ProcessPage(MemoryFile.map(workerPage.descriptor.raw, writable: false)), at: 0)
        workers.set(bell: EventCounter(owning: try Descriptor.duplicate(workerBell)), at: 0)
        workers.settle()
        var near: RoleChannel?
        var far: RoleChannel?
        try SeqPacketChannel.pair().split { first, second in
            near = RoleChannel(first)
            far = RoleChannel(second)
        }
        let bell = try EventCounter()
        let raw = bell.raw
        let acceptor = try Acceptor(
            try AcceptorParts(
                settings: settings, producer: producer,
                control: ControlReader(MemoryFile.map(files.control.descriptor.raw, writable: false)),
                counters: counters, workers: workers, bell: bell,
                committerBell: EventCounter(owning: try Descriptor.duplicate(committerBell)), channel: far.take()!,
                udp: try Descriptor.duplicate(udp), tcp: try Descriptor.duplicate(tcp)))
        return Process(acceptor, producer, counters, bell: raw, near.take()!)
    }
}
