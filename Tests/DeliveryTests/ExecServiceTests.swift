// SPDX-License-Identifier: Apache-2.0
/// What a worker does for services of mode `exec`: real processes, the ring in memory.

import LinuxIO
import Ring
import Settings
import Testing

@testable import Delivery

@Suite("An exec service")
struct ExecServiceTests {
    @Test("gets each message on its input, and its exit 0 is the ack")
    func delivers() throws {
        let bench = try Bench([.exec("cat >> $OUT/got")])
        let worker = try bench.worker()
        bench.publish("one\n")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        bench.publish("two\n")
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
        #expect(bench.lines("got") == ["one", "two"])
        #expect(try bench.run(worker) { try bench.status().state == .stopped })
        #expect(try bench.status().launches == 2 && bench.status().reason.isEmpty)
    }

    @Test(
        "finds the whole body on its input when it starts: nothing that is cut off passes for a message",
        arguments: [65_536, 3_000_000])
    func wholeBody(size: Int) throws {
        let bench = try Bench(
            [.exec(#"[ "$(dd iflag=nonblock bs=4000000 count=1 status=none | wc -c)" = "# + "\(size) ] || exit 65")],
            arena: 32 << 20)
        let worker = try bench.worker()
        bench.publish([UInt8](repeating: 120, count: size))
        #expect(try bench.run(worker) { try bench.counts().pending == 0 })
        #expect(try bench.delivered() == 1)
    }

    @Test("says with exit 65 that a message will never do")
    func rejects() throws {
        let bench = try Bench([.exec("exit 65")])
        let worker = try bench.worker()
        bench.publish("bad")
        #expect(try bench.run(worker) { try bench.counts()[.dead] == 1 })
        #expect(try bench.counts().pending == 0)
    }

    @Test(
        "is tried again after any other end, with the attempt counted and the reason shown",
        arguments: [
            ("exit 75", "exit 75"), ("exit 1", "exit 1"), ("exit 126", "exit 126"), ("exit 127", "exit 127"),
            ("kill -9 $$", "signal 9"),
        ])
    func retries(end: String, reason: String) throws {
        let script = "echo $BELFRY_ATTEMPT $BELFRY_REDELIVERED >> $OUT/tries; [ $BELFRY_ATTEMPT = 3 ] && exit 0; \(end)"
        let bench = try Bench([.exec(script)])
        let worker = try bench.worker()
        bench.publish("again")
        var reasons: Set<String> = []
        #expect(
            try bench.run(worker) {
                reasons.insert(try bench.status().reason)
                return try bench.delivered() == 1
            })
        #expect(bench.lines("tries") == ["1 false", "2 true", "3 true"])
        #expect(reasons.contains("ended with \(reason)"))
        #expect(try bench.status().retried == 2 && bench.status().launchFailures == 0)
        #expect(try bench.run(worker) { try bench.status().reason.isEmpty })
    }

    @Test("is done with a message whose attempts are used up once the keeper has it as a dead letter")
    func exhausted() throws {
        let bench = try Bench([
            .exec("echo x >> $OUT/tries; exit 3") {
                $0.retry.attempts = 2
                $0.retry.maxBackoff = .milliseconds(30)
            }
        ])
        let worker = try bench.worker()
        bench.keeper.keeps = false
        bench.publish("stubborn", topic: "alerts.disk")
        #expect(try bench.run(worker) { !bench.keeper.letters.isEmpty })
        #expect(try bench.counts().pending == 1 && bench.counts()[.dead] == 0)
        // A keeper that dies before it has said so gets the letter once more.
        bench.keeper.hangUp()
        bench.keeper.keeps = true
        #expect(try bench.run(worker) { try bench.counts()[.dead] == 1 })
        #expect(bench.lines("tries").count == 2 && bench.keeper.letters.count == 2)
        let letter = try #require(bench.keeper.letters.last)
        #expect(letter.message.service == "bell" && letter.message.body == Array("stubborn".utf8))
        #expect(letter.message.topic == Array("alerts.disk".utf8) && letter.message.id.sequence == 1)
        #expect(letter.failings.attempts == 2 && letter.failings.reason == "ended with exit 3")
        #expect(letter.failings.first < letter.failings.last)
    }

    @Test("backs off in status while it waits for the next attempt")
    func showsBackoff() throws {
        let bench = try Bench([.exec("exit 1") { $0.retry.backoff = .seconds(60) }])
        let worker = try bench.worker()
        bench.publish("later")
        #expect(try bench.run(worker) { try bench.status().state == .backingOff })
        #expect(try bench.counts().backingOff == 1 && bench.status().until > 0)
    }

    @Test("gets a body that is larger than a pipe whole, and byte for byte")
    func largeBody() throws {
        let bench = try Bench([.exec("cat > $OUT/got; cksum < $OUT/got > $OUT/sum")], arena: 8 << 20)
        let worker = try bench.worker()
        let body = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        bench.publish(body)
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        #expect(bench.bytes("got") == body)
    }

    @Test("need not read its input: the exit status alone decides")
    func unreadBody() throws {
        let bench = try Bench([.exec("exec 0<&-; exit 0")], arena: 8 << 20)
        let worker = try bench.worker()
        bench.publish([UInt8](repeating: 65, count: 1 << 20))
        bench.publish("next")
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
    }

    @Test("finds the metadata, PATH, LANG and its own variables in its environment, and nothing else")
    func environment() throws {
        let bench = try Bench([
            .exec("env > $OUT/env") {
                $0.environment = [
                    Settings.Service.Variable(name: "ARCHIVE", value: "/srv"),
                    Settings.Service.Variable(name: "LANG", value: "de_DE"),
                    Settings.Service.Variable(name: "BELFRY_TOPIC", value: "forged"),
                ]
            }
        ])
        let worker = try bench.worker()
        bench.publish("x", topic: "alerts.disk.sda", source: "[::1]:99") {
            $0.wireProtocol = 4
            $0.time = 1_700_000_000_000_000_001
        }
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        let ours = bench.lines("env").filter { !$0.hasPrefix("PWD=") && !$0.hasPrefix("OUT=") && !$0.hasPrefix("_=") }
        #expect(
            Set(ours) == [
                "PATH=/usr/bin:/bin", "LANG=de_DE", "ARCHIVE=/srv", "BELFRY_SERVICE=bell",
                "BELFRY_ID=000000000000be1f-0-1", "BELFRY_TOPIC=alerts.disk.sda", "BELFRY_SOURCE=[::1]:99",
                "BELFRY_PROTOCOL=syslog", "BELFRY_TIME=2023-11-14T22:13:20.000000001Z", "BELFRY_ATTEMPT=1",
                "BELFRY_REDELIVERED=false",
            ])
    }

    @Test("gets nothing of a body with shell's words in it into its command line")
    func noInjection() throws {
        let bench = try Bench([.exec("cat > $OUT/got")])
        let worker = try bench.worker()
        bench.publish("$(touch $OUT/hurt); `touch $OUT/hurt`", source: "'; touch $OUT/hurt; '")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        #expect(bench.lines("got") == ["$(touch $OUT/hurt); `touch $OUT/hurt`"] && !bench.exists("hurt"))
    }

    @Test("holds no descriptor but its three, leads its process group, and has no signal blocked")
    func clean() throws {
        let script =
            "ls /proc/self/fd > $OUT/fds; grep SigBlk /proc/self/status > $OUT/mask; cut -d' ' -f1,5 /proc/$$/stat > $OUT/group"
        let bench = try Bench([.exec(script)])
        let worker = try bench.worker()
        bench.publish("x")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        // The redirection is 1, and ls holds the folder as 3.
        #expect(bench.lines("fds") == ["0", "1", "2", "3"])
        #expect(bench.lines("mask").first?.hasSuffix("0000000000000000") == true)
        let group = bench.lines("group").first?.split(separator: " ")
        #expect(group?.first == group?.last && group?.count == 2)
    }

    @Test("is held to its limits")
    func limits() throws {
        let bench = try Bench([
            .exec("ulimit -Sn > $OUT/soft; ulimit -Hn > $OUT/hard") {
                $0.limits = [
                    Settings.Service.Limit(
                        name: "nofile", resource: ResourceLimit.descriptors.resource, soft: 77, hard: 99)
                ]
            }
        ])
        let worker = try bench.worker()
        bench.publish("x")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        #expect(bench.lines("soft") == ["77"] && bench.lines("hard") == ["99"])
    }

    @Test("runs as many processes as `concurrency` says, and never more")
    func concurrency() throws {
        let script =
            "echo + >> $OUT/log; until [ -e $OUT/go ]; do sleep 0.01; done; echo - >> $OUT/log"
        let bench = try Bench([.exec(script) { $0.concurrency = 3 }])
        let worker = try bench.worker()
        for number in 0..<9 { bench.publish("\(number)") }
        #expect(try bench.run(worker) { bench.lines("log").count == 3 })
        #expect(try bench.counts().inFlight == 3 && bench.status().running == 3)
        try bench.write("go", "")
        #expect(try bench.run(worker) { try bench.delivered() == 9 })
        var running = 0
        for line in bench.lines("log") {
            running += line == "+" ? 1 : -1
            #expect(running <= 3)
        }
    }

    @Test("shares its concurrency out among its lanes")
    func lanes() throws {
        let bench = try Bench([
            .exec("echo >> $OUT/started; until [ -e $OUT/go ]; do sleep 0.01; done") {
                $0.concurrency = 3
                $0.lanes = 2
            }
        ])
        let worker = try bench.worker()
        for number in 0..<10 { bench.publish("\(number)") }
        #expect(try bench.run(worker) { try bench.counts().inFlight == 3 })
        for _ in 0..<3 { _ = try worker.step(until: 0) }
        #expect(try bench.counts().inFlight == 3)
        try bench.write("go", "")
        #expect(try bench.run(worker) { try bench.delivered() == 10 })
    }

    @Test("is ended with its whole group when it does not answer in time, and tried again")
    func timeOut() throws {
        let script = "[ $BELFRY_ATTEMPT = 2 ] && exit 0; sleep 600 & echo $! > $OUT/child; wait"
        let bench = try Bench([.exec(script) { $0.ackTimeout = .milliseconds(200) }])
        let worker = try bench.worker()
        bench.publish("slow")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        let child = try #require(bench.lines("child").first)
        #expect(try bench.run(worker) { !bench.isRunning(child) })
    }

    @Test("is killed when it does not heed SIGTERM")
    func deaf() throws {
        let script = "[ $BELFRY_ATTEMPT = 2 ] && exit 0; trap '' TERM; while :; do sleep 0.05; done"
        var graces = WorkerContext.Graces()
        graces.ending = 100_000_000
        let bench = try Bench([.exec(script) { $0.ackTimeout = .milliseconds(100) }], graces: graces)
        let worker = try bench.worker()
        bench.publish("deaf")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        #expect(try bench.status().retried == 1)
    }
}
