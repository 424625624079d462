// SPDX-License-Identifier: Apache-2.0
/// What a worker does with a service that is taken out of the settings: it delivers or drops what is pending, and tells
/// when nothing is left.

import LinuxIO
import Ring
import Settings
import Testing

@testable import Delivery

@Suite("A service that retires")
struct RetiringTests {
    private static let read = Settings.Service.readLine

    /// Steps the worker until it tells of a resolved slot.
    private func resolved(_ bench: Bench, _ worker: Worker) throws -> Int? {
        var slot: Int?
        #expect(
            try bench.run(worker) {
                slot = slot ?? worker.nextResolved()
                return slot != nil
            })
        return slot
    }

    @Test("delivers what is pending, and only then, and only once, is said to be resolved")
    func drains() throws {
        let bench = try Bench([
            .exec("until [ -e $OUT/go ]; do sleep 0.01; done; echo x >> $OUT/got")
        ])
        let worker = try bench.worker()
        for body in ["1", "2", "3"] { bench.publish(body) }
        #expect(try bench.run(worker) { try bench.counts().inFlight == 1 })
        worker.takeOver(try bench.retire(.draining))
        for _ in 0..<20 { _ = try worker.step(until: Clock.monotonic() + 1_000_000) }
        #expect(worker.nextResolved() == nil)
        try bench.write("go", "")
        #expect(try resolved(bench, worker) == 0)
        #expect(try bench.delivered() == 3 && bench.lines("got").count == 3)
        bench.publish("other", for: [])
        for _ in 0..<5 { _ = try worker.step(until: Clock.monotonic() + 1_000_000) }
        #expect(worker.nextResolved() == nil)
        try bench.end(worker)
    }

    @Test("is resolved at once if it never had a record, in each of its shards")
    func neverUsed() throws {
        let bench = try Bench([.exec("true") { $0.lanes = 2 }])
        let worker = try bench.worker()
        for _ in 0..<5 { bench.publish("x", for: []) }
        for _ in 0..<5 { _ = try worker.step(until: 0) }
        worker.takeOver(try bench.retire(.draining))
        #expect(try resolved(bench, worker) == 0)
        #expect(try resolved(bench, worker) == 0)
        #expect(worker.nextResolved() == nil)
        try bench.end(worker)
    }

    @Test("is said to be resolved before its worker sleeps")
    func tellsBeforeItSleeps() throws {
        let bench = try Bench([.exec("true")])
        let worker = try bench.worker()
        let settings = try bench.retire(.draining)
        // The bell has been heard; nothing else will wake it.
        for _ in 0..<5 { _ = try worker.step(until: 0) }
        worker.takeOver(settings)
        let limit = Clock.monotonic() + 10_000_000_000
        while worker.nextResolved() == nil, Clock.monotonic() < limit { _ = try worker.step(until: limit) }
        #expect(Clock.monotonic() < limit)
        try bench.end(worker)
    }

    @Test("is said to be resolved by a successor, too")
    func successor() throws {
        let bench = try Bench([.exec("true")])
        let first = try bench.worker()
        bench.publish("x")
        #expect(try bench.run(first) { try bench.delivered() == 1 })
        let settings = try bench.retire(.draining)
        first.takeOver(settings)
        #expect(try resolved(bench, first) == 0)
        let second = try bench.worker(0, settings: settings)
        #expect(try resolved(bench, second) == 0)
        try bench.end(first, second)
    }

    @Test("is not resolved as long as nobody has said where it ends")
    func openEnd() throws {
        let bench = try Bench([.exec("true")])
        let worker = try bench.worker(0, settings: bench.settings { $0[0].placement?.state = .draining })
        bench.publish("x")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        for _ in 0..<5 { _ = try worker.step(until: 0) }
        #expect(worker.nextResolved() == nil)
        _ = try bench.retire(.draining)
        #expect(try resolved(bench, worker) == 0)
        try bench.end(worker)
    }

    @Test(
        "drops what is pending and not in flight, and lets the rest finish", arguments: Settings.Service.Order.allCases)
    func drops(order: Settings.Service.Order) throws {
        let script = """
            while \(Self.read); do echo x >> $OUT/got; case $line in *'"body":"bad'*) echo fail $id; continue;; esac
            until [ -e $OUT/go ]; do sleep 0.01; done; echo ok $id; done
            """
        let bench = try Bench([
            .stream(script) {
                $0.order = order
                $0.inFlight = 2
                $0.retry.backoff = .seconds(1_000)
                $0.retry.maxBackoff = .seconds(1_000)
            }
        ])
        let worker = try bench.worker()
        bench.publish("bad", topic: "a", source: "a")
        for body in ["1", "2", "3", "4"] { bench.publish(body, topic: "b", source: "b") }
        let flying: UInt64 = order == .all ? 1 : 2
        #expect(try bench.run(worker) { try bench.counts().backingOff == 1 && bench.counts().inFlight == flying })
        worker.takeOver(try bench.retire(.dropping))
        #expect(try bench.run(worker) { try bench.counts()[.removed] == 5 - flying })
        #expect(try bench.counts().inFlight == flying)
        try bench.write("go", "")
        #expect(try resolved(bench, worker) == 0)
        #expect(try bench.delivered() == flying && bench.counts().pending == 0)
        try bench.end(worker)
    }

    @Test("drops what fails then instead of trying it again")
    func dropsFailed() throws {
        let bench = try Bench([
            .exec("until [ -e $OUT/go ]; do sleep 0.01; done; exit 1"),
            .stream("\(Self.read); until [ -e $OUT/go ]; do sleep 0.01; done; exit 1", name: "resident"),
        ])
        let worker = try bench.worker()
        bench.publish("x", for: [0, 1])
        #expect(try bench.run(worker) { try bench.counts(0).inFlight == 1 && bench.counts(1).inFlight == 1 })
        _ = try bench.retire(.dropping, slot: 0)
        _ = try bench.retire(.dropping, slot: 1)
        worker.takeOver(bench.settings { for slot in 0...1 { $0[slot].placement?.state = .dropping } })
        try bench.write("go", "")
        #expect(try Set([resolved(bench, worker), resolved(bench, worker)]) == [0, 1])
        #expect(try bench.counts(0)[.removed] == 1 && bench.counts(1)[.removed] == 1)
        #expect(try bench.counts(0).pending == 0 && bench.counts(1).pending == 0)
        try bench.end(worker)
    }

    @Test(
        "makes dead letters of what is pending and not in flight, and lets the rest finish",
        arguments: Settings.Service.Order.allCases)
    func buries(order: Settings.Service.Order) throws {
        let script = """
            while \(Self.read); do case $line in *'"body":"bad'*) echo fail $id; continue;; esac
            until [ -e $OUT/go ]; do sleep 0.01; done; echo ok $id; done
            """
        let bench = try Bench([
            .stream(script) {
                $0.order = order
                $0.inFlight = 2
                $0.retry.backoff = .seconds(1_000)
                $0.retry.maxBackoff = .seconds(1_000)
            }
        ])
        let worker = try bench.worker()
        bench.publish("bad", topic: "a", source: "a")
        for body in ["1", "2", "3", "4"] { bench.publish(body, topic: "b", source: "b") }
        let flying: UInt64 = order == .all ? 1 : 2
        #expect(try bench.run(worker) { try bench.counts().backingOff == 1 && bench.counts().inFlight == flying })
        worker.takeOver(try bench.retire(.burying))
        #expect(try bench.run(worker) { try bench.counts()[.dead] == 5 - flying })
        #expect(try bench.counts().inFlight == flying && worker.nextResolved() == nil)
        let letters = bench.keeper.letters
        #expect(letters.allSatisfy { $0.failings.reason == "removed" } && UInt64(letters.count) == 5 - flying)
        for letter in letters {
            #expect(letter.failings.attempts == (letter.message.body == Array("bad".utf8) ? 1 : 0))
        }
        try bench.write("go", "")
        #expect(try resolved(bench, worker) == 0)
        #expect(try bench.delivered() == flying && bench.counts().pending == 0)
        try bench.end(worker)
    }

    @Test("has a dead letter of each message kept before it counts as one, by a successor if need be")
    func buriesWhatIsKept() throws {
        let bench = try Bench([.exec("true")])
        let first = try bench.worker()
        bench.supervisor.setPaused(true, slot: 0)
        // More than there are places in its table.
        for number in 1...200 { bench.publish("\(number)") }
        let settings = try bench.retire(.burying)
        first.takeOver(settings)
        bench.keeper.keeps = false
        #expect(try bench.run(first) { !bench.keeper.letters.isEmpty })
        #expect(try bench.counts()[.dead] == 0 && bench.counts().pending == 200)
        try bench.end(first)
        bench.keeper.hangUp()
        bench.keeper.keeps = true
        let second = try bench.worker(0, settings: settings)
        #expect(try resolved(bench, second) == 0)
        #expect(try bench.counts()[.dead] == 200 && bench.counts().pending == 0)
        #expect(Set(bench.keeper.letters.map(\.message.body)).count == 200)
        try bench.end(second)
    }

    @Test("makes a dead letter of what fails then instead of trying it again")
    func buriesFailed() throws {
        let bench = try Bench([.exec("until [ -e $OUT/go ]; do sleep 0.01; done; exit 1")])
        let worker = try bench.worker()
        bench.publish("x")
        #expect(try bench.run(worker) { try bench.counts().inFlight == 1 })
        worker.takeOver(try bench.retire(.burying))
        try bench.write("go", "")
        #expect(try resolved(bench, worker) == 0)
        #expect(try bench.counts()[.dead] == 1 && bench.counts().pending == 0)
        #expect(bench.keeper.letters.map(\.failings.reason) == ["removed"])
        #expect(bench.keeper.letters.map(\.failings.attempts) == [1])
        try bench.end(worker)
    }

    @Test("drops far more records than one round may take, without a pause")
    func dropsMany() throws {
        let bench = try Bench([.exec("exec sleep 600")], records: 16_384)
        let worker = try bench.worker()
        for number in 0..<10_000 { bench.publish("\(number)") }
        #expect(try bench.run(worker) { try bench.counts().inFlight == 1 })
        let settings = try bench.retire(.dropping)
        worker.takeOver(settings)
        // Nothing but what is left to be dropped wakes it.
        for _ in 0..<2 { _ = try worker.step(until: Clock.monotonic() + 20_000_000_000) }
        _ = try worker.step(until: 0)
        #expect(try bench.counts()[.removed] == 9_999)
        try bench.end(worker)
    }
}
