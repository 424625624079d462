// SPDX-License-Identifier: Apache-2.0
/// The bytes of a connection on its way to another acceptor: what goes in comes out, and rubbish is refused.

import LinuxIO
import Ring
import Testing
import Wire

@testable import Ingress

@Suite("A connection as bytes")
struct HandedConnectionTests {
    static var plain: HandedConnection { HandedConnection(clock: ConnectionClock(openedAt: 1)) }

    static var full: HandedConnection {
        var clock = ConnectionClock(openedAt: .max - 1)
        (clock.frameBegan, clock.lastHeard, clock.closeBy) = (2, 3, 4)
        var handed = HandedConnection(clock: clock)
        handed.peer = SocketAddress(numeric: "2001:db8::1", port: 514)
        (handed.phase, handed.pause, handed.stream) = (.lingering, .answers, .native)
        (handed.ended, handed.hasSpoken, handed.isQueued) = (true, true, true)
        handed.sender = Ring.SenderID(high: 1 << 63, low: 7)
        handed.session.lastNumber = .max
        (handed.session.isAckDue, handed.session.hasBegun) = (true, true)
        (handed.session.farewell, handed.session.promised) = (.badType, 1 << 40)
        handed.hold = HandedConnection.Hold(until: .max, upTo: 9)
        handed.firm = 8
        handed.input = Array(0...255)
        handed.output = [1, 2, 3]
        return handed
    }

    static func bytes(_ frame: HandOverFrame) -> [UInt8] {
        let buffer = ByteBuffer(limit: 1 << 20)
        frame.append(to: buffer)
        return buffer.withReadable { span in
            var bytes: [UInt8] = []
            span.append(span.indices, to: &bytes)
            return bytes
        }
    }

    static func read(_ bytes: [UInt8], limit: Int = 1 << 20) -> HandOverFrame.Step {
        HandOverFrame.next(in: bytes.span, limit: limit)
    }

    static let frozen = FrozenAcceptor(
        connections: 1 << 31, settingsVersion: 1 << 33, head: 1 << 34, moment: 1 << 35, stalledSince: 1 << 36)

    static let frames: [HandOverFrame] = [.frozen(frozen), .connection(plain), .connection(full), .taken]

    @Test("is read back as it was", arguments: frames)
    func roundTrip(frame: HandOverFrame) {
        let bytes = Self.bytes(frame)
        #expect(Self.read(bytes) == .frame(frame, bytes.count))
        #expect(Self.read(bytes + [9, 9]) == .frame(frame, bytes.count))
    }

    @Test("is not there before its last byte is", arguments: frames)
    func parts(frame: HandOverFrame) {
        let bytes = Self.bytes(frame)
        for count in bytes.indices { #expect(Self.read(Array(bytes.prefix(count))) == .more) }
    }

    @Test("keeps the address of an IPv4 sender, and of one that has none", arguments: ["192.0.2.7", nil])
    func addresses(host: String?) {
        var handed = Self.plain
        handed.peer = host.flatMap { SocketAddress(numeric: $0, port: 9) }
        let bytes = Self.bytes(.connection(handed))
        #expect(Self.read(bytes) == .frame(.connection(handed), bytes.count))
    }

    @Test("has each of its phases, pauses and protocols, but is never a closed one")
    func words() {
        for phase: UInt8 in 0...4 {
            for pause: UInt8 in 0...3 {
                for stream: UInt8 in 0...9 {
                    var bytes = Self.bytes(.connection(Self.plain))
                    (bytes[5], bytes[6], bytes[7]) = (phase, pause, stream)
                    let isOne = phase < 3 && pause < 3 && stream < 9
                    #expect((Self.read(bytes) != .unreadable) == isOne)
                }
            }
        }
    }

    @Test(
        "with a length that does not fit, or a word that says nothing, is refused",
        arguments: [
            (0, 0x80), (3, 1), (4, 4), (8, 0x80), (9, 16), (10, 1), (11, 33), (11, 3), (92, 0x80), (125, 1), (128, 1),
            (129, 1), (132, 0x80),
        ])
    func damage(place: Int, value: UInt8) {
        var bytes = Self.bytes(.connection(Self.plain))
        bytes[place] = value
        #expect(Self.read(bytes) == .unreadable)
    }

    @Test("of any bytes at all is one or none, and never ends the process")
    func anyBytes() {
        var generator = SplitMix(state: 7)
        for frame in Self.frames {
            let bytes = Self.bytes(frame)
            for _ in 0..<2_000 {
                var damaged = bytes
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    let place = Int.random(in: damaged.indices, using: &generator)
                    damaged[place] = .random(in: 0...255, using: &generator)
                }
                if case .frame(let read, let count) = Self.read(damaged), case .connection = read {
                    #expect(Self.read(Self.bytes(read)) == .frame(read, count))
                }
            }
        }
    }

    @Test("of another version says only that")
    func otherVersion() {
        var frozen = Self.frozen
        frozen.version = 2
        guard case .frame(.frozen(let read), _) = Self.read(Self.bytes(.frozen(frozen))) else {
            Issue.record("it is not read")
            return
        }
        #expect(read.version == 2 && read.connections == 0)
    }

    /// Small, and the same on each run.
    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ mixed &>> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed &>> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed &>> 31
        }
    }
}
