// SPDX-License-Identifier: Apache-2.0
/// Reading the configuration again, with real processes: limits, faults, what only a restart changes, SIGHUP, and several
/// who ask at once.
/// Invariant of each test: the broker serves on, whatever the file says.

import LinuxIO
import Testing

@Suite("Reading the configuration again")
struct ReloadFileTests {
    let scratch: Scratch
    let recorder: Recorder

    init() throws {
        scratch = try Scratch()
        recorder = try Recorder.stream("recorder", in: scratch)
    }

    private func send(_ broker: Broker, _ body: String) throws {
        let sent = try broker.belfry(["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "a", body])
        #expect(sent.succeeded, "\(sent.errors)")
    }

    @Test("a limit of the port holds for what comes behind the answer")
    func limits() throws {
        let broker = try Broker(scratch, services: [recorder.service()])
        let answer = try broker.reload(services: [recorder.service()], portOptions: ", max-message: 64")
        #expect(answer.lines == ["port.max-message: 1MiB -> 64"])
        let refused = try broker.belfry(
            ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "a", String(repeating: "x", count: 65)])
        #expect(refused.status == .exited(1))
        try send(broker, String(repeating: "x", count: 64))
        try recorder.wait(for: 1)
        try broker.stop()
    }

    @Test("a bad file changes nothing, and all its faults are told")
    func badFile() throws {
        let broker = try Broker(scratch, services: [recorder.service()])
        let before = try broker.status()
        let answer = try broker.reload(services: ["- name: x\n  comand: [y]"], settings: "workers: { count: 0 }")
        #expect(answer.verdict == "error: \(scratch.file("belfry.yaml")): 4 faults; nothing was changed")
        #expect(answer.lines.count == 4 && answer.lines[0].contains("workers.count"))
        try send(broker, "still here")
        try recorder.wait(for: 1)
        let after = try broker.status()
        #expect(after.workers.map(\.pid) == before.workers.map(\.pid) && after.acceptor.pid == before.acceptor.pid)
        try scratch.run("rm", [scratch.file("belfry.yaml")])
        #expect(try broker.ask("reload").verdict.hasSuffix("1 fault; nothing was changed"))
        try broker.stop()
    }

    @Test("what only a restart changes is named and left as it was, and the rest is changed")
    func restart() throws {
        let broker = try Broker(scratch, services: [recorder.service()])
        let answer = try broker.reload(
            services: [recorder.service()], portOptions: ", udp: false",
            settings: "ring: { size: 128MiB }\nshutdown: { grace: 5s }")
        #expect(
            answer.lines.map { $0.replacing(" ", with: "") } == [
                "shutdown.grace:10s->5s", "port.udp:truestays,falseneedsarestart",
                "ring.size:64MiBstays,128MiBneedsarestart",
            ])
        let json = try broker.ask("reload json")
        let expected = #"{"key":"ring.size","running":"64MiB","file":"128MiB"}"#
        #expect(json.succeeded && json.lines.count == 1 && json.lines[0].contains(expected))
        try Client.udp(broker.port).send("by udp")
        try recorder.wait(for: 1)
        try broker.stop()
    }

    @Test("SIGHUP is a reload whose result the log tells")
    func hangup() throws {
        let broker = try Broker(scratch, services: [recorder.service()])
        try broker.rewrite(services: [recorder.service()], settings: "shutdown: { grace: 3s }")
        broker.program.signal(Signal.hangup)
        _ =
            try scratch.wait("the result", alongside: broker.program) {
                broker.program.errors.contains("shutdown.grace: 10s -> 3s") ? true : nil
            } as Bool
        try scratch.write("belfry.yaml", "services: 7\n")
        broker.program.signal(Signal.hangup)
        _ =
            try scratch.wait("the fault", alongside: broker.program) {
                broker.program.errors.contains("1 fault; nothing was changed") ? true : nil
            } as Bool
        try broker.stop()
    }

    @Test("changes are made one after the other, each is answered, and one whose asker has gone is made all the same")
    func inLine() throws {
        let broker = try Broker(scratch, services: [recorder.service()], settings: "workers: { count: 1 }")
        let first = try Control(broker.control)
        let second = try Control(broker.control)
        try first.send("workers 2")
        try second.send("workers 3")
        do { try Control(broker.control).send("workers 4") }
        let last = try Control(broker.control)
        try last.send("workers 5")
        #expect(try first.answer().lines == ["workers.count: 1 -> 2"])
        #expect(try second.answer().lines == ["workers.count: 2 -> 3"])
        #expect(try last.answer().succeeded)
        #expect(try broker.status().workers.count == 5)
        #expect(broker.program.errors.contains("workers.count: 3 -> 4"))
        try broker.stop()
    }
}
