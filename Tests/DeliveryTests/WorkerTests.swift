// SPDX-License-Identifier: Apache-2.0
/// What a worker does across services and workers: order, fan-out, takeover, grants, floors, drain, sleep.

import LinuxIO
import Ring
import Settings
import Testing

@testable import Delivery

@Suite("A worker")
struct WorkerTests {
    private static let read = Settings.Service.readLine
    /// Acks what it reads, and writes the bodies down.
    private static let noting =
        #"while \#(Settings.Service.readLine); do body=${line##*'"body":"'}; echo ${body%%'"'*} >> $OUT/got; echo ok $id; done"#

    // MARK: order

    @Test(
        "keeps the order asked for: a failed record holds back those of its key and no others",
        arguments: [
            (Settings.Service.Order.source, ["a1", "b1", "b2", "a1", "a2"]),
            (.topic, ["a1", "b1", "b2", "a1", "a2"]), (.all, ["a1", "a1", "b1", "a2", "b2"]),
            (.none, ["a1", "b1", "a2", "b2", "a1"]),
        ])
    func order(order: Settings.Service.Order, expected: [String]) throws {
        let script = "read body; echo $body >> $OUT/got; [ $body = a1 ] && [ $BELFRY_ATTEMPT = 1 ] && exit 1; exit 0"
        let bench = try Bench([
            .exec(script) {
                $0.order = order
                $0.retry.backoff = .milliseconds(700)
                $0.retry.maxBackoff = .milliseconds(700)
            }
        ])
        let worker = try bench.worker()
        for body in ["a1", "b1", "a2", "b2"] {
            bench.publish("\(body)\n", topic: "t.\(body.first!)", source: "\(body.first!)")
        }
        #expect(try bench.run(worker) { try bench.delivered() == 4 })
        #expect(bench.lines("got") == expected)
    }

    // MARK: fan-out

    @Test("lets a blocked service delay no other")
    func fanOut() throws {
        let bench = try Bench([
            .exec("until [ -e $OUT/go ]; do sleep 0.01; done", name: "blocked"), .stream(Self.noting, name: "fast"),
        ])
        let worker = try bench.worker()
        for number in 0..<200 { bench.publish("\(number)", for: [0, 1]) }
        #expect(try bench.run(worker) { try bench.delivered(1) == 200 })
        #expect(try bench.delivered(0) == 0 && bench.counts(0).pending == 200)
        #expect(bench.lines("got") == (0..<200).map { "\($0)" })
        try bench.write("go", "")
        try bench.end(worker)
    }

    // MARK: takeover and grants

    @Test("repeats at once what a dead predecessor had in flight, with the same attempt, and nothing that was resolved")
    func takeover() throws {
        let script = """
            echo $$ >> $OUT/pids
            while \(Self.read); do echo "$line" >> $OUT/got; case $line in *held*) ;; *) echo ok $id;; esac
            [ -e $OUT/go ] && echo ok $id; done
            """
        let bench = try Bench([.stream(script)])
        let first = try bench.worker()
        for body in ["one", "held a", "two", "held b"] { bench.publish(body) }
        #expect(try bench.run(first) { try bench.delivered() == 2 && bench.lines("got").count == 4 })
        // The first worker is not stepped again, as if it had been killed; its process is, as the supervisor does it.
        bench.kill(try #require(bench.lines("pids").first))
        try bench.write("go", "")
        let second = try bench.worker()
        bench.publish("three")
        #expect(try bench.run(second) { try bench.delivered() == 5 })
        let again = bench.lines("got").dropFirst(4)
        #expect(again.map { $0.contains("held a") || $0.contains("held b") } == [true, true, false])
        #expect(again.prefix(2).allSatisfy { $0.contains(#""attempt":1,"redelivered":true"#) })
        #expect(again.last?.contains("redelivered") == false)
        try bench.end(second)
        try bench.end(first)
    }

    @Test("lets a revoked shard go only when its processes are gone, and its successor goes on")
    func regrant() throws {
        let bench = try Bench([.stream("echo $$ >> $OUT/pids; \(Self.noting)")])
        let (first, second) = (try bench.worker(0), try bench.worker(1))
        bench.publish("one")
        #expect(try bench.run(first, second) { try bench.delivered() == 1 })
        bench.supervisor.grant(slot: 0, shard: 0, to: nil)
        let version = bench.supervisor.publishGrants()
        bench.publish("two")
        #expect(try bench.run(first, second) { try bench.grantsApplied(0) == version })
        let pid = try #require(bench.lines("pids").first)
        #expect(!bench.isRunning(pid))
        bench.supervisor.grant(slot: 0, shard: 0, to: 1)
        bench.supervisor.publishGrants()
        #expect(try bench.run(first, second) { try bench.delivered() == 2 })
        #expect(bench.lines("got") == ["one", "two"] && bench.lines("pids").count == 2)
        try bench.end(first, second)
    }

    @Test("serves two shards of a service that two workers share, each record once")
    func sharing() throws {
        let bench = try Bench([.stream(Self.noting) { $0.instances = 2 }])
        bench.supervisor.grant(slot: 0, shard: 1, to: 1)
        bench.supervisor.publishGrants()
        let (first, second) = (try bench.worker(0), try bench.worker(1))
        for number in 0..<100 { bench.publish("\(number)") }
        #expect(try bench.run(first, second) { try bench.delivered() == 100 })
        #expect(bench.lines("got").compactMap { Int($0) }.sorted() == Array(0..<100))
        try bench.end(first, second)
    }

    // MARK: floors and space

    @Test("raises the floors of services past records that are not theirs")
    func floors() throws {
        let bench = try Bench([.stream(Self.noting, name: "busy"), .exec("true", name: "quiet")])
        let worker = try bench.worker()
        for number in 0..<50 { bench.publish("\(number)") }
        #expect(try bench.run(worker) { try bench.delivered() == 50 && bench.counts(1).floor == 51 })
        #expect(try bench.counts(1).matched == 0)
        try bench.end(worker)
    }

    @Test("goes round the ring again and again while a laggard holds it back, and loses nothing")
    func wrapAround() throws {
        let bench = try Bench(
            [.stream(Self.noting), .exec("[ $BELFRY_ATTEMPT = 3 ] || exit 1", name: "laggard")], arena: 4_096,
            records: 16)
        let worker = try bench.worker()
        var next = 0
        #expect(
            try bench.run(worker) {
                let slots = next % 40 == 0 ? [0, 1] : [0]
                if next < 200, case .appended = bench.publish("\(next)", for: slots) { next += 1 }
                return try bench.delivered(0) == 200 && bench.delivered(1) == 5
            })
        #expect(bench.lines("got") == (0..<200).map { "\($0)" })
        #expect(try bench.counts(0).pending == 0 && bench.counts(1).pending == 0)
        try bench.end(worker)
    }

    // MARK: the end

    @Test("delivers what is waiting before it is drained, and ends its services gently")
    func drains() throws {
        let bench = try Bench([.stream("\(Self.noting); echo end > $OUT/ended")])
        let worker = try bench.worker()
        for number in 0..<100 { bench.publish("\(number)") }
        worker.drain(deadline: Clock.monotonic() + 20_000_000_000)
        #expect(try bench.run(worker) { worker.isFinished })
        #expect(worker.isDrained && bench.lines("got").count == 100 && bench.lines("ended") == ["end"])
        #expect(try bench.counts().pending == 0)
    }

    @Test("ends at the deadline with what is left, which stays pending")
    func deadline() throws {
        let bench = try Bench([.exec("sleep 600")])
        let worker = try bench.worker()
        bench.publish("x")
        #expect(try bench.run(worker) { try bench.counts().inFlight == 1 })
        worker.drain(deadline: Clock.monotonic() + 50_000_000)
        #expect(try bench.run(worker) { worker.isFinished })
        #expect(try !worker.isDrained && bench.counts().pending == 1 && bench.counts().inFlight == 1)
    }

    // MARK: sleep and the watchdog

    @Test("answers the watchdog and sleeps without a tick when there is nothing to do")
    func sleeps() throws {
        let bench = try Bench([.exec("true")])
        let worker = try bench.worker()
        for _ in 0..<3 { _ = try worker.step(until: 0) }
        let question = bench.supervisor.ask()
        _ = try worker.step(until: 0)
        #expect(try bench.page().answered == question)
        let before = Clock.monotonic()
        _ = try worker.step(until: before + 100_000_000)
        // Only the limit ended the wait.
        #expect(Clock.monotonic() >= before + 100_000_000)
    }

    @Test("rings the acceptor's bell when space was awaited and floors have risen")
    func space() throws {
        let bench = try Bench([.exec("true")])
        let worker = try bench.worker()
        try bench.acceptorPage().announceWaiting()
        bench.publish("x")
        #expect(try bench.run(worker) { try bench.delivered() == 1 && bench.acceptorWasRung() })
    }

    @Test("gives a record that can't be read an outcome of its own, and goes on")
    func corrupt() throws {
        let bench = try Bench([.exec("true"), .stream(Self.noting, name: "stream")])
        let worker = try bench.worker()
        bench.publish("x", for: [0, 1])
        try bench.corruptFirstRecord()
        bench.publish("y", for: [0, 1])
        #expect(try bench.run(worker) { try bench.delivered(0) == 1 && bench.delivered(1) == 1 })
        #expect(try bench.counts(0)[.corrupt] == 1 && bench.counts(1)[.corrupt] == 1)
        try bench.end(worker)
    }
}
