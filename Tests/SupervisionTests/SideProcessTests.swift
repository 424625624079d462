// SPDX-License-Identifier: Apache-2.0
/// What becomes of a process beside the broker: its last word, its end, or the end of our patience.

import LinuxIO
import Testing

@testable import Supervision

@Suite("A process beside the broker")
struct SideProcessTests {
    /// Runs a shell's script in its place, to its end.
    private func outcome(_ script: String, givenUp: Bool = false) throws -> SideProcess.Outcome {
        let side = try SideProcess("/bin/sh", ["-c", script], [], timeLimit: 7_000_000_000)
        let poller = try Poller(capacity: 1)
        try poller.add(side.process.raw, token: 0, events: .readable)
        if givenUp { side.giveUp() }
        while true {
            if let status = side.process.reap() { return side.outcome(status) }
            try #require(try poller.wait(timeoutNanoseconds: 20_000_000_000) > 0)
        }
    }

    @Test("is done with its last line, whatever it said before")
    func done() throws {
        #expect(try outcome("echo one; echo two") == .done("two"))
        #expect(try outcome("exit 0") == .done(""))
    }

    @Test("fails in its own words, from either output, else in ours about its end")
    func fails() throws {
        #expect(try outcome("echo why >&2; exit 3") == .failed("why"))
        #expect(try outcome("exit 3") == .failed("ended at once (exit 3)"))
        #expect(try outcome("echo so far; kill -9 $$") == .failed("ended at once (signal 9): so far"))
    }

    @Test("that is given up says how long it had, whatever it has said")
    func givenUp() throws {
        #expect(try outcome("echo busy; exec sleep 600", givenUp: true) == .failed("was not done after 7 s"))
    }

    @Test("says no more than is wanted, and can't be kept from its end by that")
    func endless() throws {
        let side = try SideProcess("/bin/sh", ["-c", "exec yes"], [], timeLimit: 7_000_000_000)
        let poller = try Poller(capacity: 1)
        try poller.add(side.raw, token: 0, events: .readable)
        while side.receive() { try #require(try poller.wait(timeoutNanoseconds: 20_000_000_000) > 0) }
        side.giveUp()
        try poller.remove(side.raw)
        try poller.add(side.process.raw, token: 1, events: .readable)
        try #require(try poller.wait(timeoutNanoseconds: 20_000_000_000) > 0)
        let ended = side.process.reap()
        let status = try #require(ended)
        #expect(side.outcome(status) == .failed("was not done after 7 s"))
    }
}
