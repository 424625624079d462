// SPDX-License-Identifier: Apache-2.0
/// What a launched program finds: arguments, environment, descriptors, signals, group, limits, user.
/// Failures have a file of their own: LaunchErrorTests.

import Foundation
import Glibc
import LinuxIO
import Testing

@Suite("A launched program")
struct LaunchPlanTests {
    @Test("finds exactly the environment it was given")
    func environment() throws {
        var shell = Shell("")
        shell.request.path = "/usr/bin/env"
        shell.request.arguments = ["env"]
        shell.request.environment = ["A=1", "B=two words"]
        #expect(try shell.lines() == ["A=1", "B=two words"])
    }

    @Test("finds its arguments unchanged, odd characters included")
    func arguments() throws {
        var shell = Shell("")
        shell.request.path = "/usr/bin/printf"
        shell.request.arguments = ["printf", "%s\n", "a b", "$HOME", "é;"]
        #expect(try shell.lines() == ["a b", "$HOME", "é;"])
    }

    @Test("sees the variable's newest value, also one that is longer than all before")
    func variables() throws {
        let pipe = try Descriptor.pipe()
        var shell = Shell("echo \"$FIRST:$SECOND\"")
        shell.request.descriptors = [(pipe.writing.raw, 1)]
        let plan = try LaunchPlan(shell.request, variables: ["FIRST", "SECOND"])
        let long = String(repeating: "x", count: 3000)
        for value in ["a", long, "b"] {
            plan.setVariable(0, to: bytes(value).span)
            plan.setVariable(1, to: bytes("second").span)
            #expect(try end(of: plan.launch()) == .exited(0))
        }
        let reading = try pipe.keepReading()
        let output = String(decoding: try File.read(reading.raw, limit: 10_000), as: UTF8.self)
        #expect(output == "a:second\n\(long):second\nb:second\n")
    }

    @Test("gets the descriptor that was set for this launch")
    func replacedDescriptor() throws {
        let plan = try LaunchPlan(Shell("echo here").request)
        let pipe = try Descriptor.pipe()
        plan.setDescriptor(1, to: pipe.writing.raw)
        #expect(try end(of: plan.launch()) == .exited(0))
        let reading = try pipe.keepReading()
        #expect(try File.read(reading.raw, limit: 100) == bytes("here\n"))
    }

    @Test("has no descriptor but its own, whatever we left open")
    func noLeak() throws {
        let file = try MemoryFile(named: "leak", size: 1)
        try Descriptor.setCloseOnExec(file.descriptor.raw, false)
        var shell = Shell("for f in /proc/$$/fd/*; do [ -e $f ] && echo ${f##*/}; done; true")
        shell.request.descriptors = [(file.descriptor.raw, 7)]
        #expect(try shell.lines() == ["0", "1", "2", "7"])
    }

    @Test("finds /dev/null where no standard descriptor was named")
    func nullDescriptors() throws {
        #expect(try Shell("readlink /proc/$$/fd/0 /proc/$$/fd/2").lines() == ["/dev/null", "/dev/null"])
    }

    @Test("gets two descriptors that change places")
    func swappedDescriptors() throws {
        let first = try MemoryFile.holding(bytes("first\n").span, named: "first")
        let second = try MemoryFile.holding(bytes("second\n").span, named: "second")
        let (one, two) = (first.descriptor.raw, second.descriptor.raw)
        var shell = Shell("cat /proc/$$/fd/\(one) /proc/$$/fd/\(two)")
        shell.request.descriptors = [(one, two), (two, one)]
        #expect(try shell.lines() == ["second", "first"])
    }

    @Test("is told its own pid, and the number and names of what was handed over")
    func listenVariables() throws {
        let file = try MemoryFile(named: "handed-over", size: 1)
        var shell = Shell("echo $(($$ - LISTEN_PID)) $LISTEN_FDS $LISTEN_FDNAMES")
        shell.request.descriptors = [(file.descriptor.raw, 3), (file.descriptor.raw, 4)]
        shell.request.listenNames = ["udp", "tcp"]
        #expect(try shell.lines() == ["0 2 udp:tcp"])
    }

    @Test("starts with no signal blocked or ignored, though the launching thread blocks and ignores some")
    func signals() async throws {
        Signal.ignoreBrokenPipes()
        let lines = try await onThread {
            _ = try SignalDescriptor(blocking: [SIGTERM, SIGUSR1])
            return try Shell("exec grep -E 'SigBlk|SigIgn' /proc/self/status").lines()
        }
        #expect(lines == ["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000"])
    }

    @Test("leads a process group of its own if asked to, else stays in ours")
    func processGroup() throws {
        var shell = Shell("cut -d' ' -f5 /proc/$$/stat; echo $$")
        let own = try shell.lines()
        #expect(own[0] == own[1])
        shell.request.processGroup = false
        #expect(try shell.lines()[0] == "\(getpgrp())")
    }

    @Test("works in the folder it was given")
    func directory() throws {
        var shell = Shell("pwd")
        shell.request.directory = "/usr"
        #expect(try shell.lines() == ["/usr"])
    }

    @Test("runs under the limits it was given")
    func limits() throws {
        var shell = Shell("ulimit -Sn; ulimit -Hn; ulimit -Hc")
        shell.request.limits = [
            (ResourceLimit.descriptors.resource, 40, 50), (ResourceLimit.core.resource, 0, 0),
        ]
        #expect(try shell.lines() == ["40", "50", "0"])
    }

    @Test("runs as the user it was given, with those groups alone", .enabled(if: CurrentProcess.user == 0))
    func credentials() throws {
        var shell = Shell("id -u; id -g; id -G; grep CapEff /proc/$$/status")
        shell.request.credentials = .init(user: 65_534, group: 65_533, groups: [65_533, 1234])
        #expect(try shell.lines() == ["65534", "65533", "65533 1234", "CapEff:\t0000000000000000"])
    }

    @Test("dies with the thread that launched it", arguments: [false, true])
    func deathSignal(asOtherUser: Bool) async throws {
        if asOtherUser, CurrentProcess.user != 0 { return }
        var shell = Shell("echo ready; exec sleep 60")
        shell.request.parentDeathSignal = SIGKILL
        // A change of user clears the signal, if it was asked for before.
        if asOtherUser { shell.request.credentials = .init(user: 65_534, group: 65_534, groups: []) }
        let request = shell.request
        let process = try await onThread { Held(try LaunchPlan(request).launch()) }
        #expect(try end(of: process.process) == .signalled(SIGKILL))
    }
}

/// Carries a process out of a closure.
final class Held: Sendable {
    let process: ProcessDescriptor
    init(_ process: consuming ProcessDescriptor) { self.process = process }
}

/// Runs the body on a thread of its own, which ends afterwards: masks and death signals belong to threads.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Swift.Result { try body() }) }.start()
    }
}
