// SPDX-License-Identifier: Apache-2.0
/// The messages between supervisor and roles, alone and over a real pair of sockets.

import Control
import LinuxIO
import Testing

@Suite("The channel between supervisor and role")
struct RoleChannelTests {
    static let messages: [RoleMessage] = [
        .ready(settingsVersion: 0x0102_0304_0506_0708), .drained, .drain(deadline: .max, keepSocketQueue: true),
        .drain(deadline: 0, keepSocketQueue: false), .stop, .applied(settingsVersion: 7), .resolved(slot: 63),
        .settings, .tight, .spill, .stored, .account, .workerPage(index: 0), .workerBell(index: 63), .keeperWanted,
        .keeper,
        .keeping(place: 64),
        .answered(ticket: 1 << 40), .handOver, .prepared, .handedOver,
    ]
    static let texts: [RoleMessage] = [
        .ask(KeeperQuestion(ticket: 1 << 40, asker: "telnet ::1", isTelnet: true, line: "dead list json")),
        .ask(KeeperQuestion(ticket: 0, asker: "", line: "")), .trouble(""), .trouble("no space left on device"),
        .incident(Incident(.launchFailure, "on-call", "no such file", count: 1 << 33)),
        .incident(Incident(.disk, "", "")),
    ]

    @Test("gives back every message", arguments: messages + texts)
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

    @Test("takes no text that is cut in the middle of a character, or of its fields")
    func wrongText() {
        let incident = RoleMessage.incident(Incident(.disk, "é", "é")).encoded
        for count in [incident.count - 1, incident.count - 3, 5] {
            #expect(RoleMessage(decoding: Array(incident.prefix(count)).span) == nil)
        }
    }

    @Test("cuts the words of an incident to what a message holds")
    func longWords() {
        let incident = Incident(.disk, String(repeating: "é", count: 500), String(repeating: "é", count: 500))
        #expect(incident.process.utf8.count == Incident.processLimit)
        #expect(RoleMessage(decoding: RoleMessage.incident(incident).encoded.span) == .incident(incident))
    }

    @Test("a descriptor too many or too few makes rubbish of a message", arguments: messages + texts)
    func wrongDescriptor(message: RoleMessage) throws {
        let ends = try Ends()
        #expect(ends.sendPacket(message.encoded, withDescriptor: !message.carriesDescriptor) == .sent)
        #expect(ends.receive() == .malformed)
        #expect(ends.receive() == .wouldBlock)
    }

    @Test("the descriptor that comes is of the file that was sent")
    func descriptor() throws {
        let ends = try Ends()
        let file = try MemoryFile(named: "image", size: 4096)
        #expect(ends.sendPacket(RoleMessage.settings.encoded, passing: file.descriptor.raw) == .sent)
        #expect(ends.receive() == .message(.settings))
        let (sent, received) = (File.identity(of: file.descriptor.raw), ends.lastIdentity)
        #expect(received != nil && sent?.inode == received?.inode && sent?.device == received?.device)
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

private enum Received: Equatable {
    case message(RoleMessage)
    case malformed, wouldBlock, closed
    case failed(CInt)
}

/// Both ends, behind verbs that a test macro can call: it cannot hold what can't be copied.
private final class Ends {
    private var supervisor: RoleChannel?
    private let role: RoleChannel
    /// Of the last descriptor that came.
    private(set) var lastIdentity: (device: UInt64, inode: UInt64)?

    init() throws {
        let pair = try SeqPacketChannel.pair()
        supervisor = RoleChannel(owning: try pair.first.descriptor.duplicate())
        role = RoleChannel(owning: try pair.second.descriptor.duplicate())
    }

    func sendMessage(_ message: RoleMessage) -> SendResult? {
        message.carriesDescriptor ? supervisor?.send(message, passing: 0) : supervisor?.send(message)
    }

    func sendPacket(_ bytes: [UInt8], withDescriptor: Bool) -> SendResult? {
        sendPacket(bytes, passing: withDescriptor ? 0 : -1)
    }

    func sendPacket(_ bytes: [UInt8], passing passed: CInt = -1) -> SendResult? {
        guard let raw = supervisor?.raw, let copy = try? Descriptor.duplicate(raw) else { return nil }
        return SeqPacketChannel(owning: copy).send(bytes.span, passing: passed)
    }

    func receive() -> Received {
        switch role.receive() {
        case .message(let message): return .message(message)
        case .passed(let message, let descriptor):
            lastIdentity = File.identity(of: descriptor.raw)
            return .message(message)
        case .malformed: return .malformed
        case .wouldBlock: return .wouldBlock
        case .closed: return .closed
        case .failed(let code): return .failed(code)
        }
    }

    func closeSupervisor() { supervisor = nil }
}
