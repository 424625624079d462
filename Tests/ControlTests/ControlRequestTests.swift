// SPDX-License-Identifier: Apache-2.0
/// What may be asked on the control socket, and what a malformed request is told.

import Control
import Testing

@Suite("A control request")
struct ControlRequestTests {
    private static let hint = "send one of: status, ledger, tail, reload, workers, drain, help"

    @Test(
        "is read back from its own line",
        arguments: [
            ControlRequest.status(.text), .status(.json), .ledger(.text), .ledger(.json), .reload(.text),
            .reload(.json), .workers(4, .text),
            .workers(64, .json), .drain, .tail, .help,
        ])
    func roundTrip(request: ControlRequest) throws {
        #expect(try ControlRequest.parse(Array(request.line.utf8).span) == request)
    }

    @Test("may have blanks around its words, and the carriage return of telnet", arguments: ["  status\tjson \r"])
    func blanks(line: String) throws {
        #expect(try ControlRequest.parse(Array(line.utf8).span) == .status(.json))
    }

    @Test(
        "that is malformed says what would have been right",
        arguments: [
            ("", "the request is empty; \(Self.hint)"),
            ("  ", "the request is empty; \(Self.hint)"),
            ("STATUS", "there is no request \"STATUS\"; \(Self.hint)"),
            ("status yaml", "status does not know \"yaml\"; send \"status\" or \"status json\""),
            ("ledger json json", "ledger does not know \"json json\"; send \"ledger\" or \"ledger json\""),
            ("reload all", "reload does not know \"all\"; send \"reload\" or \"reload json\""),
            ("workers", "workers needs a number from 1 to 64; send \"workers 4\""),
            ("workers 65", "workers needs a number from 1 to 64; send \"workers 4\""),
            ("workers 2 x", "workers 2 does not know \"x\"; send \"workers 2\" or \"workers 2 json\""),
            ("drain now", "drain takes no argument, but \"now\" was given; send \"drain\" alone"),
            ("sta\u{1B}tus", "the request is not text; \(Self.hint)"),
        ])
    func malformed(line: String, sentence: String) {
        #expect(throws: ControlFault(sentence)) { try ControlRequest.parse(Array(line.utf8).span) }
    }

    @Test("that is not UTF-8 is refused")
    func notText() {
        #expect(throws: ControlFault.self) { try ControlRequest.parse([0x73, 0xFF].span) }
    }

    @Test("that is too long is refused before it is read")
    func tooLong() {
        let line = [UInt8](repeating: 0x73, count: ControlRequest.maximumCount + 1)
        #expect(throws: ControlFault.self) { try ControlRequest.parse(line.span) }
    }

    @Test("that shows what notifications say is granted to root and to the owner alone")
    func bodies() {
        #expect(ControlRequest.tail.right == .readBodies)
        #expect(ControlRight.readBodies.isGranted(toUser: 0, owner: 1000))
        #expect(ControlRight.readBodies.isGranted(toUser: 1000, owner: 1000))
        #expect(!ControlRight.readBodies.isGranted(toUser: 1001, owner: 1000))
        #expect(ControlRight.readBodies.refusal(ofUser: 7).sentence.contains("user 7 may not read notifications"))
    }

    @Test("that changes something is granted to root and to the owner alone")
    func rights() {
        #expect(ControlRequest.drain.right == .change)
        #expect(ControlRequest.status(.text).right == .readState)
        #expect(ControlRight.change.isGranted(toUser: 0, owner: 1000))
        #expect(ControlRight.change.isGranted(toUser: 1000, owner: 1000))
        #expect(!ControlRight.change.isGranted(toUser: 1001, owner: 1000))
        #expect(ControlRight.readState.isGranted(toUser: 1001, owner: 1000))
    }
}
