// SPDX-License-Identifier: Apache-2.0
/// Restarts of a real process, over several generations.

import Glibc
import LinuxIO
import Testing

@testable import HotRestart

@Suite("A service of several generations")
struct GenerationTests {
    @Test("passes its socket from each to the next, and the older one ends")
    func socket() throws {
        let service = try Service("plain")
        let port = try service.next().last
        #expect(try service.sentence() == "state 1 none")
        for number in 1...5 {
            #expect(try service.restart(number) == port)
            #expect(try service.generation(number).end() == .exited(0))
        }
    }

    @Test("learns of its turns in a task")
    func tasks() throws {
        let service = try Service("tasks")
        #expect(try service.sentences(2) == ["ready 1", "state 1 none"])
        for number in 1...3 { try service.restart(number) }
    }

    @Test("restarts when it says so itself, also before it is ready")
    func call() throws {
        let service = try Service("calls")
        let told = try Set(service.sentences(11))
        let all = (1...4).flatMap { ["ready \($0)", "state \($0) none", "drain \($0)"] }
        #expect(told == Set(all.dropLast()))
    }

    @Test("goes on with the one it has when the next can't be started, ends, or hangs, and can try again")
    func failure() throws {
        for (mode, reason) in [
            ("missing", "the next generation can't be started: /nonexistent/program: no such file or directory"),
            ("ends", "the next generation ended before it was ready; its own log or its standard error says why"),
            ("hangs", "the next generation was not ready within 0.3 seconds, and was ended"),
        ] {
            let service = try Service(mode)
            #expect(try service.sentences(2) == ["ready 1", "state 1 none"])
            for _ in 1...2 {
                try service.generation(1).send(Signal.user2)
                #expect(try service.sentence() == "failed 1 \(reason)")
            }
        }
    }

    @Test("hands its state and descriptors over, from each to the next")
    func state() throws {
        let service = try Service("state")
        #expect(try service.sentences(2) == ["ready 1", "state 1 none"])
        var state = "none"
        for number in 1...3 {
            state += " \(number)"
            try service.generation(number).send(Signal.user2)
            #expect(try service.sentence() == "descriptor \(number + 1) file of \(number)")
            let told = try Set(service.sentences(3))
            #expect(told == ["drain \(number)", "ready \(number + 1)", "state \(number + 1) \(state)"])
        }
    }

    @Test("gets its state back from a next one that dies with it")
    func stateBack() throws {
        let service = try Service("dies-with-state")
        #expect(try service.sentences(2) == ["ready 1", "state 1 none"])
        for _ in 1...2 {
            try service.generation(1).send(Signal.user2)
            #expect(try service.sentence() == "descriptor 2 file of 1")
            #expect(try service.sentence().hasPrefix("failed 1 the next generation ended before it was ready"))
        }
    }

    @Test("goes on when it does not give its state in time")
    func stateForgotten() throws {
        let service = try Service("forgets-state")
        #expect(try service.sentences(2) == ["ready 1", "state 1 none"])
        try service.generation(1).send(Signal.user2)
        #expect(
            try service.sentence() == "failed 1 the next generation was not ready within 0.3 seconds, and was ended")
    }

    @Test("may have older ones that still finish their work, up to the limit")
    func limit() throws {
        let service = try Service("lingers")
        #expect(try service.sentences(2) == ["ready 1", "state 1 none"])
        for number in 1...2 { try service.restart(number) }
        try service.generation(3).send(Signal.user2)
        #expect(
            try service.sentence()
                == "failed 3 2 older generations have not finished their work yet, and 3 may run at once at most; "
                + "wait until one of them has ended, or end it")
        try service.generation(1).send(Signal.terminate)
        #expect(try service.generation(1).end() == .signalled(Signal.terminate))
        try service.restart(3)
    }

    @Test("is told when its time to finish is over")
    func overdue() throws {
        let service = try Service("overdue")
        #expect(try service.sentences(2) == ["ready 1", "state 1 none"])
        try service.generation(1).send(Signal.user2)
        #expect(Set(try service.sentences(4)) == ["drain 1", "overdue 1", "ready 2", "state 2 none"])
    }

    @Test("keeps its pid file right, and says before anything has changed that it can't")
    func pidFile() throws {
        let folder = try Directory.makeTemporary(in: "/tmp", prefix: "belfry-generations-")
        defer { try? Directory.remove(folder) }
        let path = "\(folder)/pid"
        let service = try Service("pid-file", path)
        #expect(try service.sentences(2) == ["ready 1", "state 1 none"])
        let text = { String(decoding: try File.read(path, limit: 20), as: UTF8.self) }
        #expect(try text() == "\(service.generation(1).descriptor.pid)\n")
        try service.restart(1)
        #expect(try text() == "\(service.generation(2).descriptor.pid)\n")
        #expect(Directory.names(folder) == ["pid"])
        try File.remove(path)
        let broken = try Service("pid-file", "\(folder)/missing/pid")
        #expect(try broken.generation(0).end() == .exited(1))
        #expect(try broken.errorText() == "pid file \(folder)/missing/pid: no such file or directory\n")
    }

    @Test("tells the service manager of its new main process before that one speaks for itself")
    func serviceManager() throws {
        let manager = try ServiceManager()
        let service = try Service("plain", environment: [manager.variable, "WATCHDOG_PID=1"])
        #expect(try manager.next() == "READY=1")
        #expect(try service.sentences(2) == ["ready 1", "state 1 none"])
        try service.generation(1).send(Signal.user2)
        #expect(try manager.next().hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
        let main = try manager.next()
        #expect(try manager.next() == "BARRIER=1")
        #expect(try manager.next() == "READY=1")
        _ = try service.sentences(3)
        #expect(try main == "MAINPID=\(service.generation(2).descriptor.pid)")
    }

    @Test("hears the signal whatever thread it comes to")
    func openThread() throws {
        let service = try Service("open-thread")
        #expect(try service.sentences(2) == ["ready 1", "state 1 none"])
        for number in 1...3 { try service.restart(number) }
    }
}
