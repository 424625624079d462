// SPDX-License-Identifier: Apache-2.0
/// How the processes of a service with framing `frames` start and end: real processes, the ring in memory.
///
/// The programs are in FramesProgram.

import LinuxIO
import Ring
import Settings
import Testing

@testable import Delivery

@Suite("The life of a frames service")
struct FramesLifeTests {
    @Test("that never says it is up is ended, backs off, and no message loses an attempt")
    func neverUp() throws {
        let program = """
            note("pids", os.getpid())
            if len(open(OUT + "pids").readlines()) == 1: done((1, 1)); time.sleep(600)
            window(8); d = next(); note("got", [d.number, d.attempt, d.flags]); done((1, 1)); next()
            """
        var graces = WorkerContext.Graces()
        graces.start = 0
        let bench = try Bench([.frames(program) { $0.ackTimeout = .milliseconds(500) }], graces: graces)
        let worker = try bench.worker()
        bench.publish("x")
        let words = "sent no WINDOW in time, ended"
        #expect(try bench.run(worker) { try bench.status().reason.hasPrefix(words) })
        #expect(try bench.status().state == .backingOff && bench.status().launchFailures == 1)
        #expect(!bench.isRunning(try #require(bench.lines("pids").first)))
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        #expect(bench.lines("got") == ["[1, 1, 0]"])
        try bench.end(worker)
    }

    @Test("that ends before it is up has failed to start, however long it took")
    func diesBeforeWindow() throws {
        var graces = WorkerContext.Graces()
        graces.start = 0
        let bench = try Bench([.frames("sys.exit(3)")], graces: graces)
        let worker = try bench.worker()
        bench.publish("x")
        #expect(try bench.run(worker) { try bench.status().reason == "died at start (exit 3)" })
        #expect(try bench.status().state == .backingOff && bench.counts().inFlight == 0)
        try bench.end(worker)
    }

    @Test(
        "that sends what is no frame is ended and backs off; what it answered before counts",
        arguments: ["s.sendall(os.urandom(1 << 20))", "send(18, bytes(65536 + 16))", "s.sendall(b'GET / HTTP/1.0')"])
    func unreadable(_ nonsense: String) throws {
        let program = """
            note("pids", os.getpid())
            if len(open(OUT + "pids").readlines()) > 2: window(8); ack_all()
            if len(open(OUT + "pids").readlines()) == 2: window(8); d = next(); done((d.number, d.number))
            try: \(nonsense)
            except OSError: pass
            time.sleep(600)
            """
        let bench = try Bench([.frames(program)])
        let worker = try bench.worker()
        bench.publish("x")
        #expect(try bench.run(worker) { try bench.status().reason == "sent what is no frame, ended" })
        #expect(try bench.status().state == .backingOff && bench.status().launchFailures == 1)
        #expect(try bench.run(worker) { try bench.delivered() == 1 && bench.status().running == 0 })
        #expect(bench.lines("pids").allSatisfy { !bench.isRunning($0) })
        bench.publish("y")
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
        #expect(try bench.status().launches == 3 && bench.status().launchFailures == 1)
        try bench.end(worker)
    }

    @Test("that dies has what it had answered taken, and the one that it held counted as a failed attempt")
    func dies() throws {
        let program = """
            window(8)
            if os.path.exists(OUT + "died"):
                while d := next(): note("again", [d.body, d.attempt, d.flags]); done((d.number, d.number))
            for _ in range(4): next()
            note("died", ""); fail(4, 0, b"not now"); done((1, 2)); os.kill(os.getpid(), 9)
            """
        let bench = try Bench([.frames(program)])
        let worker = try bench.worker()
        for body in ["a", "b", "c", "d"] { bench.publish(body) }
        #expect(try bench.run(worker) { try bench.delivered() == 4 })
        #expect(bench.lines("again").sorted() == ["[b'c', 2, 1]", "[b'd', 2, 1]"])
        #expect(try bench.status().launches == 2 && bench.status().launchFailures == 0)
        try bench.end(worker)
    }

    @Test("is told by FINISH when it has been idle, reads the end behind it, and may take its time to exit")
    func idle() throws {
        let program = """
            window(8); d = next(); done((d.number, d.number))
            head = exactly(12); note("finish", [head[2], int.from_bytes(head[8:], "big"), s.recv(1)])
            s.close(); time.sleep(0.1); note("ended", "")
            """
        let bench = try Bench([.frames(program) { $0.idleTimeout = .milliseconds(50) }])
        let worker = try bench.worker()
        bench.publish("x")
        #expect(try bench.run(worker) { try bench.exists("ended") && bench.status().state == .stopped })
        #expect(bench.lines("finish") == ["[20, 5000, b'']"])
        #expect(try bench.status().launchFailures == 0 && bench.status().reason == "")
        try bench.end(worker)
    }

    @Test("may still answer behind FINISH; what it leaves open is a successor's, without an attempt")
    func answersBehindFinish() throws {
        let program = """
            window(8); one = next()
            if one.attempt == 1 and one.flags == 0: next(); note("up", "")
            else: note("again", [one.body, one.attempt, one.flags]); done((1, 1)); next(); sys.exit(0)
            note("finish", next()); done((1, 1))
            """
        var graces = WorkerContext.Graces()
        graces.last = 5_000_000_000
        let ignoring = "import signal; signal.signal(15, signal.SIG_IGN)\n"
        let bench = try Bench([.frames(ignoring + program)], graces: graces)
        let worker = try bench.worker()
        bench.publish("a")
        bench.publish("b")
        #expect(try bench.run(worker) { bench.exists("up") })
        try bench.end(worker)
        #expect(bench.lines("finish") == ["None"])
        #expect(try bench.delivered() == 1)
        let successor = try bench.worker()
        #expect(try bench.run(successor) { try bench.delivered() == 2 })
        #expect(bench.lines("again") == ["[b'b', 1, 1]"])
        try bench.end(successor)
    }

    @Test("is of no more use once it has closed its socket, and is replaced", arguments: ["close()", "shutdown(1)"])
    func closesSocket(_ close: String) throws {
        let program = """
            window(8)
            if os.path.exists(OUT + "closed"): ack_all()
            d = next(); done((d.number, d.number)); s.\(close); note("closed", ""); time.sleep(0.2)
            """
        let bench = try Bench([.frames(program)])
        let worker = try bench.worker()
        bench.publish("one")
        #expect(try bench.run(worker) { try bench.delivered() == 1 && bench.status().running == 0 })
        #expect(try bench.status().reason == "closed its socket")
        bench.publish("two")
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
        #expect(try bench.status().launches == 2)
        try bench.end(worker)
    }

    @Test("answers what it holds before it is told to finish, when its shard goes to another worker")
    func moves() throws {
        let program = """
            window(2)
            while d := next():
                note("got", d.body.decode()); wait("go"); done((d.number, d.number))
            note("finish", frames.finish)
            """
        let bench = try Bench([.frames(program)])
        let (first, second) = (try bench.worker(0), try bench.worker(1))
        for body in ["1", "2", "3", "4"] { bench.publish(body) }
        #expect(try bench.run(first, second) { try bench.counts().inFlight == 2 && bench.lines("got") == ["1"] })
        bench.supervisor.grant(slot: 0, shard: 0, to: nil)
        let version = bench.supervisor.publishGrants()
        for _ in 0..<20 { _ = try first.step(until: Clock.monotonic() + 1_000_000) }
        #expect(try bench.grantsApplied(0) < version && bench.counts().inFlight == 2 && !bench.exists("finish"))
        try bench.write("go", "")
        #expect(try bench.run(first, second) { try bench.grantsApplied(0) == version })
        #expect(try bench.delivered() == 2 && bench.lines("finish") == ["[5000]"])
        bench.supervisor.grant(slot: 0, shard: 0, to: 1)
        bench.supervisor.publishGrants()
        #expect(try bench.run(first, second) { try bench.delivered() == 4 })
        #expect(try bench.lines("got") == ["1", "2", "3", "4"] && bench.status().retried == 0)
        try bench.end(first, second)
    }

    @Test("may say whatever it likes in well-formed frames: each message has its one end", arguments: 1...5)
    func randomFrames(_ seed: Int) throws {
        let program = """
            import random; chance = random.Random(\(seed)); window(64)
            while d := next():
                for _ in range(chance.randrange(4)):
                    near = lambda: max(0, d.number + chance.randrange(-8, 4))
                    kind = chance.choice([15, 16, 17, 18, 18, 18, 19, 19, 20, 21])
                    size = chance.choice([0, 3, 4, 8, 9, 15, 16, 16, 16, 32, 32, 4096])
                    payload = b"".join(struct.pack(">Q", near()) for _ in range(512))[:size]
                    if kind == 16: payload = struct.pack(">I", 64) + payload
                    if kind == 19: payload = payload[:8] + bytes([chance.randrange(3)]) + payload[8:]
                    send(kind, payload)
                done((d.number, d.number))
            """
        let bench = try Bench([.frames(program)])
        let worker = try bench.worker()
        for number in 0..<300 { bench.publish("\(number)") }
        #expect(
            try bench.run(worker) {
                let counts = try bench.counts()
                return counts.matched == 300 && counts.pending == 0
            })
        #expect(try bench.delivered() + bench.counts()[.dead] == 300)
        #expect(try bench.status().launches == 1)
        try bench.end(worker)
    }
}
