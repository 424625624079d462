// SPDX-License-Identifier: Apache-2.0
/// How a worker goes over to new settings: in place where no process has to end, else by way of a finished one.

import LinuxIO
import Ring
import Settings
import Testing

@testable import Delivery

@Suite("A new definition of a service")
struct DefinitionTests {
    private static let read = Settings.Service.readLine
    /// Writes down who got what, and acks it once `go` is there.
    private static func noting(_ who: String) -> String {
        """
        while \(read); do body=${line##*'"body":"'}; echo \(who) ${body%%'"'*} >> $OUT/got
        until [ -e $OUT/go ]; do sleep 0.01; done; echo ok $id; done; echo \(who) >> $OUT/ended
        """
    }

    private func shell(_ script: String) -> [String] { ["/bin/sh", "-c", script] }

    @Test("leaves the process alone where only its window, its time-outs, its retry policy or its topics change")
    func inPlace() throws {
        let bench = try Bench([.stream(Self.noting("one")) { $0.inFlight = 1 }])
        let worker = try bench.worker()
        for body in ["1", "2", "3", "4"] { bench.publish(body) }
        #expect(try bench.run(worker) { try bench.counts().inFlight == 1 })
        worker.takeOver(
            bench.settings {
                $0[0].inFlight = 3
                $0[0].ackTimeout = .seconds(60)
                $0[0].idleTimeout = nil
                $0[0].retry.backoff = .seconds(2)
                $0[0].topics = ["a.>"]
            })
        #expect(try bench.run(worker) { try bench.counts().inFlight == 3 })
        worker.takeOver(bench.settings { $0[0].inFlight = 1 })
        try bench.write("go", "")
        #expect(try bench.run(worker) { try bench.delivered() == 4 })
        #expect(try bench.status().launches == 1 && !bench.exists("ended"))
        try bench.end(worker)
    }

    @Test(
        "has another ack-timeout hold for what is in flight already", arguments: [Settings.Service.Mode.exec, .stream])
    func ackTimeout(mode: Settings.Service.Mode) throws {
        let bench = try Bench([
            .exec("read -r line; exec sleep 600") {
                $0.mode = mode
                $0.ackTimeout = .seconds(600)
                $0.retry.backoff = .seconds(600)
                $0.retry.maxBackoff = .seconds(600)
            }
        ])
        let worker = try bench.worker()
        bench.publish("x\n")
        #expect(try bench.run(worker) { try bench.counts().inFlight == 1 })
        worker.takeOver(bench.settings { $0[0].ackTimeout = .milliseconds(50) })
        #expect(try bench.run(worker) { try bench.counts().backingOff == 1 })
        try bench.end(worker)
    }

    @Test("lets a resident process finish what it holds, and has the next one launched by the new command")
    func command() throws {
        let bench = try Bench([.stream(Self.noting("old")) { $0.inFlight = 1 }])
        let worker = try bench.worker()
        for body in ["1", "2"] { bench.publish(body) }
        #expect(try bench.run(worker) { bench.lines("got") == ["old 1"] })
        let confirmed = try bench.grantsApplied()
        worker.takeOver(
            bench.settings { $0[0].command = shell(Self.noting("new").replacing("$OUT", with: bench.folder)) })
        for _ in 0..<20 { _ = try worker.step(until: Clock.monotonic() + 1_000_000) }
        #expect(try bench.counts().inFlight == 1 && bench.lines("got").count == 1)
        try bench.write("go", "")
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
        #expect(bench.lines("got") == ["old 1", "new 2"] && bench.lines("ended") == ["old"])
        #expect(try bench.status().retried == 0 && bench.grantsApplied() == confirmed)
        try bench.end(worker)
    }

    @Test("confirms a change of grants while another shard still finishes for its new command")
    func confirms() throws {
        let bench = try Bench([.stream(Self.noting("old")), .exec("true", name: "other")])
        let worker = try bench.worker()
        bench.publish("1")
        #expect(try bench.run(worker) { bench.lines("got") == ["old 1"] })
        worker.takeOver(bench.settings { $0[0].command = shell("exec cat > /dev/null") })
        bench.supervisor.grant(slot: 1, shard: 0, to: nil)
        let version = bench.supervisor.publishGrants()
        #expect(try bench.run(worker) { try bench.grantsApplied() == version })
        #expect(try bench.counts().inFlight == 1)
        try bench.end(worker)
    }

    @Test("uses the new command for the next message of an exec service, while earlier ones run on")
    func execCommand() throws {
        let script = "read -r body; echo old $body >> $OUT/got; until [ -e $OUT/go ]; do sleep 0.01; done"
        let bench = try Bench([.exec(script) { $0.concurrency = 2 }])
        let worker = try bench.worker()
        bench.publish("1\n")
        #expect(try bench.run(worker) { bench.lines("got") == ["old 1"] })
        worker.takeOver(
            bench.settings {
                $0[0].command = shell("read -r body; echo new $body >> \(bench.folder)/got")
                $0[0].concurrency = 3
            })
        bench.publish("2\n")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        #expect(bench.lines("got") == ["old 1", "new 2"])
        try bench.write("go", "")
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
        try bench.end(worker)
    }

    @Test("tries a command that was put right at once, whatever the launch back-off says")
    func repaired() throws {
        let bench = try Bench([
            .exec("") {
                $0.command = ["@/nowhere"]
                $0.retry.maxBackoff = .seconds(1_000)
            },
            .stream("", name: "resident") { $0.command = ["@/nowhere"] },
        ])
        let worker = try bench.worker()
        bench.publish("x", for: [0, 1])
        #expect(
            try bench.run(worker) {
                try bench.status(0).launchFailures == 1 && bench.status(1).launchFailures == 1
            })
        worker.takeOver(
            bench.settings {
                $0[0].command = ["/bin/true"]
                $0[1].command = shell("\(Self.read); echo ok $id; cat")
            })
        let begin = Clock.monotonic()
        #expect(try bench.run(worker) { try bench.delivered(0) == 1 && bench.delivered(1) == 1 })
        #expect(Clock.monotonic() - begin < 700_000_000)
        try bench.end(worker)
    }

    @Test("may turn a service of one mode into one of the other", arguments: [Settings.Service.Mode.exec, .stream])
    func mode(new: Settings.Service.Mode) throws {
        let resident = "while \(Self.read); do echo ok $id; done"
        let bench = try Bench([.exec(new == .exec ? resident : "true") { $0.mode = new == .exec ? .stream : .exec }])
        let worker = try bench.worker()
        bench.publish("1")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        worker.takeOver(
            bench.settings {
                $0[0].mode = new
                $0[0].command = shell(new == .exec ? "true" : resident)
            })
        bench.publish("2")
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
        #expect(try bench.status().launchFailures == 0)
        try bench.end(worker)
    }

    @Test("reaches a shard whose slot was granted before the settings told what it is")
    func late() throws {
        let bench = try Bench([.exec("true")])
        let worker = try bench.worker(0, settings: bench.settings { $0.removeAll() })
        bench.publish("x")
        for _ in 0..<5 { _ = try worker.step(until: Clock.monotonic() + 1_000_000) }
        #expect(try bench.delivered() == 0)
        worker.takeOver(bench.settings)
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        try bench.end(worker)
    }
}
