// SPDX-License-Identifier: Apache-2.0
/// The messages between supervisor and roles, alone and over a real pair of sockets.

import Control
import LinuxIO
import Testing

@Suite("The channel between supervisor and role")
struct RoleChannelTests {
    static let messages: [RoleMessage] = [
        .ready(settingsVersion: 0x0102_0304_0506_0708), .drained, .drain(deadline: .max, keepSocketQueue: true),
        .drain(deadline: 0, keepSocketQueue: false), .stop,
    ]

    @Test("gives back every message", arguments: messages)
    func roundTrip(message: RoleMessage) throws {
        let ends = try Ends()
        #expect(ends.sendMessage(message) == .sent)
        #expect(ends.receive() == .message(message))
        #expect(ends.receive() == .wouldBlock)
    }

    @Test("takes no message that is longer or shorter than it must be", arguments: messages)
    func wrongLength(message: RoleMessage) {
        let shorter = Array(message.encoded.dropLast())
        let longer = message.encoded + [0]
        #expect(RoleMessage(decoding: longer.span) == nil)
        #expect(RoleMessage(decoding: shorter.span) == nil)
    }

    @Test("tells rubbish apart and goes on", arguments: [[UInt8(99)], [4, 4], Array(repeating: 1, count: 100)])
    func rubbish(packet: [UInt8]) throws {
        let ends = try Ends()
        #expect(ends.sendPacket(packet) == .sent)
        #expect(ends.sendMessage(.stop) == .sent)
        #expect(ends.receive() == .malformed)
        #expect(ends.receive() == .message(.stop))
    }

    @Test("says when the other end is gone")
    func end() throws {
        let ends = try Ends()
        ends.closeSupervisor()
        #expect(ends.receive() == .closed)
    }
}

/// Both ends, behind verbs that a test macro can call: it cannot hold what can't be copied.
private final class Ends {
    private var supervisor: RoleChannel?
    private let role: RoleChannel

    init() throws {
        let pair = try SeqPacketChannel.pair()
        supervisor = RoleChannel(owning: try pair.first.descriptor.duplicate())
        role = RoleChannel(owning: try pair.second.descriptor.duplicate())
    }

    func sendMessage(_ message: RoleMessage) -> SendResult? { supervisor?.send(message) }

    func sendPacket(_ bytes: [UInt8]) -> SendResult? {
        guard let raw = supervisor?.raw, let copy = try? Descriptor.duplicate(raw) else { return nil }
        return SeqPacketChannel(owning: copy).send(bytes.span)
    }

    func receive() -> RoleEvent { role.receive() }

    func closeSupervisor() { supervisor = nil }
}
