// SPDX-License-Identifier: Apache-2.0
/// What a dead worker left behind, with real processes.

import LinuxIO
import Testing

@testable import Supervision

@Suite("Orphans")
struct OrphansTests {
    private func launch(_ arguments: [String]) throws -> ProcessDescriptor {
        let plan = try LaunchPlan(
            LaunchRequest(
                path: "/usr/bin/\(arguments[0])", arguments: arguments, processGroup: false))
        return try plan.launch()
    }

    /// Waits for the end, 10 s at most.
    private func end(of process: borrowing ProcessDescriptor) throws -> LinuxIO.ExitStatus? {
        let poller = try Poller(capacity: 1)
        try poller.add(process.raw, token: 0, events: .readable)
        _ = try poller.wait(timeoutNanoseconds: 10_000_000_000)
        return process.reap()
    }

    @Test("our children in the session are killed, and nothing is left once they are reaped")
    func kills() throws {
        // setsid leads a session of its own: its pid is the session's number.
        let orphan = try launch(["setsid", "sleep", "600"])
        var session = ""
        let deadline = Clock.monotonic() + 10_000_000_000
        // It is in our session until it has got as far as setsid(2).
        while session != "\(orphan.pid)", Clock.monotonic() < deadline {
            let bytes = try File.read("/proc/\(orphan.pid)/stat", limit: 4096)
            session = ProcessRecord(stat: String(decoding: bytes, as: UTF8.self)).map { "\($0.session)" } ?? ""
        }
        #expect(Orphans.kill(session: orphan.pid))
        #expect(try end(of: orphan) == .signalled(Signal.kill))
        #expect(!Orphans.kill(session: orphan.pid))
    }

    @Test("children in another session are left alone")
    func spares() throws {
        let other = try launch(["sleep", "600"])
        #expect(!Orphans.kill(session: other.pid))
        #expect(other.reap() == nil)
        other.send(Signal.kill)
        #expect(try end(of: other) == .signalled(Signal.kill))
    }
}
