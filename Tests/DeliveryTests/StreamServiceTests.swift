// SPDX-License-Identifier: Apache-2.0
/// What a worker does for services of mode `stream` with framing `lines`: real processes, the ring in memory.

import Ring
import Settings
import Testing

@testable import Delivery

@Suite("A stream service")
struct StreamServiceTests {
    private static let read = Settings.Service.readLine
    private static let acking = "while \(read); do echo $$ >> $OUT/pids; echo ok $id; done"

    @Test("is started by the first message and serves the others with the same process")
    func reuse() throws {
        let bench = try Bench([.stream(Self.acking)])
        let worker = try bench.worker()
        #expect(try bench.run(worker) { try bench.grantsApplied() > 0 })
        #expect(try bench.status().state == .stopped)
        bench.publish("one")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        bench.publish("two")
        bench.publish("three")
        #expect(try bench.run(worker) { try bench.delivered() == 3 })
        let pids = bench.lines("pids")
        #expect(pids.count == 3 && Set(pids).count == 1)
        #expect(try bench.run(worker) { try bench.status().state == .running })
        #expect(try bench.status().running == 1 && bench.status().launches == 1)
        try bench.end(worker)
    }

    @Test("has its answers taken, too, where messages follow each other closely and then no more come")
    func closeMessages() throws {
        let bench = try Bench([.stream(Self.acking) { $0.inFlight = 256 }])
        let worker = try bench.worker()
        for round in 1...4 {
            for number in 0..<50 {
                bench.publish("\(number)")
                _ = try worker.step(until: 0)
            }
            #expect(try bench.run(worker) { try bench.delivered() == UInt64(round * 50) })
        }
        try bench.end(worker)
    }

    @Test("gets one JSON object a line, with the body as it was received")
    func line() throws {
        let bench = try Bench([
            .stream("while \(Self.read); do printf '%s\\n' \"$line\" >> $OUT/got; echo ok $id; done")
        ])
        let worker = try bench.worker()
        bench.publish("a \"b\"\n", topic: "alerts.x", source: "[::1]:7")
        bench.publish([0xFF, 0x00])
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
        let got = bench.lines("got")
        let id = #""id":"000000000000be1f-0-1""#
        #expect(
            got.first
                == #"{\#(id),"topic":"alerts.x","source":"[::1]:7","protocol":"text","time":"1970-01-01T00:00:01.000000000Z","attempt":1,"body":"a \"b\"\n"}"#
        )
        #expect(got.last?.contains(#""body64":"/wA=""#) == true)
        try bench.end(worker)
    }

    @Test("is stopped by the end of its input when it has been idle, and started anew by the next message")
    func idle() throws {
        let bench = try Bench([
            .stream("\(Self.acking); echo end >> $OUT/ended") { $0.idleTimeout = .milliseconds(50) }
        ])
        let worker = try bench.worker()
        bench.publish("one")
        #expect(try bench.run(worker) { try bench.lines("ended").count == 1 && bench.status().state == .stopped })
        bench.publish("two")
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
        #expect(Set(bench.lines("pids")).count == 2)
        #expect(try bench.status().launches == 2 && bench.status().launchFailures == 0)
        try bench.end(worker)
    }

    @Test("is idle from its last answer on, not from its last message")
    func idleAfterLongWork() throws {
        let bench = try Bench([
            .stream("while \(Self.read); do sleep 1.2; echo $$ >> $OUT/pids; echo ok $id; done") {
                $0.idleTimeout = .seconds(1)
            }
        ])
        let worker = try bench.worker()
        bench.publish("one")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        _ = try worker.step(until: 0)
        bench.publish("two")
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
        #expect(Set(bench.lines("pids")).count == 1)
        try bench.end(worker)
    }

    @Test("holds no more messages than `in-flight` says")
    func window() throws {
        let script =
            "while \(Self.read); do echo >> $OUT/got; echo ok $id > $OUT/last; until [ -e $OUT/go ]; do sleep 0.01; done; echo ok $id; done"
        let bench = try Bench([.stream(script) { $0.inFlight = 4 }])
        let worker = try bench.worker()
        for number in 0..<20 { bench.publish("\(number)") }
        #expect(try bench.run(worker) { try bench.counts().inFlight == 4 })
        for _ in 0..<3 { _ = try worker.step(until: 0) }
        #expect(try bench.counts().inFlight == 4 && bench.counts().pending == 20)
        try bench.write("go", "")
        #expect(try bench.run(worker) { try bench.delivered() == 20 })
        try bench.end(worker)
    }

    @Test("may answer in any order, and many at once")
    func anyOrder() throws {
        let script = "for n in 1 2 3; do \(Self.read); all=\"ok $id\\n$all\"; done; printf \"$all\"; cat > /dev/null"
        let bench = try Bench([.stream(script)])
        let worker = try bench.worker()
        for number in 0..<3 { bench.publish("\(number)") }
        #expect(try bench.run(worker) { try bench.delivered() == 3 })
        try bench.end(worker)
    }

    @Test("says `fail` to get a message again, and `fail … dead` never to get it again")
    func fails() throws {
        let script = """
            \(Self.read); echo fail $id retry disk full; \(Self.read); echo "$line" > $OUT/again; echo fail $id dead no use
            cat > /dev/null
            """
        let bench = try Bench([.stream(script)])
        let worker = try bench.worker()
        bench.publish("x")
        var reasons: Set<String> = []
        #expect(
            try bench.run(worker) {
                reasons.insert(try bench.status().reason)
                return try bench.counts()[.dead] == 1
            })
        #expect(reasons.contains("answered fail: disk full"))
        let again = bench.lines("again").first
        #expect(again?.contains(#""attempt":2,"redelivered":true"#) == true)
        try bench.end(worker)
    }

    @Test("acks nothing with garbage or with ids that it does not hold, which is counted and shown")
    func garbage() throws {
        let script = """
            \(Self.read); echo fine; echo ok 000000000000be1f-0-2; echo ok 00000000deadbeef-0-1; echo ok 000000000000be1f-1-1
            head -c 100000 /dev/zero | tr '\\0' x; echo; until [ -e $OUT/go ]; do sleep 0.01; done; echo ok $id; cat > /dev/null
            """
        let bench = try Bench([.stream(script)])
        let worker = try bench.worker()
        bench.publish("x")
        let words =
            "answered what is no reply (2 lines); answered for messages that it does not hold (3)"
        #expect(try bench.run(worker) { try bench.status().reason == words })
        #expect(try bench.delivered() == 0 && bench.counts().inFlight == 1)
        try bench.write("go", "")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        try bench.end(worker)
    }

    @Test("fails only the delivery that it does not answer in time, as long as it answers others")
    func timeOut() throws {
        let script = """
            while \(Self.read); do case $line in *'"attempt":1,'*first*) ;; *) echo ok $id;; esac; done
            """
        let bench = try Bench([.stream(script) { $0.ackTimeout = .milliseconds(500) }])
        let worker = try bench.worker()
        bench.publish("first")
        // One after the other, so that there is always an answer younger than the time-out.
        #expect(
            try bench.run(worker) {
                if try bench.counts().pending == 1 { bench.publish("other") }
                return try bench.status().retried == 1
            })
        #expect(try bench.run(worker) { try bench.counts().pending == 0 })
        #expect(try bench.status().launches == 1 && bench.status().retried == 1)
        try bench.end(worker)
    }

    @Test("is ended and started anew when it answers nothing for a whole ack-timeout")
    func mute() throws {
        let script = "echo $$ >> $OUT/pids; [ $(wc -l < $OUT/pids) = 1 ] && exec sleep 600; \(Self.acking)"
        let bench = try Bench([.stream(script) { $0.ackTimeout = .milliseconds(200) }])
        let worker = try bench.worker()
        bench.publish("x")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        let first = try #require(bench.lines("pids").first)
        #expect(!bench.isRunning(first))
        #expect(try bench.status().launches == 2 && bench.status().retried == 1 && bench.status().launchFailures == 0)
        try bench.end(worker)
    }

    @Test("has the one delivery that it held when it died counted as a failed attempt")
    func dies() throws {
        let script = """
            [ -e $OUT/died ] || { \(Self.read); echo ok $id; \(Self.read); touch $OUT/died; exit 9; }
            while \(Self.read); do echo "$line" >> $OUT/again; echo ok $id; done
            """
        let bench = try Bench([.stream(script)])
        let worker = try bench.worker()
        bench.publish("one")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        bench.publish("two")
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
        #expect(bench.lines("again").first?.contains(#""attempt":2,"redelivered":true"#) == true)
        #expect(try bench.status().launches == 2 && bench.status().launchFailures == 0)
        try bench.end(worker)
    }

    @Test("gets a message that is far larger than its pipe")
    func large() throws {
        let bench = try Bench(
            [.stream("head -n 1 | wc -c > $OUT/count; echo ok 000000000000be1f-0-1; cat > /dev/null")], arena: 8 << 20)
        let worker = try bench.worker()
        bench.publish([UInt8](repeating: 0x61, count: 1 << 20))
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        #expect(Int(bench.lines("count").first?.trimmingPrefix { $0 == " " } ?? "") ?? 0 > 1 << 20)
        try bench.end(worker)
    }

    @Test("is of no more use once it has closed its output, and is replaced")
    func closesOutput() throws {
        let script = """
            echo >> $OUT/starts; \(Self.read); echo ok $id; [ $(wc -l < $OUT/starts) = 1 ] && { exec 1>&-; exec cat > /dev/null; }
            while \(Self.read); do echo ok $id; done
            """
        let bench = try Bench([.stream(script)])
        let worker = try bench.worker()
        bench.publish("one")
        #expect(try bench.run(worker) { try bench.delivered() == 1 && bench.status().running == 0 })
        bench.publish("two")
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
        #expect(try bench.status().launches == 2)
        try bench.end(worker)
    }
}
