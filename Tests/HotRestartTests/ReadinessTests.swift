// SPDX-License-Identifier: Apache-2.0
/// What the service manager is told, word by word. That a real one understands it is shown by the system tests.

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

    private static var noServiceManager: Bool { CurrentProcess.environment("NOTIFY_SOCKET") == nil }
}
