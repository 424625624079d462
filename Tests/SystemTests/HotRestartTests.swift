// SPDX-License-Identifier: Apache-2.0
/// One belfryd takes over from another while messages come and go, as docs/upgrade.md promises: nothing is lost, nothing is
/// taken twice, and the next take-over works, whatever became of this one.
/// Invariant of each test: what every sender was told is accepted is delivered, and nothing of a former belfryd is left.

import LinuxIO
import Testing

@Suite("Hot restart", .serialized)
struct HotRestartTests {
    private let scratch: Scratch
    private let recorder: Recorder

    init() throws {
        scratch = try Scratch()
        recorder = try Recorder.stream("recorder", in: scratch)
    }

    private func start(_ settings: String = "", fault: FaultPoint? = nil, stops: Bool = false) throws -> Broker {
        try Broker(
            scratch, services: [recorder.service("\">\"", "in-flight: 64")], settings: settings,
            environment: fault.map { FaultMark.environment($0, passing: 1, stops: stops, in: scratch) } ?? [],
            executable: Executables.builtBelfryd)
    }

    private func send(_ broker: Broker, _ body: String) throws {
        let sent = try broker.belfry(["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "a", body])
        #expect(sent.succeeded, "\(sent.errors)\n\(broker.program.errors)")
    }

    @Test(
        "a belfryd that takes over serves what was pending and what comes, under the next generation's number",
        arguments: ["memory", "disk"])
    func takesOver(durability: String) throws {
        let broker = try start("ring: { durability: \(durability) }")
        try send(broker, "before")
        try recorder.wait(for: 1)
        let before = try broker.status()
        let result = try broker.restart()
        #expect(result.succeeded, "\(result.errors)\n\(broker.program.errors)")
        let after = try broker.status()
        #expect(after.pid != before.pid && after.generation == before.generation + 1)
        #expect(after.address == before.address)
        #expect(after.uptime >= before.uptime)
        try send(broker, "after")
        #expect(Set(try recorder.wait(for: 2).map(\.text)) == ["before", "after"])
        #expect(try broker.program.wait().status == .exited(0))
        let ledger = try broker.ledger("all delivered") { $0.services["recorder"]?.delivered == 2 }
        #expect(ledger.intake.published == 2)
        try broker.stop()
    }

    @Test("who connects to the control socket is told of the belfryd that serves, so that drain --wait waits for it")
    func ownsControl() throws {
        let broker = try start()
        #expect(try broker.restart().succeeded)
        let client = try Sockets.unixConnect(broker.control)
        #expect(try SocketFacts.peerCredentials(of: client.raw).pid == broker.supervisor)
        try broker.stop()
    }

    @Test("the settings change behind a restart as before it, and what has changed goes over at the next one")
    func reloads() throws {
        let broker = try start()
        for round in 1...3 {
            let restarted = try broker.restart()
            try #require(restarted.succeeded, "\(restarted.errors)")
            let workers = 2 + round
            try broker.rewrite(
                services: [recorder.service("\">\"", "in-flight: \(64 * (round + 1))")],
                settings: "workers: { count: \(workers) }")
            let asking = try Program(Executables.belfry, ["--control", broker.control, "reload"], in: scratch)
            let reloaded = try asking.wait(until: .after(.seconds(60)))
            #expect(reloaded.succeeded && reloaded.output.contains("workers.count"), "\(reloaded)")
            #expect(try broker.status().workers.count == workers)
            try send(broker, "round \(round)")
            #expect(try recorder.wait(for: round).map(\.text).contains("round \(round)"))
            // What retired is free before the next restart, whose settings still name it.
            _ = try scratch.poll("the old slot to be free") {
                let lines = broker.program.errors.split(separator: "\n")
                return lines.count { $0.hasSuffix("has nothing pending any more and is free") } == round ? true : nil
            }
        }
        try broker.stop()
    }

    @Test("under load, twenty times: all that was accepted is delivered once")
    func underLoad() throws {
        let broker = try start()
        let datagrams = try Client.udp(broker.port)
        let (rounds, lines, loose) = (20, 200, 100)
        let before = Directory.names("/proc/\(broker.supervisor)/fd").count
        for round in 0..<rounds {
            let input = (0..<lines).map { "tcp \(round) \($0)\n" }.joined()
            let sending = try Program(
                Executables.belfry, ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "a", "--lines", "-"],
                in: scratch, input: Array(input.utf8))
            let restarting = try Program(Executables.belfry, ["--control", broker.control, "restart"], in: scratch)
            for number in 0..<loose { try datagrams.send("udp \(round) \(number)") }
            let restarted = try restarting.wait(until: .after(.seconds(60)))
            #expect(restarted.succeeded, "round \(round): \(restarted.errors)\n\(broker.program.errors)")
            guard restarted.succeeded else { return }
            try broker.follow()
            #expect(try sending.wait(until: .after(.seconds(60))).succeeded)
        }
        // Nothing is kept of those before: neither descriptors nor processes.
        let open = Directory.names("/proc/\(broker.supervisor)/fd").count
        #expect(open < before + rounds, "\(before) descriptors at first, \(open) now")
        let count = rounds * (lines + loose)
        let ledger = try broker.ledger("all delivered", until: .after(.seconds(60))) {
            $0.services["recorder"].map { $0.pending == 0 } ?? false && $0.intake.published >= UInt64(count)
        }
        #expect(ledger.intake.published == UInt64(count))
        #expect(try broker.status().generation == UInt64(rounds + 1))
        let bodies = try recorder.deliveries().map(\.text)
        #expect(Set(bodies).count == count && bodies.count == count)
        try broker.stop()
    }

    @Test("connections stay, with the half of a frame that was sent, and every message meanwhile is acked")
    func connectionsStay() throws {
        let broker = try start()
        let busy = try Client.tcp(broker.port)
        let slow = try Client.tcp(broker.port)
        for (client, name) in [(busy, UInt8(1)), (slow, 2)] {
            try client.send(Native.hello([UInt8](repeating: name, count: 16)))
            #expect(Native.types(try client.take(20)) == [2])
        }
        var number: UInt64 = 0
        let rounds: UInt64 = 5
        for round in 1...rounds {
            let frame = Native.publish(round, "a", "slow \(round)")
            try slow.send(Array(frame.prefix(11)))
            let restarting = try Program(Executables.belfry, ["--control", broker.control, "restart"], in: scratch)
            repeat {
                number += 1
                try busy.send(Native.publish(number, "a", "busy \(number)"))
                #expect(Native.types(try busy.take(16)) == [4], "\(broker.program.errors)")
            } while !restarting.hasEnded
            let restarted = try restarting.wait()
            #expect(restarted.succeeded, "\(restarted.errors)\n\(broker.program.errors)")
            try broker.follow()
            try slow.send(Array(frame.dropFirst(11)))
            #expect(Native.types(try slow.take(16)) == [4])
        }
        #expect(try broker.status().generation == rounds + 1)
        let ledger = try broker.ledger("all delivered", until: .after(.seconds(60))) {
            $0.services["recorder"]?.delivered == number + rounds
        }
        #expect(ledger.intake.published == number + rounds && ledger.intake.duplicate == 0)
        try broker.stop()
    }

    @Test(
        "a new belfryd that dies before it is the service leaves the old one serving, and the next one takes over",
        arguments: [
            FaultPoint.successorStarted, .successorPrepared, .successorAdopts, .successorAsksAcceptor,
            .successorServing, .takeOverStarted, .takeOverPrepared, .takeOverBegun, .takeOverAll, .takeOverTaken,
        ])
    func successorDies(at point: FaultPoint) throws { try fail(at: point) }

    @Test(
        "a new belfryd that stands still is killed when its time is over, and the next one takes over",
        arguments: [FaultPoint.successorStarted, .takeOverBegun])
    func successorHangs(at point: FaultPoint) throws { try fail(at: point, stops: true) }

    private func fail(at point: FaultPoint, stops: Bool = false) throws {
        let broker = try start(fault: point, stops: stops)
        try send(broker, "before")
        let pid = try broker.status().pid
        let asking = try Program(Executables.belfry, ["--control", broker.control, "restart"], in: scratch)
        let failed = try asking.wait(until: .after(.seconds(60)))
        #expect(!failed.succeeded && failed.errors.contains("new belfryd"), "\(failed.errors)")
        #expect(FaultMark(scratch: scratch).isThere)
        #expect(try broker.status().pid == pid)
        try send(broker, "between")
        let worked = try broker.restart()
        #expect(worked.succeeded, "\(worked.errors)\n\(broker.program.errors)")
        try send(broker, "after")
        #expect(Set(try recorder.wait(for: 3).map(\.text)) == ["before", "between", "after"])
        try broker.stop()
    }

    @Test(
        "the old belfryd dies in the middle: the new one goes on with all that there was",
        arguments: [FaultPoint.rolesGiven, .mainPIDTold])
    func predecessorDies(at point: FaultPoint) throws {
        let broker = try start(fault: point)
        #expect(try broker.belfry(["pause", "recorder"]).succeeded)
        try send(broker, "before")
        #expect(try !broker.belfry(["restart"]).succeeded)
        _ = try broker.program.wait()
        _ = try scratch.poll("the new belfryd") { (try? broker.follow()) != nil ? true : nil } as Bool
        #expect(try broker.status().generation == 2)
        #expect(try broker.belfry(["resume", "recorder"]).succeeded)
        try send(broker, "after")
        #expect(Set(try recorder.wait(for: 2).map(\.text)) == ["before", "after"])
        let again = try broker.restart()
        #expect(again.succeeded, "\(again.errors)\n\(broker.program.errors)")
        try broker.stopAll(until: .after())
        try broker.expectNothingLeft()
    }

    @Test("what a service has in hand it finishes, and the old belfryd ends behind it")
    func finishes() throws {
        try scratch.run("mkfifo", [scratch.file("gate")])
        let script = try scratch.write(
            "slow.sh", "#!/bin/sh\necho run >>'\(scratch.path)/runs'\nread -r _ <'\(scratch.path)/gate'\n",
            executable: true)
        let broker = try Broker(
            scratch, services: ["- name: slow\n  topics: [\">\"]\n  command: [\(script)]\n  mode: exec"])
        try send(broker, "one")
        _ = try broker.service("slow", "in flight") { $0.inFlight == 1 }
        let result = try broker.restart()
        #expect(result.succeeded, "\(result.errors)\n\(broker.program.errors)")
        #expect(!broker.program.hasEnded)
        try scratch.run("sh", ["-c", "echo go >'\(scratch.path)/gate'"])
        #expect(try broker.program.wait().status == .exited(0))
        _ = try broker.ledger("delivered") { $0.services["slow"]?.delivered == 1 }
        #expect(scratch.text("runs") == "run\n")
        try broker.stop()
    }

    @Test("the service manager hears of the new main process from the old one first, and then from the new one")
    func told() throws {
        let manager = try ServiceManager()
        let broker = try Broker(
            scratch, services: [recorder.service()], environment: [manager.variable],
            executable: Executables.builtBelfryd)
        #expect(try manager.next().hasPrefix("READY=1\n"))
        let restarting = try Program(Executables.belfry, ["--control", broker.control, "restart"], in: scratch)
        let main = try manager.next()
        #expect(main.hasPrefix("MAINPID=") && main != "MAINPID=\(broker.program.pid)")
        // Until it has been taken in, nobody is told that the new one serves.
        var isEarly = false
        let barrier = try manager.next { isEarly = restarting.hasEnded }
        #expect(barrier == "BARRIER=1" && !isEarly)
        #expect(try manager.next().hasPrefix("READY=1\n"))
        #expect(try restarting.wait().succeeded)
        try broker.follow()
        #expect(main == "MAINPID=\(broker.supervisor)")
        try broker.stop()
        #expect(try manager.next().hasPrefix("STOPPING=1\n"))
    }

    @Test("a signal to end in the middle of it ends everything in good order")
    func ends() throws {
        let broker = try start()
        try send(broker, "before")
        let restarting = try Program(Executables.belfry, ["--control", broker.control, "restart"], in: scratch)
        broker.program.signal(Signal.terminate)
        _ = try restarting.wait()
        _ = try? broker.follow()
        for generation in broker.generations { generation.signal(Signal.terminate) }
        #expect(try broker.program.wait().status == .exited(0))
        for generation in broker.generations { #expect(try generation.wait() == .exited(0)) }
        _ = try scratch.poll("the end of all") { LeftOver.processes(of: scratch).isEmpty ? true : nil } as Bool
    }
}
