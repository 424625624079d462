// SPDX-License-Identifier: Apache-2.0
/// How everything is coded that one belfryd hands to another in memory, held to the number in belfryd's note: by that number
/// an update knows whether the other one reads it, and a change without a new number would be noticed only when it is too
/// late to refuse.
/// Invariant: an entry of `digests` never changes. A coding that does gets the next number (note.c, HandOverState,
/// HandOverFrame), and that an entry of its own.

import CBelfryd
import Control
import LinuxIO
import Ring
import Segments
import Testing
import Wire

@testable import Ingress
@testable import Supervision

@Suite("What goes over in memory")
struct HandOverCodingTests {
    /// What two generations say to each other, by who says it.
    enum Part: CaseIterable {
        /// Supervisor to supervisor: what it knows.
        case state
        /// Supervisor to supervisor: each word.
        case messages
        /// Acceptor to acceptor.
        case connections
        /// The new supervisor and roles of the former one.
        case roles
        /// The new one's keeper and workers of the former one, which finish what they have.
        case letters
    }

    /// SHA-256, by the number in the note.
    private static let digests: [UInt32: [Part: String]] = [
        1: [
            .state: "50790a814eeb9949cf6e57ac12cee4833a62ae3d27d88a3fa20703662afcd204",
            .messages: "b8d812885550fec887d598d1428fd9281edd884162920040ddf3460edf828a57",
            .connections: "dcc1e10fb3bd15b0e71cc88bb9e95f67b02dd54d4d8c2c087ff40aba9e1e4beb",
            .roles: "61df8ba50611d6de38823421499529a763dda25294ff79e053f91ec386ef51d7",
            .letters: "f1f33d5c7e155bcdad112748221294d4b25f830fceb9133cb212e35a130a7f75",
        ]
    ]

    @Test("is coded as the number in the note says", arguments: Part.allCases)
    func coding(of part: Part) throws {
        let number = belfryd_note.hand_over
        let wanted = try #require(Self.digests[number]?[part], "number \(number) has no entry here")
        var digest = SHA256()
        digest.add(Self.bytes(of: part).span)
        #expect(digest.hex() == wanted, "another coding, but still number \(number)")
    }

    @Test("has one number, wherever it is told")
    func number() {
        #expect(UInt32(HandOverState.version) == belfryd_note.hand_over)
        #expect(HandOverFrame.version == belfryd_note.hand_over)
    }

    // MARK: samples, in which no two fields are alike

    private static func bytes(of part: Part) -> [UInt8] {
        switch part {
        case .state: state.encoded
        case .messages: messages.flatMap { [UInt8($0.carriesDescriptor ? 1 : 0)] + $0.encoded }
        case .connections: frames.flatMap(bytes)
        case .roles: words.flatMap { [UInt8($0.carriesDescriptor ? 1 : 0)] + $0.encoded }
        case .letters: letters.flatMap(bytes)
        }
    }

    private static var state: HandOverState {
        var account = SupervisorAccount(ledgerSince: 1)
        (account.kernelDropped, account.slotsFreed) = (2, 3)
        var past = Checkpoint.PastAccount(name: "past")
        (past.matched, past.retried, past.launches, past.launchFailures) = (4, 5, 6, 7)
        past.outcomes[1] = 8
        account.past = [past]
        var state = HandOverState(account: account)
        (state.generation, state.file, state.workerBase) = (9, "file", 0)
        state.incarnations[1] = 10
        (state.dropsCounter, state.paused) = (11, ["paused", "services"])
        (state.startsParked, state.portIsInherited, state.began) = (true, false, 12)
        (state.restarts, state.keeperRestarts) = ([13, 14], 15)
        state.notes = [KeptNote(.audit, code: 16, time: 17, count: 18, subject: "subject", detail: "detail")]
        state.recent = [KeptNote(.incident, code: 19, time: 20, count: 21, subject: "who", detail: "what")]
        return state
    }

    private static let messages: [HandOverMessage] = [
        .state, .process(.init(.acceptor, pid: 1)), .process(.init(.committer, pid: 2)), .process(.init(nil, pid: 3)),
        .channel(.worker(4)), .yours, .cleared(worker: 5), .record, .commit, .prepared,
        .launched(.init(.worker(127), pid: 6)), .tookOver(connections: 7), .serving, .failed("words"),
    ]

    private static var frames: [HandOverFrame] {
        let frozen = FrozenAcceptor(connections: 1, settingsVersion: 2, head: 3, moment: 4, stalledSince: 5)
        // Every value that a field of few values may have.
        let connections: [HandedConnection] = (0...UInt8.max).compactMap { raw in
            var connection = full
            connection.stream = StreamProtocol(rawValue: raw) ?? connection.stream
            connection.phase = Connection.Phase(rawValue: raw) ?? connection.phase
            connection.pause = Connection.Pause(rawValue: raw) ?? connection.pause
            return connection.phase == .closed || (connection == full && raw > 0) ? nil : connection
        }
        return [.frozen(frozen)]
            + (connections + [HandedConnection(clock: ConnectionClock(openedAt: 6))])
            .map(HandOverFrame.connection) + [.taken]
    }

    private static var full: HandedConnection {
        var connection = HandedConnection(clock: ConnectionClock(openedAt: 1))
        (connection.clock.frameBegan, connection.clock.lastHeard, connection.clock.closeBy) = (2, 3, 4)
        connection.peer = SocketAddress(numeric: "2001:db8::5", port: 6)
        (connection.hasSpoken, connection.isQueued) = (true, true)
        connection.sender = Ring.SenderID(high: 7, low: 8)
        (connection.session.lastNumber, connection.session.promised) = (9, 10)
        (connection.session.farewell, connection.session.hasBegun) = (.badType, true)
        (connection.hold, connection.firm) = (HandedConnection.Hold(until: 11, upTo: 12), 13)
        (connection.input, connection.output) = ([14, 15], [16])
        return connection
    }

    private static func bytes(_ frame: HandOverFrame) -> [UInt8] {
        let buffer = ByteBuffer(limit: 1 << 16)
        frame.append(to: buffer)
        var bytes: [UInt8] = []
        buffer.withReadable { bytes.append(copying: $0) }
        return bytes
    }

    private static var letters: [KeeperFrame] {
        let message = KeptMessage(
            service: "service", id: MessageID(log: 1, epoch: 2, sequence: 3), time: 4, wireProtocol: 5, decodedKind: 6,
            topic: Array("topic".utf8), source: Array("source".utf8), decoded: Array("decoded".utf8),
            body: Array("body".utf8))
        return [
            .letter(number: 7, message, Failings(attempts: 8, first: 9, last: 10, reason: "reason")), .kept(11),
        ]
    }

    private static func bytes(_ frame: KeeperFrame) -> [UInt8] {
        var bytes: [UInt8] = []
        frame.append(to: &bytes)
        return bytes
    }

    /// Those with the keeper's process are left out: it does not go over.
    private static let words: [RoleMessage] = [
        .ready(settingsVersion: 1), .applied(settingsVersion: 2), .resolved(slot: 3), .tight, .drained,
        .drain(deadline: 4, keepSocketQueue: true), .stop, .spill, .stored, .account, .settings, .workerPage(index: 5),
        .workerBell(index: 6), .keeperWanted, .keeper, .trouble("words"),
        .incident(Incident(.disk, "process", "detail", count: 7)), .handOver, .handedOver,
    ]
}
