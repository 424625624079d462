// SPDX-License-Identifier: Apache-2.0
/// A real Acceptor on loopback, stepped; the sender and the worker are played.
///
/// Invariant: a batch is through when all of it is published, and acked where the protocol acks; then its records have
/// their outcome, so that the ring never fills up.

import Control
import Ingress
import LinuxIO
import Ring
import Settings

/// Who sends to the acceptor.
protocol Feed: AnyObject {
    var batch: Int { get }
    func connect(udp: SocketAddress, tcp: SocketAddress) throws
    /// Sends a batch, without waiting.
    func send() throws
    /// Reads what has come back.
    /// - Returns: whether everything sent is acked.
    func isAcked() throws -> Bool
}

final class AcceptorDrive: Scenario {
    private let feeder: any Feed
    private let ring: CountedRing
    private let acceptor: Acceptor
    private let producer: RingProducer
    private let worker: RingWorker
    private let lease: ShardLease
    private var supervisor: RoleChannel?
    private var fed: UInt64 = 0

    var batch: Int { feeder.batch }

    init(_ feeder: any Feed) throws {
        self.feeder = feeder
        ring = try CountedRing(Settings.Service(name: "bell", topics: [">"], command: ["/bin/true"]))
        producer = try ring.producer()
        worker = try ring.worker()
        lease = try worker.lease(slot: 0, shard: 0)
        let any = SocketAddress(numeric: "127.0.0.1", port: 0)!
        let udp = try Sockets.udp(any)
        let tcp = try Sockets.tcp(any)
        let names = (udp: try SocketFacts.name(of: udp.raw)!, tcp: try SocketFacts.name(of: tcp.raw)!)
        let workers = WorkerBells()
        workers.set(page: try ring.page(ring.workerPage, writable: false), at: 0)
        workers.set(bell: EventCounter(owning: try ring.workerBell.descriptor.duplicate()), at: 0)
        workers.settle()
        var near: RoleChannel?
        var far: RoleChannel?
        try SeqPacketChannel.pair().split {
            near = RoleChannel($0)
            far = RoleChannel($1)
        }
        acceptor = try Acceptor(
            try AcceptorParts(
                settings: ring.settings, producer: producer, control: ring.control(),
                counters: PageCounters(ring.page(ring.acceptorPage)), workers: workers,
                bell: EventCounter(owning: ring.acceptorBell.descriptor.duplicate()),
                channel: far.take()!, udp: udp, tcp: tcp))
        supervisor = near.take()!
        try acceptor.begin()
        try feeder.connect(udp: names.udp, tcp: names.tcp)
    }

    func feed() throws {
        try feeder.send()
        fed += UInt64(batch)
    }

    func step() throws {
        guard try acceptor.step(until: Clock.monotonic() + 1_000_000_000) == .running else {
            throw Fault("the acceptor has ended")
        }
    }

    func isThrough() throws -> Bool {
        guard try feeder.isAcked(), producer.published == fed + 1 else { return false }
        _ = lease.settleAll(to: worker.head, .delivered)
        lease.raiseFloor(to: worker.head)
        return true
    }
}
