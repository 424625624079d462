// SPDX-License-Identifier: Apache-2.0
/// Acceptors as processes of their own, started with what a supervisor gives them; its end is in the test's hand.
/// Used by HandOverProcessTests.
/// Invariant: they die with the test's thread or with their rig, and their memory is in files without a name.

import Control
import Foundation
import LinuxIO
import Ring
import Settings
import Testing

/// A ring, a port and all else that acceptors share.
final class ProcessRig {
    private let files: RingFiles
    private let supervisor: ControlWriter
    private let settings: MemoryFile
    private let pages: [String: Kept]
    private let fence: MemoryFile
    private let bell: EventCounter
    private let workerBell: EventCounter
    private let committerBell: EventCounter
    let tcp: Descriptor
    private let udp: Descriptor
    private let observer: RingObserver
    private let counters: ProcessPage
    /// They live as long as this does.
    private var started: [AcceptorProcess] = []

    private final class Kept {
        let file: MemoryFile
        init() throws { file = try MemoryFile(named: "page", size: ProcessPage.size) }
    }

    init() throws {
        Signal.ignoreBrokenPipes()
        let files = try RingFiles(
            creating: RingGeometry(arenaSize: 1 << 24, descriptorCount: 1 << 16), logID: 7, now: 1)
        supervisor = try ControlWriter(MemoryFile.map(files.control.descriptor.raw, writable: true))
        supervisor.install(
            ServiceSlot(
                name: "test", order: .none, incarnation: 1, since: 1, shards: 1, tableStart: 0, tableCapacity: 64),
            at: 0)
        var settings = Settings()
        settings.version = 1
        settings.port.maxConnections = 20_000
        settings.services = [.init(name: "test", topics: [">"], command: ["/bin/true"])]
        settings.services[0].placement = .init(slot: 0, incarnation: 1, state: .active)
        self.settings = try MemoryFile.holding(SettingsImage.encode(settings).span, named: "settings")
        let names = ["page", "committer-page", "page-64"]
        pages = try Dictionary(uniqueKeysWithValues: names.map { ($0, try Kept()) })
        fence = try MemoryFile(named: "fence", size: 1)
        bell = try EventCounter()
        workerBell = try EventCounter()
        committerBell = try EventCounter()
        let any = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
        tcp = try Sockets.tcp(any)
        udp = try Sockets.udp(any)
        observer = try RingObserver(log: MemoryFile.map(files.log.descriptor.raw, writable: false))
        let page = try #require(pages["page"])
        counters = try ProcessPage(MemoryFile.map(page.file.descriptor.raw, writable: false))
        // Nothing waits for the disk.
        let committer = try #require(pages["committer-page"])
        try CommitterPage(MemoryFile.map(committer.file.descriptor.raw, writable: true)).commit(to: .max)
        self.files = files
    }

    /// Connections that are open now, as the page says it.
    var open: UInt64 { counters.counter(0) }

    /// The bodies published since the last call.
    func bodies() -> [String] {
        var bodies: [String] = []
        while let header = observer.read(before: observer.head, where: { _, _ in true }) {
            bodies.append(String(decoding: observer.payload[header.body], as: UTF8.self))
        }
        return bodies
    }

    func send(_ datagram: String) throws {
        let name = try SocketFacts.name(of: udp.raw)
        let socket = try Sockets.udpConnect(try #require(name))
        #expect(try Sockets.send(socket.raw, Array(datagram.utf8).span))
    }

    /// As behind a death.
    func raiseEpoch() { supervisor.beginEpoch() }

    /// - Parameters: predecessor: its end of the stream. limit: of descriptors. fault: where it dies.
    func start(predecessor: CInt? = nil, limit: UInt64? = nil, fault: FaultPoint? = nil) throws -> AcceptorProcess {
        var named: [(String, CInt)] = [
            ("fence", fence.descriptor.raw), ("settings", settings.descriptor.raw),
            ("control", files.control.descriptor.raw), ("log", files.log.descriptor.raw),
            ("outcomes", files.outcomes.descriptor.raw), ("bell", bell.raw), ("committer-bell", committerBell.raw),
            ("bell-64", workerBell.raw), ("udp", udp.raw), ("tcp", tcp.raw),
        ]
        named += pages.map { ($0.key, $0.value.file.descriptor.raw) }
        if let predecessor { named.append(("predecessor", predecessor)) }
        let limits = limit.map { [(ResourceLimit.descriptors.resource, $0, $0)] } ?? []
        let process = try AcceptorProcess(named, limits, fault.map { ["BELFRY_FAULT=\($0.rawValue):1"] } ?? [])
        started.append(process)
        return process
    }
}

/// One of them.
final class AcceptorProcess {
    private let process: ProcessDescriptor
    private let channel: RoleChannel
    private var ended: LinuxIO.ExitStatus?

    init(
        _ named: [(String, CInt)], _ limits: [(resource: CInt, soft: UInt64, hard: UInt64)], _ environment: [String]
    ) throws {
        var near: SeqPacketChannel?
        var far: SeqPacketChannel?
        try SeqPacketChannel.pair().split { first, second in
            near = consume first
            far = consume second
        }
        guard let channel = near.take(), let theirs = far.take() else { throw SystemCallError.timedOut("channel") }
        let all = named + [("channel", theirs.raw)]
        let plan = try LaunchPlan(
            LaunchRequest(
                path: Self.executable, arguments: ["belfryd", "acceptor"], environment: environment,
                descriptors: [(1, 1), (2, 2)] + all.enumerated().map { ($1.1, CInt($0) + 3) },
                listenNames: all.map(\.0), limits: limits, parentDeathSignal: Signal.kill))
        process = try plan.launch()
        self.channel = RoleChannel(channel)
    }

    deinit {
        process.send(Signal.kill)
        _ = try? end()
    }

    /// The next that it says; nil when it is gone.
    func hear() throws -> RoleMessage? {
        while true {
            switch channel.receive() {
            case .message(let message): return message
            case .closed: return nil
            case .failed: return nil
            case .wouldBlock: try wait(channel.raw)
            case .passed: Issue.record("it says what it may not say")
            case .malformed: Issue.record("it says what nobody understands")
            }
        }
    }

    /// Has it hand over to whoever has the other end.
    func handOver(to stream: CInt) { #expect(channel.send(.handOver, passing: stream) == .sent) }

    /// How it ended.
    func end() throws -> LinuxIO.ExitStatus {
        if ended == nil {
            try wait(process.raw)
            ended = process.reap()
        }
        return try #require(ended)
    }

    private func wait(_ raw: CInt) throws {
        let poller = try Poller(capacity: 1)
        try poller.add(raw, token: 0, events: .readable)
        guard try poller.wait(timeoutNanoseconds: 30_000_000_000) > 0 else { throw SystemCallError.timedOut("wait") }
    }

    /// The one that was built with this test bundle.
    private static let executable: String = {
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments[0]
        var folder = URL(fileURLWithPath: bundle).deletingLastPathComponent()
        while folder.path.contains(".xctest") { folder.deleteLastPathComponent() }
        return folder.appendingPathComponent("belfryd").path
    }()
}
