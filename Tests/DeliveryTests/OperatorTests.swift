// SPDX-License-Identifier: Apache-2.0
/// What a worker does when an operator pauses a service, resumes it or has it tried again, and what it measures and
/// notes for `belfry services`.

import LinuxIO
import Ring
import Settings
import Testing

@testable import Delivery

@Suite("A worker, for operators")
struct OperatorTests {
    private static let read = Settings.Service.readLine
    private static let noting =
        #"while \#(Settings.Service.readLine); do body=${line##*'"body":"'}; echo ${body%%'"'*} >> $OUT/got; echo ok $id; done"#

    private static func service(_ mode: Settings.Service.Mode, _ name: String = "bell") -> Settings.Service {
        mode == .exec ? .exec("cat >> $OUT/got; echo >> $OUT/got", name: name) : .stream(noting, name: name)
    }

    @Test(
        "hands a paused service nothing, and all in order once it is resumed",
        arguments: [Settings.Service.Mode.exec, .stream])
    func pause(mode: Settings.Service.Mode) throws {
        let bench = try Bench([Self.service(mode), .stream(Self.noting.replacing("got", with: "other"), name: "other")])
        let worker = try bench.worker()
        bench.publish("before", for: [0, 1])
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        bench.supervisor.setPaused(true, slot: 0)
        for number in 1...5 { bench.publish("\(number)", for: [0, 1]) }
        #expect(try bench.run(worker) { try bench.delivered(1) == 6 })
        #expect(bench.lines("got") == ["before"] && bench.lines("other").count == 6)
        bench.supervisor.setPaused(false, slot: 0)
        #expect(try bench.run(worker) { try bench.delivered() == 6 })
        #expect(bench.lines("got") == ["before"] + (1...5).map { "\($0)" })
        try bench.end(worker)
    }

    @Test("lets what is in flight at a pause be answered")
    func inFlight() throws {
        let bench = try Bench([
            .exec("echo >> $OUT/begun; until [ -e $OUT/go ]; do sleep 0.01; done") { $0.concurrency = 2 }
        ])
        let worker = try bench.worker()
        for _ in 0..<4 { bench.publish("x") }
        #expect(try bench.run(worker) { bench.lines("begun").count == 0 && bench.bytes("begun").count == 2 })
        bench.supervisor.setPaused(true, slot: 0)
        try bench.write("go", "")
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
        #expect(bench.bytes("begun").count == 2)
    }

    @Test(
        "sleeps soundly over a paused service that has waiting and failed records",
        arguments: [Settings.Service.Mode.exec, .stream])
    func asleep(mode: Settings.Service.Mode) throws {
        let script = mode == .exec ? "exit 1" : "while \(Self.read); do echo fail $id; done"
        let bench = try Bench([
            .exec(script) {
                $0.mode = mode
                $0.retry.backoff = .milliseconds(1)
                $0.retry.maxBackoff = .milliseconds(1)
                $0.retry.attempts = 1_000_000
            }
        ])
        let worker = try bench.worker()
        for _ in 0..<3 { bench.publish("x") }
        #expect(try bench.run(worker) { try bench.counts().backingOff > 0 })
        bench.supervisor.setPaused(true, slot: 0)
        #expect(try bench.run(worker) { try bench.counts().inFlight == 0 })
        let begin = Clock.monotonic()
        _ = try worker.step(until: begin + 5_000_000)
        // What the supervisor is to be told would wake it.
        _ = worker.lastIncidents()
        _ = try worker.step(until: begin + 50_000_000)
        #expect(Clock.monotonic() >= begin + 50_000_000)
        try bench.end(worker)
    }

    @Test("ends a drain without waiting for what a paused service would get")
    func drain() throws {
        let bench = try Bench([Self.service(.exec), Self.service(.stream, "other")])
        let worker = try bench.worker()
        bench.supervisor.setPaused(true, slot: 0)
        bench.publish("x", for: [0, 1])
        worker.drain(deadline: Clock.monotonic() + 60_000_000_000)
        #expect(try bench.run(worker) { worker.isFinished })
        #expect(try bench.delivered(1) == 1 && bench.counts(0).pending == 1)
    }

    @Test("tries again at once what backs off for long", arguments: [Settings.Service.Order.none, .all])
    func retry(order: Settings.Service.Order) throws {
        let bench = try Bench([
            .exec("[ -e $OUT/go ] && cat >> $OUT/got && echo >> $OUT/got") {
                $0.order = order
                $0.retry.backoff = .seconds(3_600)
                $0.retry.maxBackoff = .seconds(3_600)
            }
        ])
        let worker = try bench.worker()
        for number in 1...3 { bench.publish("\(number)") }
        let expected: UInt64 = order == .none ? 3 : 1
        #expect(try bench.run(worker) { try bench.counts().backingOff == expected })
        try bench.write("go", "")
        bench.supervisor.askRetry(slot: 0)
        #expect(try bench.run(worker) { try bench.delivered() == 3 })
        #expect(bench.lines("got") == ["1", "2", "3"])
    }

    @Test("launches again at once what could not be launched")
    func retryLaunch() throws {
        let bench = try Bench([
            .exec("") {
                $0.command = ["@/later"]
                $0.retry.maxBackoff = .seconds(3_600)
            }
        ])
        let worker = try bench.worker()
        bench.publish("x")
        // Not before the third: its back-off is longer than this test may take.
        for _ in 1...5 {
            let failed = try bench.status().launchFailures
            bench.supervisor.askRetry(slot: 0)
            #expect(try bench.run(worker) { try bench.status().launchFailures > failed })
        }
        try bench.write("later", "#!/bin/sh\n", mode: 0o755)
        bench.supervisor.askRetry(slot: 0)
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
    }

    @Test("obeys a request to try again that its predecessor did not live to obey")
    func retryOverDeath() throws {
        let bench = try Bench([
            .exec("[ -e $OUT/go ]") {
                $0.retry.backoff = .seconds(3_600)
                $0.retry.maxBackoff = .seconds(3_600)
            }
        ])
        let first = try bench.worker()
        bench.publish("x")
        #expect(try bench.run(first) { try bench.counts().backingOff == 1 })
        try bench.write("go", "")
        bench.supervisor.askRetry(slot: 0)
        // The first worker is not stepped again, as if it had been killed.
        let second = try bench.worker()
        #expect(try bench.run(second) { try bench.delivered() == 1 })
    }

    // MARK: what is measured and noted

    @Test("measures how long launches and runs take", arguments: [Settings.Service.Mode.exec, .stream])
    func times(mode: Settings.Service.Mode) throws {
        let script = mode == .exec ? "sleep 0.1" : "while \(Self.read); do sleep 0.1; echo ok $id; done"
        let bench = try Bench([
            .exec(script) {
                $0.mode = mode
                $0.inFlight = 1
            }
        ])
        let worker = try bench.worker()
        for _ in 0..<4 { bench.publish("x") }
        #expect(try bench.run(worker) { try bench.delivered() == 4 })
        let lease = try bench.lease()
        let (launch, run) = (lease.times.read(.launch), lease.times.read(.run))
        #expect(launch.total == (mode == .exec ? 4 : 1) && run.total == 4)
        #expect(try #require(launch.percentile(50)) > 20_000)
        let median = try #require(run.percentile(50))
        #expect((66_000_000..<10_000_000_000).contains(median), "\(median)")
        try bench.end(worker)
    }

    @Test("measures a delivery that is timed out once, whatever comes afterwards")
    func timedOut() throws {
        let bench = try Bench([
            .stream("while \(Self.read); do sleep 0.3; echo ok $id; done") {
                $0.ackTimeout = .milliseconds(200)
                $0.retry.backoff = .seconds(3_600)
                $0.retry.maxBackoff = .seconds(3_600)
            }
        ])
        let worker = try bench.worker()
        bench.publish("x")
        #expect(try bench.run(worker) { try bench.delivered() == 1 || bench.failures().count > 1 })
        let run = try bench.lease().times.read(.run)
        #expect(run.total == 1 && run.percentile(50).map { $0 > 130_000_000 } == true)
        try bench.end(worker)
    }

    @Test("notes each failure in words, with its time and how often")
    func failures() throws {
        let bench = try Bench([
            .exec("[ $BELFRY_ATTEMPT -gt 3 ] && exit 0; exit 7", name: "seven"),
            .stream("while \(Self.read); do echo nonsense; echo fail $id too cold; done", name: "cold"),
        ])
        let worker = try bench.worker()
        let before = Clock.realtime()
        bench.publish("x", for: [0, 1])
        #expect(try bench.run(worker) { try bench.delivered() == 1 && bench.counts(1).backingOff == 1 })
        try bench.end(worker)
        let found = try bench.failures().sorted { ($0.slot, $0.words) < ($1.slot, $1.words) }
        #expect(found.map(\.slot) == [0, 1, 1])
        #expect(
            found.map(\.words) == [
                "ended with exit 7", "answered fail: too cold", "answered what is no reply: nonsense",
            ])
        #expect(found[0].count == 3 && found.allSatisfy { $0.time >= before && $0.incarnation == 1 })
    }

    @Test("notes why a service rejected a message: that it is a dead letter must not go unseen")
    func rejected() throws {
        let bench = try Bench([
            .exec("exit 65", name: "never"),
            .stream("while \(Self.read); do echo fail $id dead no such customer; done", name: "picky"),
        ])
        let worker = try bench.worker()
        bench.publish("x", for: [0, 1])
        #expect(try bench.run(worker) { try bench.counts(0)[.dead] == 1 && bench.counts(1)[.dead] == 1 })
        try bench.end(worker)
        let found = try bench.failures().sorted { $0.slot < $1.slot }
        #expect(found.map(\.words) == ["rejected: exit 65", "rejected: no such customer"])
        #expect(try bench.status(0).reason.isEmpty && bench.status(1).reason.isEmpty)
    }

    @Test("notes how a stream process ended, not that its output was closed by that")
    func died() throws {
        let bench = try Bench([.stream("read line; kill -SEGV $$"), .stream("read line; exit 3", name: "other")])
        let worker = try bench.worker()
        bench.publish("x", for: [0, 1])
        #expect(try bench.run(worker) { try bench.status(0).launchFailures > 0 && bench.status(1).launchFailures > 0 })
        try bench.end(worker)
        let found = try bench.failures().sorted { $0.slot < $1.slot }
        #expect(found.map(\.words) == ["died at start (signal 11)", "died at start (exit 3)"])
    }

    @Test("logs a service's first failure at once, then one line in five minutes at most, with how many there were")
    func log() {
        let minute: UInt64 = 60_000_000_000
        var pace = FailurePace()
        #expect(pace.note(2, at: 5) == "")
        #expect(pace.note(1, at: minute) == nil)
        #expect(pace.note(3, at: 4 * minute) == nil)
        #expect(pace.note(1, at: 5 * minute + 5) == " (5 failures since the last line)")
        #expect(pace.note(1, at: 20 * minute) == "")
        #expect(pace.note(7, at: 21 * minute) == nil)
    }
}
