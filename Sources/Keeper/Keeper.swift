// SPDX-License-Identifier: Apache-2.0
/// The keeper's loop: takes what is to be kept from all its sockets, commits it together, says so, and answers questions.
///
/// KeeperRole makes it and calls `step` until it has ended.
/// Invariant: KEPT goes out only behind the commit; while the store can't be written nothing more is read, so that what
/// waits stays with those who sent it.

package import Control
package import LinuxIO
import Reactor
import Wire

package final class Keeper {
    package enum Progress: Equatable, Sendable {
        case running
        /// Told to stop, and everything that was read is kept.
        case ended
        /// The supervisor is gone.
        case orphaned
        /// The store was damaged and is set aside: the next keeper begins a new one.
        case damaged
    }

    private enum Kind {
        static let channel: UInt8 = 1
        static let peer: UInt8 = 2
        static let session: UInt8 = 3
    }

    /// How long until a commit that failed is tried again, ns.
    private static let pause: UInt64 = 1_000_000_000

    private let store: KeeperStore
    private let loop: EventLoop
    private let channel: RoleChannel
    private let idleTime: UInt64
    private var peers: [Int: KeeperPeer] = [:]
    private var sessions: [Int: KeeperSession] = [:]
    private var nextPlace = 0
    private var replays: ReplayDesk
    /// Read, and not on the disk yet: whose, under which number.
    private var pending: [(peer: Int, number: UInt64, record: KeeperStore.Record)] = []
    /// When it is tried again to write, if that failed, and why it did.
    private var retryAt: UInt64?
    private var trouble: String?
    private var idleSince: UInt64
    private var hasRested = false
    private var isStopping = false

    /// - Parameters: `supervisor`: the end of a socket on which the supervisor sends its notes. `idleTime`: ns without
    ///   work until the keeper offers to leave.
    package init(
        _ store: KeeperStore, channel: consuming RoleChannel, supervisor: consuming Descriptor,
        idleTime: UInt64 = 60_000_000_000
    ) throws {
        let loop = try EventLoop()
        self.loop = loop
        self.store = store
        self.channel = channel
        self.idleTime = idleTime
        replays = try ReplayDesk(store)
        idleSince = loop.now
        _ = try loop.watch(self.channel.raw, Subject(kind: Kind.channel), .readable)
        try adopt(.supervisor, supervisor)
    }

    /// Says that it is ready, and what it found wrong.
    package func begin() {
        _ = channel.send(.ready(settingsVersion: 0))
        guard let aside = store.setAside else { return }
        tell(.corruption, "\(store.path) was no database, or damaged; set aside as \(aside)")
    }

    private func tell(_ kind: Incident.Kind, _ words: String) { _ = channel.send(.incident(Incident(kind, "", words))) }

    /// One round; waits until there is something to do, `limit` (monotonic ns) at most.
    package func step(until limit: UInt64? = nil) throws -> Progress {
        do {
            return try round(until: limit)
        } catch let error where KeeperStore.isDamage(error) {
            let aside = try store.putAside()
            tell(.corruption, "\(StoreFault(store.path, error)); set aside as \(aside)")
            return .damaged
        }
    }

    private func round(until limit: UInt64?) throws -> Progress {
        let idleEnd = hasRested || !isIdle ? UInt64.max : idleSince.addingClamped(idleTime)
        let again = replays.isStuck ? Clock.monotonic() &+ Self.pause : UInt64.max
        let deadline = min(limit ?? .max, retryAt ?? .max, idleEnd, again)
        try loop.wait(blocking: !isStopping || !isIdle, until: deadline == .max ? nil : deadline)
        var progress = Progress.running
        while let event = loop.nextEvent() {
            switch event.subject.kind {
            case Kind.channel: progress = try obey()
            case Kind.peer: receive(from: Int(event.subject.index))
            default: sessions[Int(event.subject.index)]?.hear()
            }
            if progress == .orphaned { return progress }
        }
        try commit()
        try pump()
        try endSessions()
        rest()
        return isStopping && isIdle ? .ended : .running
    }

    private var isIdle: Bool { pending.isEmpty && sessions.isEmpty && (isStopping || !replays.isWaiting) }

    // MARK: the supervisor

    private func obey() throws -> Progress {
        while true {
            switch channel.receive() {
            case .message(.stop): isStopping = true
            case .passed(.keeping(let place), let socket): try adopt(place == 0 ? .acceptor : .worker, socket)
            case .passed(.ask(let question), let socket): try answer(question, socket)
            // Of a version that we do not know.
            case .message: continue
            case .passed: continue
            case .malformed: continue
            case .wouldBlock: return .running
            case .closed: return .orphaned
            case .failed: return .orphaned
            }
        }
    }

    private func adopt(_ side: KeeperPeer.Side, _ socket: consuming Descriptor) throws {
        let place = take()
        // What a dead acceptor has said comes before what its successor says.
        if side == .acceptor { for (place, peer) in peers where peer.side == side { hearLast(of: peer, at: place) } }
        let peer = try KeeperPeer(side, socket, loop, Subject(kind: Kind.peer, index: UInt32(place)))
        peer.pause(retryAt != nil)
        peers[place] = peer
        if side == .acceptor { try replays.begin(with: peer) }
    }

    private func hearLast(of peer: KeeperPeer, at place: Int) {
        receive(from: place)
        replays.end(with: peer)
        peers[place] = nil
    }

    private func take() -> Int {
        nextPlace += 1
        touch()
        return nextPlace
    }

    private func touch() {
        idleSince = Clock.monotonic()
        hasRested = false
    }

    /// Offers to leave, once; the supervisor says stop if nothing is on its way to us.
    private func rest() {
        guard isIdle, !hasRested, !isStopping, Clock.monotonic() >= idleSince.addingClamped(idleTime) else { return }
        hasRested = true
        _ = channel.send(.drained)
    }

    // MARK: keeping

    private func receive(from place: Int) {
        guard let peer = peers[place] else { return }
        touch()
        peer.receive { frame in
            switch frame {
            case .letter(let number, let message, let failings):
                pending.append((place, number, .letter(message, failings)))
            case .note(let number, let note): pending.append((place, number, .note(note)))
            default: replays.take(frame)
            }
        }
        peer.flush()
        drop(place)
    }

    private func drop(_ place: Int) {
        guard let peer = peers[place], peer.isClosed else { return }
        replays.end(with: peer)
        peers[place] = nil
    }

    private func commit() throws {
        if let retryAt, retryAt > Clock.monotonic() { return }
        guard !pending.isEmpty else { return }
        FaultPoint.reach(.lettersRead)
        do {
            try store.keep(pending.map(\.record))
        } catch let error where !KeeperStore.isDamage(error) {
            return failed(error)
        }
        FaultPoint.reach(.lettersKept)
        recover()
        var last: [Int: UInt64] = [:]
        for (place, number, _) in pending { last[place] = number }
        pending.removeAll(keepingCapacity: true)
        for (place, number) in last {
            peers[place]?.send(.kept(number))
            peers[place]?.flush()
            drop(place)
        }
        FaultPoint.reach(.keptTold)
    }

    /// What can't be written need not be read: it waits with those who sent it.
    private func failed(_ error: any Error) {
        let words = "\(StoreFault(store.path, error))"
        if retryAt == nil { _ = channel.send(.trouble(words)) }
        trouble = words
        retryAt = Clock.monotonic() &+ Self.pause
        for peer in peers.values { peer.pause(true) }
    }

    private func recover() {
        guard retryAt != nil else { return }
        retryAt = nil
        trouble = nil
        _ = channel.send(.trouble(""))
        for peer in peers.values { peer.pause(false) }
    }

    // MARK: questions

    private func answer(_ question: KeeperQuestion, _ socket: consuming Descriptor) throws {
        let place = take()
        let session = try KeeperSession(
            question, socket, loop, Subject(kind: Kind.session, index: UInt32(place)), replays)
        sessions[place] = session
        session.begin(store, trouble: trouble)
    }

    private func pump() throws {
        replays.pump()
        if let damage = replays.damage { throw damage }
        for session in sessions.values { session.proceed() }
    }

    private func endSessions() throws {
        var damage: (any Error)?
        for (place, session) in sessions where session.isDone {
            sessions[place] = nil
            _ = channel.send(.answered(ticket: session.question.ticket))
            damage = session.damage ?? damage
            touch()
        }
        if let damage { throw damage }
    }
}

extension UInt64 {
    /// The sum, or the greatest number.
    func addingClamped(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
