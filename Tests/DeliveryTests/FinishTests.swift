// SPDX-License-Identifier: Apache-2.0
/// How a shard that is taken back comes to its end: what is in flight is finished, nothing new is begun, the process is
/// asked before it is made to go, and a successor finds the rest as it was.

import LinuxIO
import Ring
import Settings
import Testing

@testable import Delivery

@Suite("A shard that is taken back")
struct FinishTests {
    private static let read = Settings.Service.readLine
    /// Writes down what it gets, answers once `go` is there, and says so when its input has ended.
    private static let waiting = """
        while \(read); do body=${line##*'"body":"'}; echo ${body%%'"'*} >> $OUT/got
        until [ -e $OUT/go ]; do sleep 0.01; done; echo ok $id; done; echo end >> $OUT/ended
        """

    private func revoke(_ bench: Bench, slot: Int = 0) -> UInt64 {
        bench.supervisor.grant(slot: slot, shard: 0, to: nil)
        return bench.supervisor.publishGrants()
    }

    private func grant(_ bench: Bench, to worker: Int) {
        bench.supervisor.grant(slot: 0, shard: 0, to: worker)
        bench.supervisor.publishGrants()
    }

    @Test(
        "finishes what is in flight, begins nothing new, asks its process to end, and leaves the rest to its successor")
    func stream() throws {
        let bench = try Bench([.stream(Self.waiting) { $0.inFlight = 2 }])
        let (first, second) = (try bench.worker(0), try bench.worker(1))
        for body in ["1", "2", "3", "4"] { bench.publish(body) }
        #expect(try bench.run(first, second) { try bench.counts().inFlight == 2 && bench.lines("got") == ["1"] })
        let version = revoke(bench)
        for _ in 0..<20 { _ = try first.step(until: Clock.monotonic() + 1_000_000) }
        #expect(try bench.grantsApplied(0) < version && bench.counts().inFlight == 2 && !bench.exists("ended"))
        try bench.write("go", "")
        #expect(try bench.run(first, second) { try bench.grantsApplied(0) == version })
        #expect(try bench.delivered() == 2 && bench.lines("ended") == ["end"])
        grant(bench, to: 1)
        #expect(try bench.run(first, second) { try bench.delivered() == 4 })
        #expect(try bench.lines("got") == ["1", "2", "3", "4"] && bench.status().retried == 0)
        try bench.end(first, second)
    }

    @Test("lets the process of each message of an exec service come to its own end")
    func exec() throws {
        let bench = try Bench([
            .exec("echo x >> $OUT/got; until [ -e $OUT/go ]; do sleep 0.01; done") { $0.concurrency = 2 }
        ])
        let worker = try bench.worker()
        for body in ["1", "2", "3"] { bench.publish(body) }
        #expect(try bench.run(worker) { bench.lines("got").count == 2 })
        let version = revoke(bench)
        for _ in 0..<20 { _ = try worker.step(until: Clock.monotonic() + 1_000_000) }
        #expect(try bench.grantsApplied() < version)
        try bench.write("go", "")
        #expect(try bench.run(worker) { try bench.grantsApplied() == version })
        #expect(try bench.delivered() == 2 && bench.counts().pending == 1 && bench.lines("got").count == 2)
        try bench.end(worker)
    }

    @Test("holds up no other shard meanwhile")
    func others() throws {
        let acking = "while \(Self.read); do echo ok $id; done"
        let bench = try Bench([.stream(Self.waiting), .stream(acking, name: "other")])
        let worker = try bench.worker()
        bench.publish("1")
        #expect(try bench.run(worker) { bench.lines("got") == ["1"] })
        let version = revoke(bench)
        for number in 0..<100 { bench.publish("\(number)", for: [1]) }
        #expect(try bench.run(worker) { try bench.delivered(1) == 100 })
        #expect(try bench.grantsApplied() < version && bench.counts(0).inFlight == 1)
        try bench.write("go", "")
        #expect(try bench.run(worker) { try bench.grantsApplied() == version })
        try bench.end(worker)
    }

    @Test("may pass on by itself as soon as it is done, whatever else its worker still finishes")
    func byItself() throws {
        let bench = try Bench([.stream(Self.waiting), .exec("true", name: "quick")])
        let worker = try bench.worker()
        bench.publish("1", for: [0, 1])
        #expect(try bench.run(worker) { try bench.lines("got") == ["1"] && bench.delivered(1) == 1 })
        bench.supervisor.grant(slot: 1, shard: 0, to: nil)
        let version = revoke(bench)
        #expect(try bench.run(worker) { try bench.letGo(1) == version })
        #expect(try bench.letGo(0) == 0 && bench.grantsApplied() < version && bench.counts(0).inFlight == 1)
        try bench.write("go", "")
        #expect(try bench.run(worker) { try bench.letGo(0) == version && bench.grantsApplied() == version })
        try bench.end(worker)
    }

    @Test("waits for an answer no longer than its ack-timeout, and has that attempt counted")
    func timeOut() throws {
        let script = """
            while \(Self.read); do echo "$line" >> $OUT/got; [ -e $OUT/go ] && echo ok $id; done
            """
        let bench = try Bench([.stream(script) { $0.ackTimeout = .milliseconds(300) }])
        let (first, second) = (try bench.worker(0), try bench.worker(1))
        bench.publish("x")
        #expect(try bench.run(first, second) { bench.lines("got").count == 1 })
        let version = revoke(bench)
        #expect(try bench.run(first, second) { try bench.grantsApplied(0) == version })
        #expect(try bench.counts().backingOff == 1)
        try bench.write("go", "")
        grant(bench, to: 1)
        #expect(try bench.run(first, second) { try bench.delivered() == 1 })
        #expect(bench.lines("got").last?.contains(#""attempt":2,"redelivered":true"#) == true)
        try bench.end(first, second)
    }

    @Test("leaves a back-off to its successor, who keeps to it", arguments: [Settings.Service.Mode.exec, .stream])
    func backOff(mode: Settings.Service.Mode) throws {
        let script =
            mode == .exec ? "echo x >> $OUT/got; exit 1" : "\(Self.read); echo x >> $OUT/got; echo fail $id; cat"
        let bench = try Bench([
            .exec(script) {
                $0.mode = mode
                $0.retry.backoff = .seconds(1_000)
                $0.retry.maxBackoff = .seconds(1_000)
            }
        ])
        let (first, second) = (try bench.worker(0), try bench.worker(1))
        bench.publish("x")
        #expect(try bench.run(first, second) { try bench.counts().backingOff == 1 })
        let version = revoke(bench)
        #expect(try bench.run(first, second) { try bench.grantsApplied(0) == version })
        grant(bench, to: 1)
        #expect(try bench.run(first, second) { try bench.grantsApplied(1) > version })
        for _ in 0..<20 { _ = try second.step(until: Clock.monotonic() + 1_000_000) }
        #expect(try bench.counts().backingOff == 1 && bench.lines("got").count == 1)
        try bench.end(first, second)
    }

    @Test("is opened anew if it is given back while it finishes")
    func comesBack() throws {
        let bench = try Bench([.stream(Self.waiting) { $0.inFlight = 1 }])
        let worker = try bench.worker()
        for body in ["1", "2"] { bench.publish(body) }
        #expect(try bench.run(worker) { bench.lines("got") == ["1"] })
        _ = revoke(bench)
        for _ in 0..<5 { _ = try worker.step(until: Clock.monotonic() + 1_000_000) }
        grant(bench, to: 0)
        for _ in 0..<5 { _ = try worker.step(until: Clock.monotonic() + 1_000_000) }
        try bench.write("go", "")
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
        #expect(try bench.lines("got") == ["1", "2"] && bench.grantsApplied() == 3)
        try bench.end(worker)
    }

    @Test("has a process that does not go by itself ended by SIGTERM, and one that does not hear that by SIGKILL")
    func hardOfHearing() throws {
        var graces = WorkerContext.Graces()
        graces.ending = 50_000_000
        let script = """
            trap 'echo term >> $OUT/heard' TERM; echo $$ > $OUT/pid
            \(Self.read); echo ok $id; while :; do sleep 0.01; done
            """
        let bench = try Bench([.stream(script)], graces: graces)
        let worker = try bench.worker()
        bench.publish("x")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        let version = revoke(bench)
        #expect(try bench.run(worker) { try bench.grantsApplied() == version })
        #expect(bench.lines("heard") == ["term"] && !bench.isRunning(bench.lines("pid")[0]))
        try bench.end(worker)
    }

    @Test("does not keep a worker that is told to stop")
    func stop() throws {
        var graces = WorkerContext.Graces()
        graces.ending = 600_000_000_000
        graces.last = 50_000_000
        let script = "trap '' TERM; \(Self.read); echo ok $id; echo x > $OUT/got; while :; do sleep 0.01; done"
        let bench = try Bench([.stream(script), .exec("sleep 600", name: "long")], graces: graces)
        let worker = try bench.worker()
        bench.publish("x", for: [0, 1])
        #expect(
            try bench.run(worker) {
                try bench.exists("got") && bench.delivered(0) == 1 && bench.counts(1).inFlight == 1
            })
        _ = revoke(bench)
        _ = revoke(bench, slot: 1)
        for _ in 0..<5 { _ = try worker.step(until: Clock.monotonic() + 1_000_000) }
        worker.stop()
        #expect(try bench.run(worker) { worker.isFinished })
        // What it cut off is repeated by a successor.
        #expect(try bench.counts(1).inFlight == 1)
    }

    @Test("keeps a worker that drains until somebody holds it: it may come here")
    func drain() throws {
        let bench = try Bench([.exec("echo x >> $OUT/got")])
        bench.publish("x")
        let version = revoke(bench)
        let worker = try bench.worker()
        worker.drain(deadline: Clock.monotonic() + 20_000_000_000)
        #expect(try bench.run(worker) { try bench.grantsApplied() == version })
        for _ in 0..<5 { _ = try worker.step(until: Clock.monotonic() + 1_000_000) }
        #expect(!worker.isFinished)
        grant(bench, to: 0)
        #expect(try bench.run(worker) { worker.isFinished })
        #expect(try worker.isDrained && bench.delivered() == 1)
    }
}
