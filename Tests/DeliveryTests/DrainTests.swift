// SPDX-License-Identifier: Apache-2.0
/// What a worker that drains waits for, and what it leaves to the next start: whatever can't be handed out before the
/// deadline.

import LinuxIO
import Ring
import Settings
import Testing

@testable import Delivery

@Suite("A worker that drains")
struct DrainTests {
    private static let read = Settings.Service.readLine
    private static let minute: UInt64 = 60_000_000_000

    private static func failing(_ mode: Settings.Service.Mode, _ order: Settings.Service.Order, inFlight: Int = 64)
        -> Settings.Service
    {
        let script =
            mode == .exec ? "echo x >> $OUT/got; exit 1" : "while \(read); do echo x >> $OUT/got; echo fail $id; done"
        return .exec(script) {
            $0.mode = mode
            $0.order = order
            $0.inFlight = inFlight
            $0.retry.backoff = .seconds(3_600)
            $0.retry.maxBackoff = .seconds(3_600)
        }
    }

    @Test(
        "leaves what is due only behind the deadline to the next start, and what an order keeps behind it",
        arguments: [Settings.Service.Mode.exec, .stream], [Settings.Service.Order.none, .all])
    func backOff(mode: Settings.Service.Mode, order: Settings.Service.Order) throws {
        let bench = try Bench([Self.failing(mode, order), .exec("echo x >> $OUT/other", name: "other")])
        let worker = try bench.worker()
        for _ in 0..<3 { bench.publish("x", for: [0, 1]) }
        worker.drain(deadline: Clock.monotonic() + Self.minute)
        #expect(try bench.run(worker) { worker.isFinished })
        // The first try of each falls into the drain; only a process for each message waits for the one before it.
        #expect(bench.lines("got").count == (mode == .exec && order == .all ? 1 : 3) && bench.lines("other").count == 3)
        #expect(try bench.counts(0).pending == 3 && bench.counts(0).inFlight == 0)
    }

    @Test("does not wait for places that all back off for longer")
    func full() throws {
        let bench = try Bench([Self.failing(.exec, .none, inFlight: 1)])
        let worker = try bench.worker()
        for _ in 0..<100 { bench.publish("x") }
        worker.drain(deadline: Clock.monotonic() + Self.minute)
        #expect(try bench.run(worker) { worker.isFinished })
        #expect(try bench.lines("got").count == 64 && bench.counts().pending == 100)
    }

    @Test("does not wait for a program whose next launch lies behind the deadline")
    func launch() throws {
        let bench = try Bench([
            .exec("") {
                $0.command = ["@/missing"]; $0.retry.maxBackoff = .seconds(3_600)
            }
        ])
        let worker = try bench.worker()
        bench.publish("x")
        #expect(try bench.run(worker) { try bench.status().launchFailures == 1 })
        worker.drain(deadline: Clock.monotonic() + 1_000_000)
        #expect(try bench.run(worker) { worker.isFinished })
        #expect(try worker.isDrained && bench.counts().pending == 1)
    }

    @Test("tries again what is due before the deadline")
    func again() throws {
        let bench = try Bench([.exec("echo x >> $OUT/got; [ $BELFRY_ATTEMPT -gt 3 ]")])
        let worker = try bench.worker()
        bench.publish("x")
        worker.drain(deadline: Clock.monotonic() + Self.minute)
        #expect(try bench.run(worker) { worker.isFinished })
        #expect(try bench.lines("got").count == 4 && bench.delivered() == 1)
    }

    @Test("waits until its dead letters are kept")
    func letters() throws {
        let bench = try Bench([.exec("exit 65")])
        bench.keeper.keeps = false
        let worker = try bench.worker()
        bench.publish("x")
        worker.drain(deadline: Clock.monotonic() + Self.minute)
        #expect(try bench.run(worker) { bench.keeper.letters.count == 1 })
        for _ in 0..<5 { _ = try worker.step(until: Clock.monotonic() + 1_000_000) }
        #expect(!worker.isFinished)
        bench.keeper.keeps = true
        #expect(try bench.run(worker) { worker.isFinished })
        #expect(try bench.counts()[.dead] == 1 && bench.counts().pending == 0)
    }
}
