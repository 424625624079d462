// SPDX-License-Identifier: Apache-2.0
/// The supervisor's end of the control socket, and of telnet if there is one: listeners, and a bounded number of
/// clients, served without waiting.
///
/// Owned by the Supervisor, which answers the requests. A socket file left by a dead instance is replaced, a live one
/// refused.
/// Invariant: the path is ours from `open` or `adopt` to `close` or `giveUp`; no client, however slow or silent, holds up
/// the loop; and telnet clients never take the places of others.

internal import Control
internal import LinuxIO
internal import Reactor

final class ControlServer {
    static let listener: UInt8 = 2
    static let session: UInt8 = 3
    /// The timer that ends a pause of listening.
    static let pause: UInt8 = 8
    static let clients = 64
    /// So many of them at most by telnet.
    static let telnetClients = 8
    /// Out of descriptors with nobody to let go: how long until it is tried again, nanoseconds.
    private static let pauseTime: UInt64 = 100_000_000
    private static let suffix = ".new"
    /// Bytes: what the kernel takes, without its closing zero, and without our suffix.
    private static let longestPath = 107 - suffix.utf8.count

    private let path: String
    private var mode: UInt32
    private let accept: (CInt) -> AcceptResult
    private var telnet: TelnetListener?
    var telnetName: String? { telnet?.name }
    /// Whether telnet clients have to show the token before anything else.
    var wantsToken = false
    /// The listeners that are watched, once it is open.
    private var watches: [Watch] = []
    private var listening: Descriptor?
    private var sessions: [ControlSession?] = Array(repeating: nil, count: clients)
    private var admitted: UInt64 = 0

    /// - Parameter mode: of the socket file: who may connect. What they may ask for, their credentials say.
    init(
        path: String, mode: UInt32 = 0o660, telnet: TelnetListener? = nil,
        accept: @escaping (CInt) -> AcceptResult = Sockets.accept
    ) {
        self.path = path
        self.mode = mode
        self.telnet = telnet
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
            let socket = try Sockets.unixListen(path + Self.suffix, mode: mode)
            try File.rename(path + Self.suffix, to: path)
            listening = consume socket
            try listen(true, loop)
        } catch {
            throw StartFault("control.socket \(path): \(error)")
        }
    }

    /// Others may connect from now on.
    func adopt(mode: UInt32) throws(SystemCallError) {
        guard mode != self.mode else { return }
        if listening != nil { try File.setMode(path, mode) }
        self.mode = mode
    }

    /// Goes on with a predecessor's listener, without a moment in which nobody listens.
    func adopt(_ listener: consuming Descriptor) { listening = consume listener }

    /// For a successor.
    var listenerRaw: CInt? { listening?.raw }
    var telnetRaw: CInt? { telnet?.raw }
    /// Somebody has not read the answer yet.
    var hasUnsent: Bool { sessions.contains { $0?.hasUnsent ?? false } }

    /// Takes new clients, or no more of them for now: those who come wait, or are another's.
    func listen(_ isListening: Bool, _ loop: EventLoop) throws {
        for watch in watches { loop.unwatch(watch) }
        watches = []
        guard isListening, let raw = listening?.raw else { return }
        // A predecessor's, and perhaps given back by a successor: `belfry` goes by whose it is.
        try Sockets.unixListenOn(raw)
        watches = [try loop.watch(raw, Subject(kind: Self.listener), .readable)]
        if let telnet {
            watches.append(try loop.watch(telnet.raw, Subject(kind: Self.listener, index: 1), .readable))
        }
    }

    /// The path is a successor's: closed without taking it away. Clients that are connected stay.
    func giveUp(_ loop: EventLoop) {
        for watch in watches { loop.unwatch(watch) }
        watches = []
        listening = nil
        telnet = nil
    }

    func close(_ loop: EventLoop) {
        for place in sessions.indices { drop(place, loop) }
        guard listening != nil else { return }
        for watch in watches { loop.unwatch(watch) }
        watches = []
        listening = nil
        _ = try? File.remove(path)
    }

    /// - Parameter entrance: the index that came with the event.
    func acceptAll(_ entrance: Int, _ loop: EventLoop) {
        let isTelnet = entrance > 0
        guard let raw = isTelnet ? telnet?.raw : listening?.raw else { return }
        // Level-triggered: what is not taken in this round comes again.
        for _ in 0..<16 {
            switch accept(raw) {
            case .accepted(let descriptor, let address):
                admit(descriptor, isTelnet ? .telnet(address?.description ?? "", hasToken: false) : nil, loop)
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
        for watch in watches { try? loop.change(watch, .readable) }
    }

    /// Gives the client what it waits for; if it has gone, nothing happens.
    func answer(_ ticket: ControlTicket, _ reply: [UInt8], _ loop: EventLoop) { answer(ticket, .now(reply), loop) }

    func answer(_ ticket: ControlTicket, _ reply: ControlAnswer, _ loop: EventLoop) {
        guard let session = sessions[ticket.place], session.asker.ticket == ticket, session.isWaiting else { return }
        session.take(late: reply)
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

    /// - Parameter peer: nil: the kernel says.
    private func admit(_ descriptor: consuming Descriptor, _ peer: ControlPeer?, _ loop: EventLoop) {
        let place = peer == nil ? freePlace() : freeTelnetPlace()
        drop(place, loop)
        guard let peer = try? peer ?? Self.peer(of: descriptor.raw),
            let watch = try? loop.watch(
                descriptor.raw, Subject(kind: Self.session, index: UInt32(place)), .readable)
        else { return }
        admitted += 1
        var asker = ControlAsker(peer: peer, ticket: ControlTicket(place: place, number: admitted))
        asker.isLocked = peer.isTelnet && wantsToken
        let session = ControlSession(descriptor, asker, watch, at: loop.now)
        sessions[place] = session
        session.begin()
        if peer.isTelnet { try? loop.change(watch, .writable) }
    }

    private func freePlace() -> Int { sessions.firstIndex { $0 == nil } ?? quietest(among: Array(sessions.indices)) }

    private func freeTelnetPlace() -> Int {
        let taken = sessions.indices.filter { sessions[$0]?.asker.peer.isTelnet == true }
        return taken.count < Self.telnetClients ? freePlace() : quietest(among: taken)
    }

    private static func peer(of raw: CInt) throws(SystemCallError) -> ControlPeer {
        let credentials = try SocketFacts.peerCredentials(of: raw)
        return try .process(credentials, groups: [credentials.group] + SocketFacts.peerGroups(of: raw))
    }

    /// With every place or descriptor taken, the one who has been silent for longest makes room: first of all those who
    /// have not shown the token yet; who waits for an answer, or looks on, only if all do.
    private func quietest(among places: [Int]) -> Int {
        func rank(_ place: Int) -> (Int, UInt64) {
            guard let session = sessions[place] else { return (3, 0) }
            if session.asker.isLocked { return (0, session.lastHeard) }
            return (session.isWaiting || session.looksOn ? 2 : 1, session.lastHeard)
        }
        return places.min { rank($0) < rank($1) } ?? 0
    }

    /// - Returns: false if there was nobody to let go; listening rests for a moment then, as the queue would wake the
    ///   loop again and again.
    private func makeRoom(_ loop: EventLoop) -> Bool {
        if sessions.contains(where: { $0 != nil }) {
            drop(quietest(among: Array(sessions.indices)), loop)
            return true
        }
        for watch in watches { try? loop.change(watch, []) }
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
