// SPDX-License-Identifier: Apache-2.0
/// Services with framing `frames`, with the real executables: what they get, how they are told to finish, what their death
/// costs, and that one which sends nonsense harms nobody. Under load and kill -9 of workers: ProofTests.
/// Invariant of each test: the ledger agrees with what the service has noted.

import LinuxIO
import Testing

@Suite("Services that speak frames")
struct FramesTests {
    let scratch: Scratch
    let recorder: Recorder

    init() throws {
        scratch = try Scratch()
        recorder = try Recorder.frames("quick", in: scratch)
    }

    private func send(_ bodies: [String], to broker: Broker) throws {
        let to = ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "test.topic", "--lines", "-"]
        let sent = try broker.belfry(to, input: bodies.map { $0 + "\n" }.joined())
        #expect(sent.succeeded, "\(sent.errors)")
    }

    /// A service of this name that runs a program on top of Tests/Tools/frames.py.
    private func service(_ program: String, _ options: String...) throws -> String {
        let file = try scratch.write("sick.py", "import os, time\nfrom frames import *\n\(program)\n")
        let lines = [
            "- name: sick", "  topics: [\">\"]", "  command: [/usr/bin/python3, -B, \(file)]", "  mode: stream",
            "  framing: frames", "  retry: { backoff: 20ms, max-backoff: 100ms }",
            "  environment: { PYTHONPATH: \(Executables.repository)/Tests/Tools }",
        ]
        return (lines + options.map { "  " + $0 }).joined(separator: "\n")
    }

    @Test("get every message with all that `lines` would tell of it, by one process")
    func delivered() throws {
        let lines = try Recorder.stream("slow", in: scratch)
        let broker = try Broker(scratch, services: [recorder.service(), lines.service()])
        try send((0..<500).map { "body \($0) \"ü\"" }, to: broker)
        try Client.udp(broker.port).send("<34>Oct 11 22:14:15 host su[7]: text")
        try Client.udp(broker.port).send([0xFF, 0x00])
        let got = try recorder.wait(for: 502)
        let expected = try lines.wait(for: 502)
        #expect(Set(got.map(\.process)).count == 1)
        let others = { (delivery: Recorder.Delivery) in delivery.object.filter { $0.key != "time" } }
        #expect(got.map(others) == expected.map(others))
        _ = try broker.ledger("all acked") { $0.services["quick"]?.delivered == 502 }
        try broker.stop()
    }

    @Test("are told by FINISH when idle, exit by themselves, and are started anew by the next message")
    func idle() throws {
        let broker = try Broker(scratch, services: [recorder.service("\">\"", "idle-timeout: 300ms")])
        try send(["one"], to: broker)
        let first = try recorder.wait(for: 1)[0].process
        let stopped = try broker.service("quick", "stopped") { $0.state == "stopped" && $0.instances == 0 }
        #expect(stopped.reason == nil)
        #expect(scratch.text("quick.end") == "\(first) finish 5000\n\(first) end\n")
        try send(["two"], to: broker)
        #expect(try recorder.wait(for: 2)[1].process != first)
        try broker.stop()
    }

    @Test("get all that is waiting when belfryd is asked to end, then FINISH")
    func drained() throws {
        let broker = try Broker(scratch, services: [recorder.service("\">\"", "in-flight: 16")])
        try send((0..<5_000).map { "\($0)" }, to: broker)
        try broker.stop()
        let all = try recorder.deliveries()
        #expect(all.map(\.text) == (0..<5_000).map { "\($0)" })
        #expect(all.allSatisfy { $0["redelivered"].isEmpty })
        #expect(scratch.text("quick.end") == "\(all[0].process) finish 5000\n\(all[0].process) end\n")
    }

    @Test("that are killed get again what they had not answered, and nothing of what they had")
    func killed() throws {
        let log = scratch.file("log")
        let program = """
            window(8); first = not os.path.exists("\(log)")
            while d := next():
                note("\(log)", "%s %d %d" % (d.body.decode(), d.attempt, d.flags))
                if not first: done((d.number, d.number))
                elif d.number == 8: done((1, 3), (5, 6)); os.kill(os.getpid(), 9)
            """
        let broker = try Broker(scratch, services: [service(program, "in-flight: 8")])
        try send((1...20).map { "\($0)" }, to: broker)
        _ = try broker.ledger("delivery of all") { $0.services["sick"]?.delivered == 20 }
        let lines = scratch.text("log").split(separator: "\n").map(String.init)
        #expect(lines.prefix(8) == (1...8).map { "\($0) 1 0" }[...])
        // Any of them may have been the cause: it was an attempt of none.
        let again = lines.dropFirst(8)
        #expect(Set(["4 1 1", "7 1 1", "8 1 1"]).isSubset(of: again))
        #expect(again.compactMap { Int($0.prefix { $0 != " " }) }.sorted() == [4, 7, 8] + (9...20))
        try broker.stop()
    }

    @Test("that lose their worker get again what they had not answered, and nothing of what they had")
    func workerKilled() throws {
        let log = scratch.file("log")
        let program = """
            window(8); first = not os.path.exists("\(log)")
            while d := next():
                note("\(log)", "%s %d %d" % (d.body.decode(), d.attempt, d.flags))
                if not first: done((d.number, d.number))
                elif d.number == 8: done((1, 3), (5, 6))
            """
        let broker = try Broker(scratch, services: [service(program, "in-flight: 8")])
        try send((1...8).map { "\($0)" }, to: broker)
        _ = try broker.ledger("five of eight") { $0.services["sick"]?.delivered == 5 }
        let holder = try #require(try broker.status().workers.first { $0.leases > 0 })
        try ProcessDescriptor(pid: try #require(holder.pid)).send(Signal.kill)
        _ = try broker.ledger("delivery of all") { $0.services["sick"]?.delivered == 8 }
        let again = scratch.text("log").split(separator: "\n").dropFirst(8)
        // A delivery that was cut off by Belfry's own death does not count as an attempt.
        #expect(again.sorted() == ["4 1 1", "7 1 1", "8 1 1"])
        try broker.stop()
    }

    @Test(
        "that send nonsense, or nothing, back off, and status says why; others don't notice",
        arguments: [
            ("s.sendall(os.urandom(1 << 20)); time.sleep(600)", "sent what is no frame, ended"),
            ("time.sleep(600)", "sent no WINDOW in time, ended"),
            ("s.close(); time.sleep(600)", "closed its socket"), ("sys.exit(3)", "died at start (exit 3)"),
        ])
    func nonsense(_ program: String, _ reason: String) throws {
        // What can't be delivered is not to be waited for at the end.
        let broker = try Broker(
            scratch, services: [service(program, "ack-timeout: 500ms"), recorder.service()],
            settings: "shutdown: { grace: 100ms }")
        try send((0..<100).map { "\($0)" }, to: broker)
        #expect(try recorder.wait(for: 100).map(\.text) == (0..<100).map { "\($0)" })
        _ = try broker.service("sick", "trouble") { $0.reason == reason }
        let ledger = try broker.ledger("all acked") { $0.services["quick"]?.delivered == 100 }
        #expect(ledger.services["sick"]?.pending == 100)
        try broker.stop()
    }
}
