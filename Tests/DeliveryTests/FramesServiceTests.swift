// SPDX-License-Identifier: Apache-2.0
/// What a worker does for services of mode `stream` with framing `frames`: real processes, the ring in memory.
///
/// The programs are in FramesProgram. What all stream services have in common is in StreamServiceTests.

import Ring
import Settings
import Testing

@testable import Delivery

@Suite("A frames service")
struct FramesServiceTests {
    @Test("gets a message as the protocol says, over descriptor 3, and has no standard input")
    func delivery() throws {
        let program = """
            note("got", [os.environ["BELFRY_FD"], os.environ["BELFRY_SERVICE"], sys.stdin.read()])
            window(8)
            while d := next():
                note("got", [d.number, "%016x-%d-%d" % (d.log, d.epoch, d.sequence), d.time, d.attempt, d.flags])
                note("got", [d.topic, d.source, d.protocol, d.kind, d.decoded, d.body])
                done((d.number, d.number))
            """
        let bench = try Bench([.frames(program)])
        let worker = try bench.worker()
        bench.publish([0xFF, 0x00], topic: "alerts.x", source: "[::1]:7")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        #expect(
            bench.lines("got") == [
                "['3', 'bell', '']", "[1, '000000000000be1f-0-1', 1000000000, 1, 0]",
                "['alerts.x', '[::1]:7', 5, 0, b'', b'\\xff\\x00']",
            ])
        try bench.end(worker)
    }

    @Test("answers in ranges and in any order, and is numbered from 1 on for each process anew")
    func ranges() throws {
        let program = """
            window(100)
            numbers = [next().number for _ in range(20)]
            note("numbers", numbers == list(range(1, 21)))
            done((11, 20), (3, 3)); done((1, 20))
            while next(): pass
            """
        let bench = try Bench([.frames(program) { $0.idleTimeout = .milliseconds(50) }])
        let worker = try bench.worker()
        for round in 1...2 {
            for number in 0..<20 { bench.publish("\(number)") }
            #expect(
                try bench.run(worker) { try bench.delivered() == 20 * UInt64(round) && bench.status().running == 0 })
        }
        #expect(bench.lines("numbers") == ["True", "True"])
        #expect(try bench.status().launchFailures == 0 && bench.status().retried == 0)
        #expect(try bench.status().reason == "")
        try bench.end(worker)
    }

    @Test("holds no more than its WINDOW, and no more than `in-flight`", arguments: [(3, 64), (1_000, 4)])
    func window(_ window: Int, _ inFlight: Int) throws {
        let program = """
            window(\(window)); wait("go"); ack_all()
            """
        let bench = try Bench([.frames(program) { $0.inFlight = inFlight }])
        let worker = try bench.worker()
        for number in 0..<20 { bench.publish("\(number)") }
        let most = UInt64(min(window, inFlight))
        #expect(try bench.run(worker) { try bench.counts().inFlight == most })
        for _ in 0..<3 { _ = try worker.step(until: 0) }
        #expect(try bench.counts().inFlight == most && bench.counts().pending == 20)
        try bench.write("go", "")
        #expect(try bench.run(worker) { try bench.delivered() == 20 })
        try bench.end(worker)
    }

    @Test("may stop the flow with a WINDOW of 0, which status shows, and open it again")
    func closedWindow() throws {
        let program = """
            window(1); d = next(); window(0); done((d.number, d.number)); wait("go"); window(8); ack_all()
            """
        let bench = try Bench([.frames(program)])
        let worker = try bench.worker()
        for number in 0..<5 { bench.publish("\(number)") }
        #expect(try bench.run(worker) { try bench.status().reason == "takes nothing now (WINDOW 0)" })
        for _ in 0..<3 { _ = try worker.step(until: 0) }
        #expect(try bench.delivered() == 1 && bench.counts().inFlight == 0 && bench.counts().pending == 4)
        try bench.write("go", "")
        #expect(try bench.run(worker) { try bench.delivered() == 5 })
        #expect(try bench.status().reason == "" && bench.status().launches == 1)
        try bench.end(worker)
    }

    @Test("fails a delivery to get it again under a new number, and for good to never get it again")
    func fails() throws {
        let program = """
            window(8)
            d = next(); fail(d.number, 0, b"disk full")
            d = next(); note("again", [d.number, d.attempt, d.flags]); fail(d.number, 1, b"no use")
            next()
            """
        let bench = try Bench([.frames(program)])
        let worker = try bench.worker()
        bench.publish("x")
        var reasons: Set<String> = []
        #expect(
            try bench.run(worker) {
                reasons.insert(try bench.status().reason)
                return try bench.counts()[.dead] == 1
            })
        #expect(reasons.contains("answered fail: disk full"))
        #expect(bench.lines("again") == ["[2, 2, 1]"])
        try bench.end(worker)
    }

    @Test("has frames understood that come byte by byte, and those of unknown types skipped")
    func byteByByte() throws {
        let program = """
            window(8); d = next()
            for byte in frame(99, b"later") + frame(18, struct.pack(">QQ", 1, 1)): s.sendall(bytes([byte]))
            ack_all()
            """
        let bench = try Bench([.frames(program)])
        let worker = try bench.worker()
        bench.publish("x")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        #expect(try bench.status().reason == "")
        try bench.end(worker)
    }

    @Test("acks nothing with garbage, which is counted and shown")
    func garbage() throws {
        let program = """
            done((1, 1)); window(8); d = next()
            send(16, b"xx"); send(18, b""); send(18, bytes(15)); send(19, bytes(8)); fail(1, 2)
            done((0, 1)); done((2, 1)); done((1, 2)); done((2, 2)); fail(0); fail(2)
            done((1, 2 ** 64 - 1))
            wait("go"); done((1, 1), (7, 7)); ack_all()
            """
        let bench = try Bench([.frames(program)])
        let worker = try bench.worker()
        bench.publish("x")
        #expect(try bench.run(worker) { try bench.status().reason == "answered what is no reply (13 frames)" })
        #expect(try bench.delivered() == 0 && bench.counts().inFlight == 1)
        try bench.write("go", "")
        #expect(
            try bench.run(worker) {
                try bench.delivered() == 1 && bench.status().reason == "answered what is no reply (14 frames)"
            })
        try bench.end(worker)
    }

    @Test("gets a message that is far larger than its socket's buffer, whole, between others")
    func large() throws {
        let program = """
            window(8); time.sleep(0.05); note("counts", [len(next().body) for _ in range(3)]); done((1, 3)); next()
            """
        let bench = try Bench([.frames(program)], arena: 16 << 20)
        let worker = try bench.worker()
        bench.publish("x")
        bench.publish([UInt8](repeating: 0x61, count: 3 << 20))
        bench.publish("yy")
        #expect(try bench.run(worker) { try bench.delivered() == 3 })
        #expect(bench.lines("counts") == ["[1, 3145728, 2]"])
        try bench.end(worker)
    }

    @Test("that does not read is ended and started anew, and gets all again, without an attempt")
    func neverReads() throws {
        let program = """
            note("pids", os.getpid()); window(64)
            if len(open(OUT + "pids").readlines()) == 1: time.sleep(600)
            ack_all()
            """
        let bench = try Bench([.frames(program) { $0.ackTimeout = .milliseconds(1_000) }], arena: 8 << 20)
        let worker = try bench.worker()
        for _ in 0..<20 { bench.publish([UInt8](repeating: 0x61, count: 50_000)) }
        #expect(try bench.run(worker) { try bench.delivered() == 20 })
        #expect(!bench.isRunning(try #require(bench.lines("pids").first)))
        #expect(try bench.status().launches == 2 && bench.status().retried == 0 && bench.status().launchFailures == 0)
        try bench.end(worker)
    }

    @Test("may answer late, until its message is delivered again")
    func late() throws {
        let program = """
            window(8); one = next(); two = next()
            # So that it is not mute when the time of the first is over.
            time.sleep(0.5); done((two.number, two.number)); wait("go")
            done((one.number, one.number)); ack_all()
            """
        let bench = try Bench([
            .frames(program) {
                $0.ackTimeout = .milliseconds(1_000)
                $0.retry.backoff = .seconds(60)
                $0.retry.maxBackoff = .seconds(60)
            }
        ])
        let worker = try bench.worker()
        bench.publish("one")
        bench.publish("two")
        #expect(try bench.run(worker) { try bench.status().reason == "no answer within the ack-timeout" })
        #expect(try bench.delivered() == 1 && bench.counts().inFlight == 0)
        try bench.write("go", "")
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
        #expect(try bench.status().launches == 1 && bench.status().retried == 0)
        try bench.end(worker)
    }
}
