// SPDX-License-Identifier: Apache-2.0
/// The control socket's end in the supervisor: a listener, and a bounded number of clients, served without waiting.
///
/// Owned by the Supervisor, which answers the requests. A socket file left by a dead instance is replaced, a live one
/// refused.
/// Invariant: the path is ours from `open` to `close`, and no client, however slow or silent, holds up the loop.

internal import Control
internal import LinuxIO
internal import Reactor

final class ControlServer {
    static let listener: UInt8 = 2
    static let session: UInt8 = 3
    /// The timer that ends a pause of listening.
    static let pause: UInt8 = 8
    static let clients = 64
    /// Out of descriptors with nobody to let go: how long until it is tried again, nanoseconds.
    private static let pauseTime: UInt64 = 100_000_000
    private static let suffix = ".new"
    /// Bytes: what the kernel takes, without its closing zero, and without our suffix.
    private static let longestPath = 107 - suffix.utf8.count

    private let path: String
    private let accept: (CInt) -> AcceptResult
    private var listening: Descriptor?
    private var watch: Watch?
    private var sessions: [ControlSession?] = Array(repeating: nil, count: clients)
    private var admitted: UInt64 = 0

    init(path: String, accept: @escaping (CInt) -> AcceptResult = Sockets.accept) {
        self.path = path
        self.accept = accept
    }

    /// Makes the folder, and sees to it that the path can be had. Before any role is started.
    func prepare() throws {
        do {
            if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
                try Directory.make(String(path[..<slash]))
            }
        } catch {
            throw StartFault("control.socket \(path): its folder can't be made: \(error)")
        }
        guard path.utf8.count <= Self.longestPath else {
            throw StartFault(
                "control.socket \(path): \(path.utf8.count) bytes; it may have \(Self.longestPath) at most")
        }
        if let live = try liveOwner() {
            throw StartFault(
                "control.socket \(path): belongs to another program that is running (pid \(live)); "
                    + "stop that one, or choose another path in the settings")
        }
    }

    func open(_ loop: EventLoop) throws {
        try prepare()
        do {
            // Made under another name: whoever sees it under its own can connect, in that moment already.
            try File.remove(path + Self.suffix)
            // Its mode lets the group ask for the state; who may change something, the peer's credentials say.
            let socket = try Sockets.unixListen(path + Self.suffix, mode: 0o660)
            try File.rename(path + Self.suffix, to: path)
            watch = try loop.watch(socket.raw, Subject(kind: Self.listener), .readable)
            listening = consume socket
        } catch {
            throw StartFault("control.socket \(path): \(error)")
        }
    }

    func close(_ loop: EventLoop) {
        for place in sessions.indices { drop(place, loop) }
        guard listening != nil else { return }
        if let watch { loop.unwatch(watch) }
        watch = nil
        listening = nil
        _ = try? File.remove(path)
    }

    func acceptAll(_ loop: EventLoop) {
        guard let raw = listening?.raw else { return }
        // Level-triggered: what is not taken in this round comes again.
        for _ in 0..<16 {
            switch accept(raw) {
            case .accepted(let descriptor, _): admit(descriptor, loop)
            case .aborted: break
            // Out of descriptors: who is left in the queue would wake the loop again and again.
            case .exhausted: guard makeRoom(loop) else { return }
            case .wouldBlock: return
            case .failed: return
            }
        }
    }

    /// The pause is over.
    func resume(_ loop: EventLoop) {
        if let watch { try? loop.change(watch, .readable) }
    }

    /// Gives the client what it waits for; if it has gone, nothing happens.
    func answer(_ ticket: ControlTicket, _ reply: [UInt8], _ loop: EventLoop) {
        guard let session = sessions[ticket.place], session.asker.ticket == ticket, session.isWaiting else { return }
        session.take(reply)
        // The loop comes back for it as soon as it can be written to.
        do { try loop.change(session.watch, .writable) } catch { drop(ticket.place, loop) }
    }

    /// Gives the client a line of what it waits for; the end of it comes with `answer`.
    func tell(_ ticket: ControlTicket, _ line: [UInt8], _ loop: EventLoop) {
        guard let session = sessions[ticket.place], session.asker.ticket == ticket, session.isWaiting else { return }
        session.tell(line)
        do { try loop.change(session.watch, .writable) } catch { drop(ticket.place, loop) }
    }

    /// The socket of a client that waits for an answer; nil if it has gone.
    func descriptor(of ticket: ControlTicket) -> CInt? {
        sessions[ticket.place].flatMap { $0.asker.ticket == ticket && $0.isWaiting ? $0.descriptor.raw : nil }
    }

    /// Ends a client's connection in the middle of its answer.
    func abandon(_ ticket: ControlTicket, _ loop: EventLoop) {
        if descriptor(of: ticket) != nil { drop(ticket.place, loop) }
    }

    func serve(_ place: Int, _ loop: EventLoop, _ answer: ControlSession.Answer) {
        guard let session = sessions[place] else { return }
        switch session.proceed(at: loop.now, answer) {
        case .close: drop(place, loop)
        case .wait(let interest):
            do { try loop.change(session.watch, interest) } catch { drop(place, loop) }
        }
    }

    private func admit(_ descriptor: consuming Descriptor, _ loop: EventLoop) {
        let place = sessions.firstIndex { $0 == nil } ?? quietest()
        drop(place, loop)
        guard let credentials = try? SocketFacts.peerCredentials(of: descriptor.raw),
            let watch = try? loop.watch(
                descriptor.raw, Subject(kind: Self.session, index: UInt32(place)), .readable)
        else { return }
        admitted += 1
        let asker = ControlAsker(peer: credentials, ticket: ControlTicket(place: place, number: admitted))
        sessions[place] = ControlSession(descriptor, asker, watch, at: loop.now)
    }

    /// With every place or descriptor taken, the one who has been silent for longest makes room; who waits for an answer,
    /// or looks on, only if all do.
    private func quietest() -> Int {
        func rank(_ place: Int) -> (Int, UInt64) {
            sessions[place].map { ($0.isWaiting || $0.looksOn ? 1 : 0, $0.lastHeard) } ?? (2, 0)
        }
        return sessions.indices.min { rank($0) < rank($1) } ?? 0
    }

    /// - Returns: false if there was nobody to let go; listening rests for a moment then, as the queue would wake the
    ///   loop again and again.
    private func makeRoom(_ loop: EventLoop) -> Bool {
        if sessions.contains(where: { $0 != nil }) {
            drop(quietest(), loop)
            return true
        }
        if let watch { try? loop.change(watch, []) }
        _ = loop.schedule(Subject(kind: Self.pause), at: loop.now &+ Self.pauseTime)
        return false
    }

    private func drop(_ place: Int, _ loop: EventLoop) {
        guard let session = sessions[place] else { return }
        loop.unwatch(session.watch)
        sessions[place] = nil
    }

    /// The pid of whoever answers at the path; nil if nobody does.
    private func liveOwner() throws -> CInt? {
        guard File.exists(path) else { return nil }
        guard File.isSocket(path) else {
            throw StartFault(
                "control.socket \(path): there is a file that is not a socket; remove it, or choose another path")
        }
        guard let probe = try? Sockets.unixConnect(path) else { return nil }
        return try SocketFacts.peerCredentials(of: probe.raw).pid
    }
}
