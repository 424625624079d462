// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Ring
import Wire

/// How connections are read: into a borrowed buffer, parsed in place, the buffer given back when nothing is left in it.
///
/// Part of Connections.
/// Invariant: bytes leave a buffer only once a session has done with them.
extension Connections {
    /// Reads what is there, up to this round's share. While others wait for space it is left to the kernel: ten thousand
    /// buffers would fill with what can't be taken.
    func read(_ connection: Connection) {
        guard stalled.isEmpty || connection.isQueued else { return stall(connection) }
        var reads = 0
        while reads < Self.readsPerRound, connection.phase == .open, connection.pause == .none {
            reads += 1
            // After a short read there is, most probably, no more; if there is, the poller says so again.
            guard readOnce(connection) >= Self.readSize / 2 else { break }
        }
        if connection.phase == .open { arm(connection) }
    }

    /// How many bytes came; 0 if there are none just now, or none will come any more.
    func readOnce(_ connection: Connection) -> Int {
        let buffer = inputBuffer(connection)
        connection.input = buffer
        switch buffer.receive(from: connection.raw) {
        case .bytes(let count):
            connection.hasSpoken = true
            // Its first byte, however long the rest before it was.
            if buffer.count == count { connection.clock.frameBegan = now }
            connection.clock.lastHeard = now
            parse(connection)
            return count
        case .wouldBlock: giveBack(connection)
        case .closed where buffer.wasReset: abandon(connection)
        case .closed:
            connection.ended = true
            parse(connection)
        case .full: refuse(connection, counting: .tooLarge)
        case .failed: abandon(connection)
        }
        return 0
    }

    /// Parses anew what a connection holds, or reads, after something has changed that kept it waiting.
    func goOn(_ connection: Connection) {
        guard connection.phase == .open else { return }
        connection.pause = .none
        // Waiting was not its fault.
        connection.clock.frameBegan = now
        if connection.input == nil { read(connection) } else { parse(connection) }
        guard connection.phase == .open, connection.pause == .none else { return }
        watch(connection)
        arm(connection)
    }

    /// Works off what lies in the connection's buffer.
    func parse(_ connection: Connection) {
        if connection.stream == .undecided { decide(connection, isLast: connection.ended) }
        guard connection.phase == .open, connection.stream != .undecided, let buffer = connection.input else { return }
        // Who waits for space comes first, or a small message would for ever overtake a large one.
        if !stalled.isEmpty, !connection.isQueued { return stall(connection) }
        let before = buffer.count
        var step: SessionStep
        repeat {
            replies.begin(room: Self.answersLimit - connection.unsent)
            step = buffer.withReadable { session(connection, on: $0) }
            buffer.consume(step.consumed)
            if case .hello(let id) = step.reason { welcome(connection, id) }
            answer(connection)
        } while connection.phase == .open && step.isHello
        guard connection.phase == .open else { return }
        touch(connection)
        if buffer.count < before { connection.clock.frameBegan = now }
        act(on: step.reason, connection)
        giveBack(connection)
    }

    private func session(_ connection: Connection, on bytes: Span<UInt8>) -> SessionStep {
        if connection.stream == .native {
            return connection.native.run(
                on: bytes, ended: connection.ended, from: connection.origin, intake, &replies)
        }
        return LineSession.run(connection, on: bytes, &message, intake, &replies)
    }

    private func act(on reason: SessionStep.Reason, _ connection: Connection) {
        switch reason {
        case .needsMore: if connection.ended { finish(connection) }
        case .full: stall(connection)
        case .answers:
            connection.pause = .answers
            watch(connection)
        case .refused:
            counters.count(.protocolErrors)
            linger(connection)
        case .hello: break
        }
    }

    /// Chooses the protocol, if the first bytes tell it. `isLast`: there are no more to wait for.
    func decide(_ connection: Connection, isLast: Bool) {
        guard let buffer = connection.input else { return }
        connection.stream = buffer.withReadable { Sniffer.classify($0, ended: isLast) }
        if let refusal = connection.stream.refusal { refuse(connection, counting: refusal) }
    }

    /// Enters a native sender; its older connection, if it still has one, has lost its peer and is closed.
    private func welcome(_ connection: Connection, _ id: Wire.SenderID) {
        guard let sender = intake.producer.hold(Ring.SenderID(high: id.high, low: id.low)) else {
            return refuse(connection, counting: .full)
        }
        if let older = speakers[sender.value] { close(older) }
        speakers[sender.value] = connection
        connection.origin.identify(high: id.high, low: id.low)
        let last = intake.producer.lastNumber(sender)
        connection.native.begin(as: sender, last: last, maxMessage: intake.maxMessage, &replies)
    }

    /// Leaves the next message where it is until a worker has made room.
    private func stall(_ connection: Connection) {
        connection.pause = .space
        watch(connection)
        guard !connection.isQueued else { return }
        connection.isQueued = true
        stalled.append(connection)
        guard stalled.count == 1 else { return }
        stalledSince = now
        counters.page.announceWaiting()
        // A floor that rose before this was announced has rung no bell: `resume` must look once more.
        mustLookAgain = true
    }

    /// Gives the buffer back, but for a rest that moves into a small one: ten thousand connections may hold one each.
    func giveBack(_ connection: Connection) {
        guard let buffer = connection.input, buffer.count <= Self.restSize else { return }
        if buffer.isEmpty {
            connection.input = nil
        } else if buffer.capacity >= Self.readSize {
            let rest = rests.take()
            buffer.withReadable { _ = rest.append($0) }
            connection.input = rest
        } else {
            return
        }
        giveBack(buffer)
    }

    func giveBack(_ buffer: ByteBuffer) { (buffer.capacity < Self.readSize ? rests : inputs).give(buffer) }
}
