// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Reactor
import Ring
import Wire

/// How connections pass from an acceptor to its successor: described by the one, made anew from that by the other.
///
/// Part of Connections, used by HandOver and by Acceptor when it takes over; both behind `settle`.
/// Invariant: neither describing nor adopting reads, writes or closes a connection, or changes a word of the ring.
extension Connections {
    /// All of them, those that wait for space first, in their order.
    var inOrder: [Connection] {
        let waiting = stalled.filter { $0.phase != .closed }
        return waiting + table.all.filter { !$0.isQueued }
    }

    func describe(_ connection: Connection) -> HandedConnection {
        var handed = HandedConnection(clock: connection.clock)
        handed.clock.armedAt = .max
        handed.peer = connection.origin.address
        (handed.phase, handed.pause, handed.stream) = (connection.phase, connection.pause, connection.stream)
        (handed.ended, handed.hasSpoken) = (connection.ended, connection.hasSpoken)
        handed.isQueued = connection.isQueued
        handed.sender = connection.native.sender.map { intake.producer.id(of: $0) }
        handed.session = HandedSession(connection.native)
        handed.hold = connection.hold.map { HandedConnection.Hold(until: $0.until, upTo: $0.upTo) }
        handed.firm = connection.firm
        connection.input?.withReadable { handed.input.append(copying: $0) }
        connection.output?.withReadable { handed.output.append(copying: $0) }
        return handed
    }

    /// Takes over a connection as a predecessor has described it; what waits goes behind those that came before it.
    func adopt(_ descriptor: consuming Descriptor, _ handed: HandedConnection) throws {
        try check(handed)
        try Descriptor.setNonBlocking(descriptor.raw)
        let connection = Connection(
            place: table.vacancy(), descriptor: descriptor, peer: handed.peer, maxMessage: intake.maxMessage, now: now)
        try adoptSession(of: handed, connection)
        (connection.phase, connection.pause, connection.stream) = (handed.phase, handed.pause, handed.stream)
        (connection.ended, connection.hasSpoken) = (handed.ended, handed.hasSpoken)
        connection.clock = handed.clock
        connection.firm = handed.firm
        adoptBytes(of: handed, connection)
        table.add(connection)
        if handed.isQueued {
            connection.isQueued = true
            stalled.append(connection)
        }
        if let hold = handed.hold {
            connection.hold = (hold.until, hold.upTo)
            held.append(connection)
        }
        if handed.phase == .open, handed.pause == .answers, connection.unsent < Self.answersLimit / 2 {
            ready.append(connection)
        }
        watch(connection)
        guard connection.phase != .closed else { throw HandOverError.noWatch }
    }

    /// Everything is there: from here on they are this acceptor's own. `span`: for so long nobody took anything from them.
    func adopted(stalledSince: UInt64, after span: UInt64) {
        held.sort { ($0.hold?.until ?? 0) < ($1.hold?.until ?? 0) }
        earliestHold = held.first?.hold?.until ?? .max
        goOn(after: span)
        guard !stalled.isEmpty else { return }
        self.stalledSince = stalledSince
        counters.page.announceWaiting()
        // A floor may have risen before this was announced.
        mustLookAgain = true
    }

    /// Nothing was taken from them for so long: that was not their fault.
    func goOn(after span: UInt64) {
        for connection in table.all {
            connection.clock.stoodStill(for: span)
            arm(connection)
        }
        counters.setConnections(table.count)
    }

    // MARK: what may be

    private func check(_ handed: HandedConnection) throws(HandOverError) {
        let arena = Int(intake.producer.geometry.arenaSize)
        // No message, and no limit that a sender was ever told, is larger than that.
        guard handed.input.count <= arena, handed.session.promised <= arena else {
            throw .malformed("more unread bytes than a connection may have")
        }
        guard handed.output.count <= Self.outputLimit else { throw .malformed("more answers than one may have") }
        let upTo = handed.hold?.upTo ?? handed.output.count
        guard handed.firm <= upTo, upTo <= handed.output.count, handed.hold?.until ?? 0 <= intake.producer.published
        else { throw .malformed("answers that wait for what was never published") }
    }

    private func adoptSession(of handed: HandedConnection, _ connection: Connection) throws(HandOverError) {
        guard let id = handed.sender else {
            connection.native = NativeSession(handed.session, as: nil)
            return
        }
        guard handed.stream == .native, let sender = intake.producer.holdKnown(id), speakers[sender.value] == nil,
            handed.session.lastNumber >= intake.producer.lastNumber(sender)
        else { throw .malformed("a sender that the ring does not know so") }
        connection.native = NativeSession(handed.session, as: sender)
        connection.origin.identify(high: id.high, low: id.low)
        speakers[sender.value] = connection
    }

    private func adoptBytes(of handed: HandedConnection, _ connection: Connection) {
        if !handed.input.isEmpty {
            let buffer = handed.input.count <= Self.restSize ? rests.take() : inputs.take()
            buffer.limit = max(buffer.limit, handed.input.count)
            buffer.append(handed.input)
            connection.input = buffer
        }
        if !handed.output.isEmpty {
            let buffer = outputs.take()
            buffer.append(handed.output)
            connection.output = buffer
        }
    }
}

extension HandedSession {
    fileprivate init(_ session: NativeSession) {
        self.init()
        lastNumber = session.lastNumber
        isAckDue = session.isAckDue
        farewell = session.farewell
        hasBegun = session.hasBegun
        promised = session.promised
    }
}
