// SPDX-License-Identifier: Apache-2.0
/// A stream service that is restarted: the next process comes up beside the one that serves, takes over, and nothing is
/// delivered twice or not at all.

import Foundation
import LinuxIO
import Ring
import Settings
import Testing

@testable import Delivery

@Suite("A stream service that is restarted", .timeLimit(.minutes(2)))
struct ServiceRestartTests {
    /// Notes each process, each message with the process that has it, and waits for `go-BODY` before it answers.
    private static let patient = """
        echo $$ >> $OUT/pids
        if [ -e $OUT/broken ]; then exit 3; fi
        while \(Settings.Service.readLine); do
            body=${line##*'"body":"'}; body=${body%%'"'*}; echo $body:$$ >> $OUT/got
            until [ -e $OUT/go-$body ]; do sleep 0.01; done
            echo ok $id
        done
        echo $$ >> $OUT/ended
        """

    private static var graces: WorkerContext.Graces {
        var graces = WorkerContext.Graces()
        graces.proving = 100_000_000
        return graces
    }

    private func restart(_ bench: Bench) -> UInt64 { bench.supervisor.askRestart(slot: 0) }
    private func outcome(_ bench: Bench) throws -> ShardRestart { try bench.ledger().restart(slot: 0, shard: 0) }

    /// Lets the time pass after which a process that can't say so is taken to be up, and a round behind it.
    private func prove(_ bench: Bench, _ worker: Worker) throws {
        #expect(try bench.run(worker) { bench.lines("pids").count == 2 })
        let up = Clock.monotonic() + Self.graces.proving
        #expect(try bench.run(worker) { Clock.monotonic() > up })
        _ = try worker.step(until: Clock.monotonic())
    }

    @Test("has its next process take what comes, while the old one answers what it holds and ends", arguments: [1, 64])
    func takesOver(window: Int) throws {
        let bench = try Bench([.stream(Self.patient) { $0.inFlight = window }], graces: Self.graces)
        let worker = try bench.worker()
        bench.publish("1")
        #expect(try bench.run(worker) { bench.lines("got").count == 1 })
        let asked = restart(bench)
        try prove(bench, worker)
        let pids = bench.lines("pids")
        bench.publish("2")
        #expect(try bench.run(worker) { bench.lines("got").contains("2:\(pids[1])") })
        #expect(try outcome(bench).asked < asked && bench.isRunning(pids[0]) && bench.lines("ended").isEmpty)
        try bench.write("go-2", "")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        #expect(try outcome(bench).asked < asked && bench.isRunning(pids[0]))
        try bench.write("go-1", "")
        #expect(try bench.run(worker) { try outcome(bench) == ShardRestart(asked: asked, outcome: .replaced) })
        #expect(try bench.delivered() == 2 && bench.lines("got") == ["1:\(pids[0])", "2:\(pids[1])"])
        #expect(bench.lines("ended") == [pids[0]] && !bench.isRunning(pids[0]))
        #expect(try bench.run(worker) { try bench.status().running == 1 })
        #expect(try bench.status().launches == 2 && bench.status().retried == 0)
        try bench.end(worker)
    }

    @Test(
        "that keeps an order has its next process get nothing before the old one has answered all",
        arguments: [Settings.Service.Order.all, .source, .topic])
    func keepsOrder(order: Settings.Service.Order) throws {
        let bench = try Bench([.stream(Self.patient) { $0.order = order }], graces: Self.graces)
        let worker = try bench.worker()
        bench.publish("1")
        #expect(try bench.run(worker) { bench.lines("got").count == 1 })
        let asked = restart(bench)
        try prove(bench, worker)
        let pids = bench.lines("pids")
        for body in 2...9 { bench.publish("\(body)") }
        for body in 2...9 { try bench.write("go-\(body)", "") }
        for _ in 0..<3 { _ = try worker.step(until: Clock.monotonic()) }
        #expect(try bench.counts().inFlight == 1 && bench.counts().pending == 9)
        try bench.write("go-1", "")
        #expect(try bench.run(worker) { try bench.delivered() == 9 })
        #expect(bench.lines("got") == ["1:\(pids[0])"] + (2...9).map { "\($0):\(pids[1])" })
        #expect(try bench.run(worker) { try outcome(bench) == ShardRestart(asked: asked, outcome: .replaced) })
        try bench.end(worker)
    }

    @Test("whose old process never answers is rid of it after the ack-timeout, and its message is tried again")
    func oldIsMute() throws {
        let bench = try Bench(
            [
                .stream(Self.patient) {
                    $0.order = .all
                    $0.ackTimeout = .milliseconds(600)
                }
            ], graces: Self.graces)
        let worker = try bench.worker()
        bench.publish("1")
        #expect(try bench.run(worker) { bench.lines("got").count == 1 })
        let asked = restart(bench)
        try prove(bench, worker)
        bench.publish("2")
        let pids = bench.lines("pids")
        #expect(try bench.run(worker) { try outcome(bench) == ShardRestart(asked: asked, outcome: .replaced) })
        #expect(!bench.isRunning(pids[0]) && bench.lines("ended").isEmpty)
        for body in 1...2 { try bench.write("go-\(body)", "") }
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
        let handed = bench.lines("got")
        #expect(handed.first == "1:\(pids[0])" && handed.dropFirst().allSatisfy { !$0.hasSuffix(":\(pids[0])") })
        #expect(handed.last?.hasPrefix("2:") == true)
        try bench.end(worker)
    }

    @Test("is served on by the old process if the next one does not come up; and the next restart works")
    func fails() throws {
        let bench = try Bench([.stream(Self.patient)], graces: Self.graces)
        let worker = try bench.worker()
        for body in 1...3 { try bench.write("go-\(body)", "") }
        bench.publish("1")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        try bench.write("broken", "")
        let asked = restart(bench)
        #expect(try bench.run(worker) { try outcome(bench) == ShardRestart(asked: asked, outcome: .failed) })
        bench.publish("2")
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
        let pids = bench.lines("pids")
        #expect(bench.lines("got") == ["1:\(pids[0])", "2:\(pids[0])"])
        #expect(try bench.status().launchFailures == 1 && bench.status().running == 1)
        #expect(try bench.failures().map(\.words) == ["died at start (exit 3)"])
        try FileManager.default.removeItem(atPath: "\(bench.folder)/broken")
        let again = restart(bench)
        #expect(try bench.run(worker) { try outcome(bench) == ShardRestart(asked: again, outcome: .replaced) })
        bench.publish("3")
        #expect(try bench.run(worker) { try bench.delivered() == 3 })
        #expect(bench.lines("got").last == "3:\(bench.lines("pids")[2])")
        try bench.end(worker)
    }

    @Test("has nothing to do where no process runs")
    func idle() throws {
        let bench = try Bench([.stream(Self.patient)], graces: Self.graces)
        let worker = try bench.worker()
        let asked = restart(bench)
        #expect(try bench.run(worker) { try outcome(bench) == ShardRestart(asked: asked, outcome: .idle) })
        #expect(bench.lines("pids").isEmpty)
        try bench.end(worker)
    }

    @Test("whose old process dies before the next one is up goes on with that one, and loses nothing")
    func oldDies() throws {
        let bench = try Bench([.stream(Self.patient)])
        let worker = try bench.worker()
        bench.publish("1")
        #expect(try bench.run(worker) { bench.lines("got").count == 1 })
        let asked = restart(bench)
        #expect(try bench.run(worker) { bench.lines("pids").count == 2 })
        let pids = bench.lines("pids")
        bench.kill(pids[0])
        try bench.write("go-1", "")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        #expect(bench.lines("got") == ["1:\(pids[0])", "1:\(pids[1])"])
        #expect(try outcome(bench) == ShardRestart(asked: asked, outcome: .replaced))
        try bench.end(worker)
    }

    @Test("has what the old process leaves unanswered delivered again by the next one, and nothing that this one holds")
    func oldDiesLate() throws {
        let bench = try Bench([.stream(Self.patient)], graces: Self.graces)
        let worker = try bench.worker()
        bench.publish("1")
        #expect(try bench.run(worker) { bench.lines("got").count == 1 })
        let asked = restart(bench)
        try prove(bench, worker)
        let pids = bench.lines("pids")
        bench.publish("2")
        #expect(try bench.run(worker) { bench.lines("got").count == 2 })
        bench.kill(pids[0])
        #expect(try bench.run(worker) { try outcome(bench) == ShardRestart(asked: asked, outcome: .replaced) })
        for body in 1...2 { try bench.write("go-\(body)", "") }
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
        #expect(bench.lines("got") == ["1:\(pids[0])", "2:\(pids[1])", "1:\(pids[1])"])
        try bench.end(worker)
    }

    @Test("that changes hands meanwhile leaves neither the next process nor the request behind")
    func changesHands() throws {
        let bench = try Bench([.stream(Self.patient)])
        let worker = try bench.worker()
        bench.publish("1")
        #expect(try bench.run(worker) { bench.lines("got").count == 1 })
        let asked = restart(bench)
        #expect(try bench.run(worker) { bench.lines("pids").count == 2 })
        worker.takeOver(bench.settings { $0[0].environment.append(.init(name: "OTHER", value: "1")) })
        try bench.write("go-1", "")
        #expect(try bench.run(worker) { try outcome(bench).asked == asked })
        #expect(try bench.delivered() == 1 && bench.status().launchFailures == 0)
        #expect(bench.lines("pids").allSatisfy { !bench.isRunning($0) })
        try bench.end(worker)
    }

    @Test("with frames, has the next process take over with its WINDOW, and not before")
    func frames() throws {
        let program = """
            note("pids", os.getpid())
            if len(open(OUT + "pids").readlines()) == 2: wait("up")
            window(8)
            while True:
                d = next()
                if d is None: break
                note("got", f"{d.body.decode()}:{os.getpid()}"); wait("go-" + d.body.decode()); done((d.number, d.number))
            note("ended", os.getpid())
            """
        let bench = try Bench([.frames(program)])
        let worker = try bench.worker()
        bench.publish("1")
        #expect(try bench.run(worker) { bench.lines("got").count == 1 })
        let asked = restart(bench)
        #expect(try bench.run(worker) { bench.lines("pids").count == 2 })
        let pids = bench.lines("pids")
        try bench.write("go-1", "")
        try bench.write("go-2", "")
        bench.publish("2")
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
        try bench.write("up", "")
        #expect(try bench.run(worker) { try outcome(bench) == ShardRestart(asked: asked, outcome: .replaced) })
        try bench.write("go-3", "")
        bench.publish("3")
        #expect(try bench.run(worker) { try bench.delivered() == 3 })
        #expect(bench.lines("got") == ["1:\(pids[0])", "2:\(pids[0])", "3:\(pids[1])"])
        #expect(bench.lines("ended") == [pids[0]])
        try bench.end(worker)
    }
}
