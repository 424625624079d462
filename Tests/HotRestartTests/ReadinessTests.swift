// SPDX-License-Identifier: Apache-2.0
/// What the service manager is told, word by word. That a real one understands it is shown by the system tests.
/// Where that is set, which is for a whole process, ReadinessProbe tells it.

import LinuxIO
import Testing

@testable import HotRestart

@Suite("Readiness")
struct ReadinessTests {
    @Test(
        "is told in the assignments of sd_notify(3), one line each",
        arguments: [
            (.ready, "READY=1"), (.stopping, "STOPPING=1"), (.mainPID(4711), "MAINPID=4711"),
            (.reloading(at: 1_234_567_890), "RELOADING=1\nMONOTONIC_USEC=1234567"),
            (.status("2 workers"), "STATUS=2 workers"),
            (.status("two\nlines\r\nMAINPID=1"), "STATUS=two lines MAINPID=1"), (.status("a\0b"), "STATUS=a b"),
        ] as [(Readiness.Notice, String)])
    func assignment(notice: Readiness.Notice, expected: String) { #expect(notice.assignment == expected) }

    @Test("is told to nobody where there is no service manager", .enabled(if: noServiceManager))
    func nobody() { #expect(Readiness.notify(.ready, .status("ready")) == false) }

    @Test("waits at the barrier until the service manager has taken in what was told it before, or for so long")
    func barrier() throws {
        let manager = try ServiceManager()
        let report = try Probe("ReadinessProbe", environment: [manager.variable]).run {
            #expect(try manager.next() == "READY=1\nMAINPID=4711")
            #expect(try manager.next() == "BARRIER=1")
            // The second is left waiting until the process has given up, and said so in the next message.
            var last = ""
            let barrier = try manager.next { last = try manager.next() }
            #expect([barrier, last] == ["BARRIER=1", "STATUS=true false"])
        }
        #expect(report == ["told"])
    }

    private static var noServiceManager: Bool { CurrentProcess.environment("NOTIFY_SOCKET") == nil }
}

@Suite("The process that tells its readiness", .enabled(if: Probe.isRunning("ReadinessProbe")))
struct ReadinessProbe {
    @Test("tells what the test expects")
    func run() throws {
        Readiness.notify(.ready, .mainPID(4711))
        let first = Readiness.barrier(within: .seconds(30))
        let second = Readiness.barrier(within: .milliseconds(50))
        Readiness.notify(.status("\(first) \(second)"))
        try Probe.report(["told"])
    }
}
