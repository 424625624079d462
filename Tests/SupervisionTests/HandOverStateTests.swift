// SPDX-License-Identifier: Apache-2.0
/// What one supervisor tells the next: read back as it was written, and nothing else.

import LinuxIO
import Segments
import Testing
import Wire

@testable import Supervision

@Suite("Hand-over state")
struct HandOverStateTests {
    private static var full: HandOverState {
        var account = SupervisorAccount(ledgerSince: 1_700_000_000_000_000_000)
        account.kernelDropped = 12
        account.slotsFreed = 1
        account.past = [Checkpoint.PastAccount(name: "gone")]
        var state = HandOverState(account: account)
        state.generation = 7
        state.file = "/etc/belfry/belfry.yaml"
        state.workerBase = 0
        state.incarnations[3] = 9
        state.dropsCounter = 0xFFFF_FFF0
        state.paused = ["archive", "on-call"]
        state.startsParked = true
        state.portIsInherited = true
        state.began = 123_456
        state.restarts = [1, 0, 2, 3]
        state.keeperRestarts = 4
        state.notes = [KeptNote(.audit, time: 5, subject: "pid 1, user 0", detail: "restart")]
        state.recent = [KeptNote(.incident, code: 1, time: 6, count: 2, subject: "worker 0", detail: "died")]
        return state
    }

    @Test("what is read back is what was written, padding behind it or not")
    func roundTrip() throws {
        let bytes = Self.full.encoded
        #expect(try HandOverState.decode(bytes.span) == Self.full)
        #expect(try HandOverState.decode((bytes + [0, 0, 0]).span) == Self.full)
        let least = HandOverState(account: SupervisorAccount(ledgerSince: 0))
        #expect(try HandOverState.decode(least.encoded.span) == least)
    }

    @Test("no byte can be changed and none left out unnoticed")
    func corrupt() {
        let bytes = Self.full.encoded
        for place in bytes.indices {
            var other = bytes
            other[place] ^= 0x40
            #expect(throws: HandOverStateError.self, "byte \(place)") { try HandOverState.decode(other.span) }
            #expect(throws: HandOverStateError.self, "cut at \(place)") {
                try HandOverState.decode(bytes.span.extracting(0..<place))
            }
        }
        #expect(throws: HandOverStateError.corrupt) { try HandOverState.decode((bytes + [1]).span) }
    }

    @Test("a state of another version says which")
    func version() {
        var bytes = Self.full.encoded
        bytes[7] = HandOverState.version + 1
        #expect(throws: HandOverStateError.version(HandOverState.version + 1)) {
            try HandOverState.decode(bytes.span)
        }
        bytes[0] = 0x41
        #expect(throws: HandOverStateError.foreign) { try HandOverState.decode(bytes.span) }
    }

    @Test(
        "fields that can't be are refused though the checksum is right",
        arguments: [
            { (state: inout HandOverState) in state.generation = 0 },
            { state in state.workerBase = 1 },
            { state in state.incarnations.removeLast() },
            // Each will be counted on.
            { state in state.generation = .max },
            { state in state.incarnations[63] = .max },
            { state in state.restarts = [.max] },
            { state in state.keeperRestarts = .max },
        ] as [@Sendable (inout HandOverState) -> Void])
    func bounds(change: @Sendable (inout HandOverState) -> Void) {
        var state = Self.full
        change(&state)
        #expect(throws: HandOverStateError.corrupt) { try HandOverState.decode(state.encoded.span) }
    }
}

@Suite("Hand-over message")
struct HandOverMessageTests {
    private static let all: [HandOverMessage] = [
        .state, .process(.init(.acceptor, pid: 12)), .process(.init(nil, pid: 1)), .channel(.committer),
        .channel(.worker(127)), .yours, .cleared(worker: 64), .commit, .prepared,
        .launched(.init(.worker(0), pid: CInt.max)), .launched(.init(nil, pid: 7)), .tookOver(connections: 10_000),
        .serving, .failed("its worker 1 died"),
    ]

    @Test("each is read back as it was sent, and nothing that is longer or shorter", arguments: all)
    func roundTrip(message: HandOverMessage) {
        let bytes = message.encoded
        #expect(bytes.count <= HandOverMessage.maximumCount)
        #expect(HandOverMessage(decoding: bytes.span) == message)
        if case .failed = message { return }
        #expect(HandOverMessage(decoding: (bytes + [0]).span) == nil)
        #expect(HandOverMessage(decoding: Array(bytes.dropLast()).span) == nil)
    }

    @Test("the keeper has no channel, and no pid is 0 or less")
    func bounds() {
        #expect(HandOverMessage(decoding: [3, 255].span) == nil)
        #expect(HandOverMessage(decoding: [3, 128].span) == nil)
        #expect(HandOverMessage(decoding: [2, 253, 0, 0, 0, 0].span) == nil)
        #expect(HandOverMessage(decoding: [2, 253, 0, 0, 0, 0x80].span) == nil)
        #expect(HandOverMessage(decoding: [5, 128].span) == nil)
    }

    @Test("what is said on the way through the store is the same in all versions: they have nothing else in common")
    func passage() {
        #expect(HandOverMessage.commit.encoded == [6])
        #expect(HandOverMessage.record.encoded == [7] && HandOverMessage.record.carriesDescriptor)
        #expect(HandOverMessage.serving.encoded == [20])
        #expect(HandOverMessage.failed("no").encoded == [21, 0x6E, 0x6F])
    }

    @Test("words are cut to what a packet holds, and there always are some")
    func words() throws {
        let long = HandOverMessage.failed(String(repeating: "é", count: 2_000)).encoded
        #expect(long.count <= HandOverMessage.maximumCount)
        #expect(HandOverMessage(decoding: long.span) != nil)
        guard case .failed(let words)? = HandOverMessage(decoding: HandOverMessage.failed("").encoded.span) else {
            Issue.record("not read back")
            return
        }
        #expect(!words.isEmpty)
    }
}
