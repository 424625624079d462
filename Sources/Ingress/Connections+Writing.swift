// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Ring
import Wire

/// How connections are answered, refused and closed.
///
/// Part of Connections. Everything that is answered in a round goes out in one send at its end.
/// Invariant: a closed connection has given back its buffers, its watch, its timer and its sender.
extension Connections {
    /// Puts what lies in `replies` behind what the connection has not been sent yet.
    func answer(_ connection: Connection) {
        guard !replies.bytes.isEmpty, connection.phase != .closed else { return }
        let output = connection.output ?? outputs.take()
        connection.output = output
        // Room was left for the last answer of each kind, see `answersLimit`.
        guard output.append(replies.bytes) else { return close(connection) }
        replies.bytes.removeAll(keepingCapacity: true)
        touch(connection)
    }

    /// Sends what is to be sent, as far as it may go out and the peer takes it.
    func flush(_ connection: Connection) {
        if let output = connection.output, connection.firm > 0 {
            switch output.write(to: connection.raw, limit: connection.firm) {
            case .wrote(let count):
                connection.firm &-= count
                connection.hold?.upTo &-= count
            case .wouldBlock: break
            case .closed, .failed: return close(connection)
            }
            if output.isEmpty {
                connection.output = nil
                outputs.give(output)
            }
        }
        let hasSent = connection.isAnswered
        switch connection.phase {
        case .finishing where hasSent: return close(connection)
        case .lingering where hasSent && connection.ended: return close(connection)
        case .lingering where hasSent: Sockets.shutdownWriting(connection.raw)
        case .open where connection.pause == .answers && connection.unsent < Self.answersLimit / 2:
            ready.append(connection)
        default: break
        }
        watch(connection)
    }

    /// Asks the loop for what the connection is waiting for, and for nothing else: what is asked for and not taken
    /// would wake it again and again.
    func watch(_ connection: Connection) {
        let wanted = Self.interest(of: connection)
        // By their numbers: a set's own operators are calls through its protocols, and this is asked for each answer.
        guard wanted.rawValue != connection.interest.rawValue, connection.phase != .closed else { return }
        connection.interest = wanted
        do {
            if wanted.rawValue == 0 {
                if let watch = connection.watch { loop.unwatch(watch) }
                connection.watch = nil
            } else if let watch = connection.watch {
                try loop.change(watch, wanted)
            } else {
                connection.watch = try loop.watch(connection.raw, Self.subject(connection), wanted)
            }
        } catch {
            close(connection)
        }
    }

    private static func interest(of connection: Connection) -> Poller.Interest {
        let isRead: Bool
        switch connection.phase {
        case .open: isRead = connection.pause == .none
        case .lingering: isRead = true
        default: isRead = false
        }
        return Poller.Interest(
            rawValue: (isRead ? Poller.Interest.readable.rawValue : 0)
                | (connection.firm > 0 ? Poller.Interest.writable.rawValue : 0))
    }

    /// The peer will send no more, and everything that it sent is worked off.
    func finish(_ connection: Connection) {
        connection.phase = .finishing
        connection.clock.closeBy = now &+ limits.frame
        touch(connection)
        arm(connection)
    }

    /// Counts a refusal of the whole stream, tells the peer, and lets it go.
    func refuse(_ connection: Connection, counting refusal: Refusal) {
        intake.refuse(refusal)
        counters.count(.protocolErrors)
        refuse(connection, refusal)
    }

    /// Tells the peer why, and lets it go.
    func refuse(_ connection: Connection, _ refusal: Refusal) {
        replies.begin(room: .max)
        if let input = connection.input {
            input.withReadable { first in
                RefusalAnswer.append(refusal, speaking: connection.stream, first: first, to: &replies.bytes)
            }
        } else {
            RefusalAnswer.append(refusal, speaking: connection.stream, first: Span(), to: &replies.bytes)
        }
        answer(connection)
        linger(connection)
    }

    /// Waits for a short while until the peer has read the reason: closing with bytes unread would reset the
    /// connection, and the reason would be lost with it.
    func linger(_ connection: Connection) {
        guard connection.phase != .closed else { return }
        connection.phase = .lingering
        connection.clock.closeBy = now &+ ConnectionLimits.lingering
        connection.input?.consume(connection.unread)
        giveBack(connection)
        touch(connection)
        arm(connection)
    }

    /// Reads and throws away.
    func discard(_ connection: Connection) {
        let buffer = inputs.take()
        defer { inputs.give(buffer) }
        for _ in 0..<Self.readsPerRound {
            switch buffer.receive(from: connection.raw) {
            case .bytes(let count): buffer.consume(count)
            case .wouldBlock: return
            case .closed, .full, .failed: return close(connection)
            }
        }
    }

    /// The connection broke: what was begun and not ended is no message.
    func abandon(_ connection: Connection) {
        if connection.unread > 0 { intake.refuse(.truncated) }
        close(connection)
    }

    func close(_ connection: Connection) {
        guard connection.phase != .closed else { return }
        if let watch = connection.watch { loop.unwatch(watch) }
        if let timer = connection.timer { loop.cancel(timer) }
        connection.watch = nil
        connection.timer = nil
        if let input = connection.input { giveBack(input) }
        if let output = connection.output { outputs.give(output) }
        connection.input = nil
        connection.output = nil
        connection.hold = nil
        if let sender = connection.native.sender {
            intake.producer.release(sender)
            if speakers[sender.value] === connection { speakers[sender.value] = nil }
        }
        connection.close()
        table.remove(connection)
        counters.setConnections(table.count)
    }
}
