// SPDX-License-Identifier: Apache-2.0

package import LinuxIO
package import Ring
package import Wire

/// Everything that a connection is, but for its descriptor: what an acceptor hands to its successor, byte by byte.
///
/// Made and taken by Connections, carried by HandOverFrame. Moments are of the monotonic clock, which all processes share;
/// a sender goes by its own id, as its place is the table's.
/// Invariant: what is read back is what was written; bytes that no acceptor writes give nil, never a trap.
package struct HandedConnection: Equatable, Sendable {
    package var peer: SocketAddress?
    package var phase = Connection.Phase.open
    package var pause = Connection.Pause.none
    package var stream = StreamProtocol.undecided
    package var clock: ConnectionClock
    /// The peer has closed its direction.
    package var ended = false
    package var hasSpoken = false
    /// It stands among those that wait for space.
    package var isQueued = false
    package var sender: Ring.SenderID?
    package var session = HandedSession()
    package var hold: Hold?
    package var firm = 0
    /// The unfinished frame, and what else came and is not worked off.
    package var input: [UInt8] = []
    /// Answers that did not go out yet.
    package var output: [UInt8] = []

    /// As `Connection.hold`.
    package struct Hold: Equatable, Sendable {
        package var until: UInt64
        package var upTo: Int
    }

    package init(clock: ConnectionClock) { self.clock = clock }
}

/// What a native session knows beside its sender; of another connection it is as at first.
package struct HandedSession: Equatable, Sendable {
    package var lastNumber: UInt64 = 0
    package var isAckDue = false
    package var farewell: Refusal?
    package var hasBegun = false
    package var promised = 0

    package init() {}
}

// MARK: bytes

extension HandedConnection {
    /// Where the fields lie. Little-endian; what is not named is 0.
    private enum At {
        static let phase = 0
        static let pause = 1
        static let stream = 2
        static let flags = 3
        /// The refusal's code; 0: none.
        static let farewell = 4
        static let peerCount = 6
        static let openedAt = 8
        static let frameBegan = 16
        static let lastHeard = 24
        static let closeBy = 32
        static let until = 40
        static let upTo = 48
        static let firm = 52
        static let senderHigh = 56
        static let senderLow = 64
        static let lastNumber = 72
        static let promised = 80
        static let peer = 88
        static let input = 120
        static let output = 124
        static let end = 128
    }

    private struct Flags: OptionSet {
        let rawValue: UInt8
        static let ended = Flags(rawValue: 1)
        static let hasSpoken = Flags(rawValue: 2)
        static let isQueued = Flags(rawValue: 4)
        static let isHeld = Flags(rawValue: 8)
        static let hasSender = Flags(rawValue: 16)
        static let isAckDue = Flags(rawValue: 32)
        static let hasBegun = Flags(rawValue: 64)
        static let all = Flags(rawValue: 127)
    }

    private var flags: Flags {
        var flags: Flags = []
        if ended { flags.insert(.ended) }
        if hasSpoken { flags.insert(.hasSpoken) }
        if isQueued { flags.insert(.isQueued) }
        if hold != nil { flags.insert(.isHeld) }
        if sender != nil { flags.insert(.hasSender) }
        if session.isAckDue { flags.insert(.isAckDue) }
        if session.hasBegun { flags.insert(.hasBegun) }
        return flags
    }

    package var byteCount: Int { At.end + input.count + output.count }

    package func append(to buffer: ByteBuffer) {
        let peer = peer?.bytes ?? []
        buffer.append([phase.rawValue, pause.rawValue, stream.rawValue, flags.rawValue])
        buffer.append(littleEndian: session.farewell?.code ?? 0)
        buffer.append(littleEndian: UInt16(peer.count))
        for moment in [clock.openedAt, clock.frameBegan, clock.lastHeard, clock.closeBy, hold?.until ?? 0] {
            buffer.append(littleEndian: moment)
        }
        buffer.append(littleEndian: UInt32(hold?.upTo ?? 0))
        buffer.append(littleEndian: UInt32(firm))
        for word in [sender?.high ?? 0, sender?.low ?? 0, session.lastNumber, UInt64(session.promised)] {
            buffer.append(littleEndian: word)
        }
        buffer.append(peer + [UInt8](repeating: 0, count: At.input - At.peer - peer.count))
        buffer.append(littleEndian: UInt32(input.count))
        buffer.append(littleEndian: UInt32(output.count))
        buffer.append(input)
        buffer.append(output)
    }

    package init?(_ bytes: Span<UInt8>) {
        guard bytes.count >= At.end else { return nil }
        let middle = At.end + Int(bytes.uint32(at: At.input))
        guard middle + Int(bytes.uint32(at: At.output)) == bytes.count,
            let phase = Connection.Phase(rawValue: bytes[At.phase]), phase != .closed,
            let pause = Connection.Pause(rawValue: bytes[At.pause]),
            let stream = StreamProtocol(rawValue: bytes[At.stream]),
            let promised = Int(exactly: bytes.uint64(at: At.promised))
        else { return nil }
        let flags = Flags(rawValue: bytes[At.flags])
        guard flags.isSubset(of: .all) else { return nil }
        (self.phase, self.pause, self.stream) = (phase, pause, stream)
        clock = Self.clock(bytes)
        ended = flags.contains(.ended)
        hasSpoken = flags.contains(.hasSpoken)
        isQueued = flags.contains(.isQueued)
        if flags.contains(.isHeld) {
            hold = Hold(until: bytes.uint64(at: At.until), upTo: Int(bytes.uint32(at: At.upTo)))
        }
        if flags.contains(.hasSender) {
            sender = Ring.SenderID(high: bytes.uint64(at: At.senderHigh), low: bytes.uint64(at: At.senderLow))
        }
        session.lastNumber = bytes.uint64(at: At.lastNumber)
        session.promised = promised
        session.isAckDue = flags.contains(.isAckDue)
        session.hasBegun = flags.contains(.hasBegun)
        firm = Int(bytes.uint32(at: At.firm))
        input.append(copying: bytes.extracting(At.end..<middle))
        output.append(copying: bytes.extracting(middle..<bytes.count))
        guard readFarewell(bytes), readPeer(bytes) else { return nil }
    }

    private static func clock(_ bytes: Span<UInt8>) -> ConnectionClock {
        var clock = ConnectionClock(openedAt: bytes.uint64(at: At.openedAt))
        clock.frameBegan = bytes.uint64(at: At.frameBegan)
        clock.lastHeard = bytes.uint64(at: At.lastHeard)
        clock.closeBy = bytes.uint64(at: At.closeBy)
        return clock
    }

    private mutating func readFarewell(_ bytes: Span<UInt8>) -> Bool {
        let code = bytes.uint16(at: At.farewell)
        session.farewell = Refusal(code: code)
        return code == 0 || session.farewell != nil
    }

    private mutating func readPeer(_ bytes: Span<UInt8>) -> Bool {
        let count = Int(bytes.uint16(at: At.peerCount))
        guard count <= At.input - At.peer else { return false }
        peer = SocketAddress(bytes: bytes.extracting(At.peer..<At.peer + count))
        return count == 0 || peer != nil
    }
}
