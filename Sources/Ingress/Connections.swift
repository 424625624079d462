// SPDX-License-Identifier: Apache-2.0

package import LinuxIO
package import Reactor
import Ring
import Wire

/// All TCP connections: opened by Listener, read and parsed when they are ready, answered at the end of each round.
///
/// Acceptor drives it: `resume` before the events, `handle` for each, `expire` for a timer, `settle` behind the
/// round's publish. Reading is in +Reading, answers and the end of a connection in +Writing.
/// Invariant: a connection has at most `max-message` + 64 KiB unread and 64 KiB unsent; one that can't go on is not
/// watched, instead of waking the loop again and again.
package final class Connections {
    /// Above this much unsent, a connection is not read; a frame's answer is far smaller than the rest of `outputLimit`.
    static let answersLimit = 32 << 10
    static let outputLimit = 64 << 10
    static let readSize = 64 << 10
    static let restSize = 4 << 10
    // What an event may say that concerns one direction, or the end of both; asked for each event.
    private static let over = Poller.Interest([.hangup, .error]).rawValue
    private static let incoming = Poller.Interest([.readable, .hangup, .error]).rawValue
    private static let outgoing = Poller.Interest([.writable, .hangup, .error]).rawValue
    /// How long a message for which there is no room may be overtaken by smaller ones, in ns.
    private static let patience: UInt64 = 250_000_000
    /// What a connection may hold unread beside a message of the greatest length.
    private static let beyondMessage = 64 << 10
    /// What a round reads of one connection before the others have their turn.
    static let readsPerRound = 4
    /// What `Subject.kind` is for connections; its index is the place.
    package static let kind: UInt8 = 1

    let intake: Intake
    let counters: PageCounters
    let loop: EventLoop
    private(set) var limits: ConnectionLimits
    let inputs: BufferPool
    /// What is left of the last read: the beginning of a frame, small as a rule.
    let rests: BufferPool
    let outputs: BufferPool
    var table = ConnectionTable()
    var replies = Replies()
    /// What the decoders write into, again and again.
    var message = DecodedMessage()
    /// Those with something to be done at the end of the round.
    var touched: [Connection] = []
    /// Those for whose next message the ring has no room, in their order.
    var stalled: [Connection] = []
    /// When the first of them came to stand there.
    var stalledSince: UInt64 = 0
    /// Space may have been made between the last look and the announcement that it is waited for.
    var mustLookAgain = false
    /// Those that may be parsed again in the next round.
    var ready: [Connection] = []
    /// Those whose answers wait for a commit, the first to be told first.
    var held: [Connection] = []
    /// What the first of them waits for; `.max` if there is none. Asked each round, where looking into `held` costs more.
    var earliestHold = UInt64.max
    /// Which connection speaks for a native sender.
    var speakers: [UInt32: Connection] = [:]

    package init(intake: Intake, counters: PageCounters, loop: EventLoop, limits: ConnectionLimits) {
        self.intake = intake
        self.counters = counters
        self.loop = loop
        self.limits = limits
        inputs = BufferPool(capacity: Self.readSize, limit: Self.beyondMessage, kept: 8)
        rests = BufferPool(capacity: Self.restSize, limit: Self.restSize, kept: 64)
        outputs = BufferPool(capacity: 1 << 10, limit: Self.outputLimit, kept: 64)
        touched.reserveCapacity(256)
    }

    package var count: Int { table.count }
    /// Whether the next round has work without any event.
    package var hasReady: Bool { !ready.isEmpty || mustLookAgain || isReleasable }
    var now: UInt64 { loop.now }

    // MARK: verbs, in the order of a connection's life

    /// Takes over an accepted connection, non-blocking.
    package func open(_ descriptor: consuming Descriptor, peer: SocketAddress?) throws(SystemCallError) {
        let connection = Connection(
            place: table.vacancy(), descriptor: descriptor, peer: peer, maxMessage: intake.maxMessage, now: now)
        connection.watch = try loop.watch(connection.raw, Self.subject(connection), .readable)
        connection.interest = .readable
        table.add(connection)
        counters.setConnections(table.count)
        arm(connection)
    }

    package func handle(_ place: Int, _ events: Poller.Interest) {
        guard let connection = table[place] else { return }
        if connection.firm > 0, events.rawValue & Self.outgoing != 0 { flush(connection) }
        switch connection.phase {
        case .open where connection.pause == .none && events.rawValue & Self.incoming != 0:
            read(connection)
        case .lingering: discard(connection)
        case .finishing where events.rawValue & Self.over != 0: close(connection)
        default: break
        }
    }

    /// Goes on with those that waited: for their answers to go out, and for space, the first come first.
    package func resume() {
        if !ready.isEmpty {
            let waited = ready
            ready.removeAll(keepingCapacity: true)
            for connection in waited where connection.pause != .space { goOn(connection) }
        }
        mustLookAgain = false
        guard !stalled.isEmpty else { return }
        var done = 0
        while done < stalled.count {
            let connection = stalled[done]
            goOn(connection)
            if connection.phase == .open, connection.pause == .space { break }
            connection.isQueued = false
            done += 1
        }
        if done > 0 {
            stalled.removeFirst(done)
            stalledSince = now
            intake.producer.shareSpace()
        }
        if stalled.isEmpty {
            counters.page.stopWaiting()
        } else if now &- stalledSince >= Self.patience {
            intake.producer.keepSpace()
        }
    }

    /// Answers what this round has brought. To be called behind `Intake.publish`.
    package func settle() {
        let published = intake.producer.published
        let committed = intake.producer.committed
        release(committed)
        var index = 0
        while index < touched.count {
            let connection = touched[index]
            index += 1
            connection.isTouched = false
            guard connection.phase != .closed else { continue }
            // While its last answer is held, the next one waits, and takes in what has come until then.
            if connection.hold == nil {
                conclude(connection)
                if committed >= published {
                    connection.firm = connection.unsent
                } else if connection.awaitsCommit {
                    hold(connection, until: published)
                }
            }
            flush(connection)
        }
        touched.removeAll(keepingCapacity: true)
    }

    private func conclude(_ connection: Connection) {
        guard connection.stream == .native else { return }
        replies.begin(room: .max)
        connection.native.appendVerdict(to: &replies)
        answer(connection)
    }

    /// Looks at a connection whose timer has fired.
    package func expire(_ place: Int) {
        guard let connection = table[place] else { return }
        connection.timer = nil
        connection.clock.armedAt = .max
        if connection.deadline(limits) <= now { timeOut(connection) }
        if connection.phase != .closed { arm(connection) }
    }

    /// Goes over to other settings: living connections are held to them, too.
    package func goOver(to limits: ConnectionLimits) {
        self.limits = limits
        for connection in table.all {
            connection.lines.limit = intake.maxMessage
            connection.counted.limit = intake.maxMessage
            arm(connection)
        }
    }

    // MARK: helpers of all parts

    /// A buffer that takes as much as this connection may send at once.
    func inputBuffer(_ connection: Connection) -> ByteBuffer {
        let buffer = takeInput(connection)
        buffer.limit = connection.native.longest(intake.maxMessage) + Self.beyondMessage
        return buffer
    }

    private func takeInput(_ connection: Connection) -> ByteBuffer {
        guard let held = connection.input else { return inputs.take() }
        guard held.capacity < Self.readSize else { return held }
        let buffer = inputs.take()
        held.withReadable { _ = buffer.append($0) }
        rests.give(held)
        return buffer
    }

    static func subject(_ connection: Connection) -> Subject {
        Subject(kind: kind, index: UInt32(connection.place))
    }

    /// A timer is set only if it is needed before the one that is set already; that one sets itself anew.
    func arm(_ connection: Connection) {
        let deadline = connection.deadline(limits)
        guard deadline < connection.clock.armedAt else { return }
        connection.clock.armedAt = deadline
        if let timer = connection.timer, loop.reschedule(timer, at: deadline) { return }
        connection.timer = loop.schedule(Self.subject(connection), at: deadline)
    }

    func touch(_ connection: Connection) {
        guard !connection.isTouched else { return }
        connection.isTouched = true
        touched.append(connection)
    }

    private func timeOut(_ connection: Connection) {
        if connection.phase != .open { return close(connection) }
        if connection.stream == .undecided, connection.hasSpoken {
            // The time to look is over: what is there must do.
            decide(connection, isLast: true)
            if connection.phase == .open { parse(connection) }
            guard connection.phase == .open, connection.deadline(limits) <= now else { return }
        }
        counters.count(.timedOut)
        // A connection that never spoke, or rested too long, has begun nothing that could be counted.
        if connection.unread > 0 { intake.refuse(.timedOut) }
        refuse(connection, .timedOut)
    }
}
