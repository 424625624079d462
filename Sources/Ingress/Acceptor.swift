// SPDX-License-Identifier: Apache-2.0

import Control
package import LinuxIO
import Reactor
import Ring
import Settings

/// The acceptor's loop: the port's sockets, the connections, its bell and its channel, on one thread.
///
/// AcceptorRole makes it and calls `begin`, then `step` until it has ended. Everything that a round takes in is
/// published by one store at its end; then the sleeping workers or the committer are woken, then the senders are acked.
/// Invariant: nobody is acked for what is not published, and the loop sleeps only when it has nothing to do.
package final class Acceptor {
    package enum Progress: Equatable, Sendable {
        case running
        /// Drained or told to stop.
        case ended
        /// The supervisor is gone.
        case orphaned
    }

    enum Kind {
        static let datagrams: UInt8 = 3
        static let bell: UInt8 = 4
        static let channel: UInt8 = 5
        static let successor: UInt8 = 7
    }

    /// A round is published early when it has taken in so many records: acks and workers should not wait for it all.
    private static let recordsPerBatch: UInt64 = 4096

    let loop: EventLoop
    let intake: Intake
    let connections: Connections
    let replays: ReplayIntake
    let listener: Listener?
    let channel: RoleChannel
    var datagrams: DatagramIntake
    var udp: Descriptor?
    var udpWatch: Watch?
    private var pace = DatagramPace()
    var gathering: Gathering
    let counters: PageCounters
    private let control: ControlReader
    let workers: WorkerBells
    /// Those that are in use.
    var settingsVersion: UInt64
    /// Settings that wait for the end of the round.
    var coming: Settings?
    /// A successor that waits for it.
    var successor: Descriptor?
    /// From here on it does nothing else, until that has taken everything or is gone.
    var handOver: HandOver?
    let bell: EventCounter
    let committerBell: EventCounter?
    /// As the page says it.
    var isTight = false
    /// The committers' presence as of the last time that the supervisor was told of a tight ring.
    var committerAsked: UInt64?
    private var drain: (deadline: UInt64, keepSocketQueue: Bool)?
    var progress = Progress.running

    package init(_ parts: consuming AcceptorParts) throws(SystemCallError) {
        let loop = try EventLoop()
        self.loop = loop
        intake = parts.intake
        counters = parts.counters
        control = parts.control
        workers = parts.workers
        settingsVersion = parts.settingsVersion
        gathering = parts.gathering
        bell = parts.bell
        committerBell = parts.committerBell
        channel = parts.channel
        datagrams = DatagramIntake(intake: parts.intake, page: parts.counters)
        connections = Connections(
            intake: parts.intake, counters: parts.counters, loop: loop, limits: parts.limits)
        replays = ReplayIntake(parts.intake, loop, parts.slots)
        udp = parts.udp
        if let socket = parts.tcp {
            listener = try Listener(
                socket: socket, loop: loop, counters: parts.counters, limit: parts.maxConnections)
        } else {
            listener = nil
        }
    }

    /// Finishes what a dead predecessor began, before anything new is looked at, and says `ready`.
    package func begin() throws(SystemCallError) {
        intake.time = Clock.realtime()
        counters.setConnections(connections.count)
        writeDown(settingsVersion)
        datagrams.recover()
        intake.publish()
        // A predecessor may have died between its publish and its bells, or its word that the ring is tight.
        workers.ringAll()
        committerBell?.ring()
        counters.page.isTight = false
        // Edge-triggered: each ring wakes, and the counter need not be read.
        _ = try loop.watch(bell.raw, Subject(kind: Kind.bell), .readable, edge: true)
        _ = try loop.watch(channel.raw, Subject(kind: Kind.channel), .readable)
        if let raw = udp?.raw {
            try Descriptor.setNonBlocking(raw)
            // A kernel that has no offload only costs more calls.
            try? SocketOptions.setUDPOffload(raw)
            udpWatch = try loop.watch(raw, Subject(kind: Kind.datagrams), .readable)
        }
        answerWatchdog()
        CurrentProcess.forgetStart()
        _ = channel.send(.ready(settingsVersion: settingsVersion))
    }

    /// One round. Waits until there is something to do, `limit` (CLOCK_MONOTONIC) at most.
    package func step(until limit: UInt64? = nil) throws -> Progress {
        if let handOver { return try goOn(with: handOver, until: limit) }
        if gathering.pause > 0, drain == nil {
            Clock.sleep(until: min(limit ?? .max, Clock.monotonic() &+ gathering.pause))
        }
        let end = pace.isPolling ? min(limit ?? .max, pace.nextLook) : limit
        try sleep(until: end)
        intake.time = Clock.realtime()
        connections.resume()
        if pace.isPolling { try readDatagramsIfDue() }
        while let event = loop.nextEvent() {
            try handle(event)
            if intake.producer.next &- intake.producer.published >= Self.recordsPerBatch { settle() }
        }
        while let due = loop.nextDue() { try expire(due) }
        settle()
        gathering.published(to: intake.producer.published)
        try goOver()
        if let drain, progress == .running { try finish(drain.deadline, keepSocketQueue: drain.keepSocketQueue) }
        if progress == .running, let successor = successor.take() { try beginHandOver(to: successor) }
        return progress
    }

    /// Publishes what was taken in, wakes the workers that sleep, and acks it: a delivery takes longer than an ack.
    func settle() {
        intake.publish()
        wakeReaders()
        FaultPoint.reach(.bellsRung)
        connections.settle()
        FaultPoint.reach(.acksSent)
        replays.settle()
    }

    func handle(_ event: EventLoop.Event) throws {
        switch event.subject.kind {
        case Connections.kind: connections.handle(Int(event.subject.index), event.events)
        case Listener.kind: try listener?.accept(into: connections)
        case Kind.datagrams: try readDatagrams()
        case Kind.bell: hearBell()
        case ReplayIntake.kind: replays.handle()
        default: try hearSupervisor()
        }
    }

    /// Reads a batch, and watches the socket or leaves it to the clock from now on.
    private func readDatagrams() throws(SystemCallError) {
        guard let raw = udp?.raw else { return }
        let found = try datagrams.receive(from: raw)
        var new = pace
        new.looked(at: loop.now, found: found, isAll: found < datagrams.batchLimit)
        if new.isPolling != pace.isPolling { try watchDatagrams(!new.isPolling) }
        pace = new
    }

    private func readDatagramsIfDue() throws(SystemCallError) {
        if pace.nextLook <= loop.now { try readDatagrams() }
    }

    /// A watch that waits for nothing would not do: each datagram that comes would still look at it, in its sender's time.
    private func watchDatagrams(_ isWatched: Bool) throws(SystemCallError) {
        if let udpWatch { loop.unwatch(udpWatch) }
        udpWatch = nil
        if isWatched, let raw = udp?.raw {
            udpWatch = try loop.watch(raw, Subject(kind: Kind.datagrams), .readable)
        }
    }

    /// No connection goes on any more, but the supervisor must not take us for stuck, and may have had enough.
    func handleWhileEnding(_ event: EventLoop.Event) throws {
        switch event.subject.kind {
        case Connections.kind: connections.handleWhileEnding(Int(event.subject.index))
        case Kind.bell: answerWatchdog()
        case Kind.channel: try hearSupervisor()
        default: break
        }
    }

    func expire(_ due: Subject) throws(SystemCallError) {
        switch due.kind {
        case Connections.kind: connections.expire(Int(due.index))
        case ReplayIntake.kind: replays.resume()
        default: try listener?.start()
        }
    }

    /// A worker has made room, or the supervisor asks whether we live.
    private func hearBell() {
        connections.resume()
        answerWatchdog()
    }

    func answerWatchdog() { counters.page.answer(control.question) }

    func hearSupervisor() throws {
        while true {
            switch channel.receive() {
            case .message(.drain(let deadline, let keep)): drain = (deadline, keep)
            case .message(.stop): progress = .ended
            // What only we may say, or what a later version might: nothing to be done.
            case .message: break
            case .passed(let message, let descriptor): try take(message, descriptor)
            case .malformed: break
            case .wouldBlock: return
            case .closed: return progress = .orphaned
            case .failed: return progress = .orphaned
            }
        }
    }
}
