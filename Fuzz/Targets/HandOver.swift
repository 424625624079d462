// SPDX-License-Identifier: Apache-2.0
/// What an acceptor gets of a predecessor that is out to hurt it: frames, connections with bytes that were read and not worked
/// off, and descriptors beside them, more or fewer than there should be.
///
/// Invariant: nobody crashes or hangs; what was not taken is closed, and what was taken is served by the acceptor's own rules:
/// no connection and no record is left that could not be.

import Control
import Ingress
import LinuxIO
import Ring
import Settings
import Wire

/// The first byte says how many descriptors come along and whether the predecessor ends then, the second how many of the
/// last bytes are what the clients send once they are taken over; what lies between is what the predecessor says.
func fuzzHandOver(_ bytes: Span<UInt8>) {
    guard bytes.count > 2 else { return }
    let end = bytes.count - min(Int(bytes[1]), bytes.count - 2)
    let words = bytes.extracting(2..<end)
    checkFrames(words)
    let clients = (0..<Int(bytes[0] & 7)).compactMap { _ in try? FuzzedClient() }
    takeOver(words, clients, endsThen: bytes[0] & 8 != 0, bytes.extracting(end..<bytes.count))
    for client in clients { require(client.isClosed(), "a connection is open that nobody has") }
}

/// What is a frame is read the same when it is written again, and needs no byte behind it.
private func checkFrames(_ bytes: Span<UInt8>) {
    var start = 0
    while case .frame(let frame, let count) = HandOverFrame.next(
        in: bytes.extracting(start..<bytes.count), limit: 4_096)
    {
        require(count > 4 && count <= bytes.count - start, "a frame out of place")
        let written = ByteBuffer(limit: 1 << 16)
        frame.append(to: written)
        let again = written.withReadable { HandOverFrame.next(in: $0, limit: 4_096) }
        require(again == .frame(frame, written.count) || isOtherVersion(frame), "a frame is not read back")
        start += count
    }
}

/// Of such a one only the version is read.
private func isOtherVersion(_ frame: HandOverFrame) -> Bool {
    if case .frozen(let frozen) = frame { frozen.version != HandOverFrame.version } else { false }
}

/// Ends with the acceptor gone, however far it came.
private func takeOver(_ words: Span<UInt8>, _ clients: [FuzzedClient], endsThen: Bool, _ said: Span<UInt8>) {
    unsafe handedRing.restore()
    guard let successor = unsafe try? Successor(on: handedRing) else { fatalError("no acceptor to hand over to") }
    successor.hear(words, clients)
    if endsThen { successor.predecessorEnds() }
    do {
        guard try successor.adopts() else { return }
        for client in clients { client.send(said) }
        try successor.serve()
        for client in clients { client.ends() }
        try successor.serve()
    } catch {
        // Refused: the process would end, and its predecessor go on.
    }
    successor.checkRing()
}

/// The other end of a connection that is handed over.
private final class FuzzedClient {
    private let near: Descriptor
    private var far: Descriptor?

    init() throws {
        let pair = try SocketPair.make()
        far = try pair.theirs.duplicate()
        near = pair.takeOurs()
    }

    /// What is handed over, until it was.
    var raw: CInt { far?.raw ?? -1 }
    func isHandedOver() { far = nil }

    func send(_ bytes: Span<UInt8>) { _ = Descriptor.write(near.raw, bytes) }
    func ends() { Sockets.shutdownWriting(near.raw) }

    /// Whether the other end is closed, behind whatever it has answered.
    func isClosed() -> Bool {
        let buffer = ByteBuffer(limit: 1 << 20)
        while true {
            switch buffer.receive(from: near.raw) {
            case .bytes(let count): buffer.consume(count)
            case .wouldBlock: return false
            case .closed, .full, .failed: return true
            }
        }
    }
}

/// A ring with one service and one sender, as it is before each input.
private final class HandedRing {
    private let files: RingFiles
    private let page: MemoryFile
    private var areas: [RingArea] = []

    init() throws {
        files = try RingFiles(creating: RingGeometry(arenaSize: 4_096, descriptorCount: 16), logID: 7, now: 1)
        page = try MemoryFile(named: "page", size: ProcessPage.size)
        let control = try ControlWriter(MemoryFile.map(files.control.descriptor.raw, writable: true))
        control.install(
            ServiceSlot(
                name: "test", order: .none, incarnation: 1, since: 1, shards: 1, tableStart: 0, tableCapacity: 4),
            at: 0)
        control.grant(slot: 0, shard: 0, to: 0)
        control.publishGrants()
        let producer = try producer()
        if let sender = producer.hold(SenderID(high: 1, low: 2)) { producer.release(sender) }
        areas = RingArea.log(files.log.descriptor.raw) + [RingArea(page.descriptor.raw, 0, ProcessPage.size)]
    }

    func restore() { for area in areas { area.restore() } }

    func control() throws -> ControlReader {
        try ControlReader(MemoryFile.map(files.control.descriptor.raw, writable: false))
    }

    func producer() throws -> RingProducer {
        try RingProducer(
            control: control(), log: MemoryFile.map(files.log.descriptor.raw, writable: true),
            outcomes: MemoryFile.map(files.outcomes.descriptor.raw, writable: false), page: counters())
    }

    func counters() throws -> ProcessPage { try ProcessPage(MemoryFile.map(page.descriptor.raw, writable: true)) }

    func observer() throws -> RingObserver {
        try RingObserver(log: MemoryFile.map(files.log.descriptor.raw, writable: false))
    }
}

nonisolated(unsafe) private let handedRing = {
    do { return try HandedRing() } catch { fatalError("no ring to hand over: \(error)") }
}()

/// An acceptor that takes over that ring, and the predecessor's end.
private final class Successor {
    private let ring: HandedRing
    private let takeOver: TakeOver
    private let acceptor: Acceptor
    private let supervisor: RoleChannel
    private var predecessor: Descriptor?

    init(on ring: HandedRing) throws {
        self.ring = ring
        var settings = Settings()
        settings.version = 1
        settings.port.maxMessage = 1 << 10
        settings.services = [.init(name: "test", topics: [">"], command: ["/bin/true"])]
        settings.services[0].placement = .init(slot: 0, incarnation: 1, state: .active)
        var near: RoleChannel?
        var far: RoleChannel?
        var raw: CInt = -1
        try SeqPacketChannel.pair().split { first, second in
            raw = second.raw
            near = RoleChannel(first)
            far = RoleChannel(second)
        }
        let pair = try SocketPair.make()
        takeOver = try TakeOver(pair.theirs.duplicate(), channel: raw)
        predecessor = pair.takeOurs()
        acceptor = try Acceptor(
            AcceptorParts(
                settings: settings, producer: ring.producer(), control: ring.control(),
                counters: PageCounters(ring.counters()), workers: WorkerBells(), bell: EventCounter(),
                channel: far.take()!, udp: nil, tcp: nil))
        supervisor = near.take()!
    }

    func hear(_ words: Span<UInt8>, _ clients: [FuzzedClient]) {
        let bytes = ByteBuffer(limit: 1 << 16)
        bytes.append(words)
        if let predecessor = predecessor?.raw { _ = bytes.send(to: predecessor, passing: clients.map(\.raw)) }
        for client in clients { client.isHandedOver() }
    }

    func predecessorEnds() { predecessor = nil }

    func adopts() throws -> Bool {
        guard try takeOver.begin(), try acceptor.adopt(from: takeOver) else { return false }
        try acceptor.begin(behind: takeOver)
        return true
    }

    /// Some rounds without waiting.
    func serve() throws {
        for _ in 0..<4 { _ = try acceptor.step(until: Clock.monotonic()) }
    }

    /// What was published can be read.
    func checkRing() {
        guard let observer = try? ring.observer() else { fatalError("the ring can't be looked at any more") }
        observer.seek(to: 1)
        let head = observer.head
        var count: UInt64 = 0
        while let header = observer.read(before: head, where: { _, _ in true }) {
            require(observer.payload.count >= header.body.upperBound, "a body outside of its record")
            count += 1
        }
        require(count == head - 1, "a record that can't be read")
    }
}
