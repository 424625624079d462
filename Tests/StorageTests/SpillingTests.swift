// SPDX-License-Identifier: Apache-2.0
// A ring that gets tight is spilled while services lag; nothing is lost, doubled or out of order, whoever dies, and
// whatever the disk does.

import LinuxIO
import Ring
import Segments
import Testing

@testable import Storage

@Suite("Spilling") struct SpillingTests {
    /// Lets committer and holder work until something is parked.
    private static func parks(_ bench: Bench, _ holder: Holder) throws -> Bool {
        try bench.run {
            holder.obey()
            return holder.lease.hasParked
        }
    }

    @Test("a service that lags does not hold up the ring, and gets everything in order")
    func lagging() throws {
        let bench = try Bench(.memory)
        bench.supervisor.install(Bench.slot("fast", tableStart: 8), at: 1)
        let (slow, fast) = (try Holder(bench), try Holder(bench, slot: 1))
        for _ in 0..<100 {
            bench.publish(20, mask: 3)
            try fast.deliver()
            _ = try bench.run(rounds: 12) {
                slow.obey()
                return !bench.producer.isTight()
            }
            #expect(!bench.producer.isTight())
        }
        #expect(fast.delivered == Array(1...2_000))
        try slow.deliver()
        #expect(slow.delivered == Array(1...2_000))
        for slot in 0...1 {
            let counts = try #require(try bench.ledger().service(at: slot)).counts
            #expect(counts.matched == 2_000 && counts[.delivered] == 2_000 && counts.pending == 0)
        }
    }

    @Test("what is parked and delivered is deleted, and the committer of memory mode ends by itself")
    func deletion() throws {
        let bench = try Bench(.memory)
        let holder = try Holder(bench)
        bench.publish(200)
        #expect(try Self.parks(bench, holder))
        #expect(!bench.disk.names("parked-").isEmpty)
        #expect(try #require(try bench.checkpoint()).spilled == holder.lease.parkedTo)
        try holder.deliver()
        for _ in 0..<4 {
            bench.time.pass(seconds: 1)
            _ = try bench.committer.step(until: 1)
        }
        #expect(bench.disk.names("parked-").isEmpty)
        #expect(!bench.committer.isFinished)
        bench.time.pass(seconds: 11)
        #expect(try bench.run { bench.committer.isFinished })
        #expect(bench.committer.hasRested && bench.committer.hasWorked)
        #expect(!Self.isServed(bench))
    }

    /// Whether a committer says that it is there.
    private static func isServed(_ bench: Bench) -> Bool { bench.producer.committerPresence() & 1 == 1 }

    @Test("a ring that gets tight just as the committer has left brings it back")
    func returning() throws {
        let bench = try Bench(.memory)
        _ = try bench.run(rounds: 4) { false }
        #expect(Self.isServed(bench))
        var hasLeft = false
        // It holds the bench, which holds it.
        defer { bench.time.isRead = {} }
        bench.time.isRead = {
            guard !hasLeft, !Self.isServed(bench) else { return }
            hasLeft = true
            bench.publish(200)
        }
        bench.time.pass(seconds: 11)
        #expect(try bench.run { hasLeft })
        #expect(!bench.committer.isFinished)
        #expect(Self.isServed(bench))
        #expect(try Self.parks(bench, Holder(bench)))
    }

    @Test("a committer that dies at any step leaves nothing undone", arguments: 0..<12)
    func death(steps: Int) throws {
        let bench = try Bench(.memory)
        let holder = try Holder(bench)
        for round in 0..<20 {
            bench.publish(20)
            for step in 0..<(steps + 12) {
                if step == steps { try bench.replaceCommitter() }
                _ = try bench.committer.step(until: 1)
                bench.time.pass(seconds: 1)
                if (step + round) % 3 == 0 { try holder.deliver(1) } else { holder.obey() }
            }
        }
        try holder.deliver()
        while !holder.obey() || holder.lease.floor < bench.producer.published {
            _ = try bench.committer.step(until: 1)
            bench.time.step()
            try holder.deliver()
        }
        #expect(holder.delivered == Array(1...400))
    }

    @Test(
        "a disk that fails anywhere in a spill lets the services go on, and the next spill is right", arguments: 0..<14)
    func failure(spared: Int) throws {
        let bench = try Bench(.memory, fileSize: 1 << 12)
        let holder = try Holder(bench)
        _ = try bench.committer.step(until: 1)
        bench.publish(200)
        try bench.lag()
        bench.disk.failure = spared % 2 == 0 ? .full : .broken
        bench.disk.spared = spared
        for _ in 0..<10 {
            _ = try bench.committer.step(until: 1)
            holder.obey()
        }
        try holder.deliver(5)
        #expect(holder.delivered == [1, 2, 3, 4, 5])
        bench.disk.failure = nil
        bench.time.pass(seconds: 3)
        #expect(try Self.parks(bench, holder))
        try holder.deliver()
        #expect(holder.delivered == Array(1...200))
    }

    @Test("a full disk is told, and nobody is asked to hold still for it")
    func full() throws {
        let bench = try Bench(.memory)
        let holder = try Holder(bench)
        _ = try bench.committer.step(until: 1)
        bench.publish(200)
        try bench.lag()
        bench.disk.failure = .full
        _ = try bench.committer.step(until: 1)
        #expect(holder.lease.parkingStep == .none)
        #expect(bench.messages().contains { $0.contains("what is undelivered stays in memory") })
        bench.disk.failure = nil
        bench.time.pass(seconds: 1)
        #expect(try Self.parks(bench, holder))
        #expect(bench.messages() == ["trouble(\"\")"])
    }

    @Test("a full disk that takes no checkpoint either is told to hold up what is to be moved")
    func fullAtCheckpoint() throws {
        let bench = try Bench(.memory)
        let holder = try Holder(bench)
        bench.disk.failure = .full
        bench.publish(200)
        try bench.lag()
        bench.time.pass(seconds: 1)
        _ = try bench.committer.step(until: 1)
        #expect(holder.lease.parkingStep == .none)
        #expect(bench.messages().last?.contains("what is undelivered stays in memory") ?? false)
        bench.disk.failure = nil
        bench.time.pass(seconds: 1)
        #expect(try Self.parks(bench, holder))
        #expect(bench.messages().last == "trouble(\"\")")
    }

    @Test("when the ring has room again, a disk that was full is no trouble any more")
    func lapse() throws {
        let bench = try Bench(.memory)
        let holder = try Holder(bench)
        _ = try bench.committer.step(until: 1)
        bench.publish(200)
        try bench.lag()
        bench.disk.failure = .full
        _ = try bench.committer.step(until: 1)
        #expect(bench.messages().count == 2)
        try holder.deliver()
        _ = try bench.committer.step(until: 1)
        #expect(bench.messages() == ["trouble(\"\")"])
        #expect(holder.delivered == Array(1...200))
    }

    // MARK: the end

    @Test(
        "at the end all that is undelivered is stored, with a checkpoint that says so",
        arguments: [Checkpoint.Mode.memory, .disk])
    func end(mode: Checkpoint.Mode) throws {
        let bench = try Bench(mode)
        let holder = try Holder(bench)
        bench.publish(50)
        #expect(try bench.run { mode == .memory || bench.producer.committed == 51 })
        try holder.deliver(10)
        // In flight as its holder died.
        holder.lease.table.begin(3, sequence: 12, attempt: 2)
        bench.publish(7)
        bench.committer.storeEverything()
        #expect(try bench.run { bench.committer.isFinished })
        #expect(bench.committer.hasStored && bench.committer.hasWorked && !bench.committer.hasRested)
        let checkpoint = try #require(try bench.checkpoint())
        #expect(checkpoint.isClean && checkpoint.head == 58 && checkpoint.spilled == 58)
        #expect(checkpoint.slots[0].shards[0].entries.map(\.sequence) == [12])
        #expect(try bench.parked(to: 58) == [11] + Array(13...57))
        #expect(checkpoint.ledgerSince == 5 && checkpoint.settings == [1, 2, 3])
        // Either of the two files is enough.
        _ = try File.remove("\(bench.disk.path)/checkpoint-\(checkpoint.counter & 1)")
        #expect(try bench.checkpoint()?.isClean == true && bench.parked(to: 58) == [11] + Array(13...57))
    }

    @Test("at the end a disk that has no room for a whole file takes what is undelivered in as much room as there is")
    func endWithLittleRoom() throws {
        let bench = try Bench(.memory)
        bench.publish(200)
        bench.disk.room = 30_000
        bench.committer.storeEverything()
        #expect(try bench.run { bench.committer.isFinished })
        #expect(bench.committer.hasStored)
        #expect(try bench.parked(to: 201) == Array(1...200))
    }

    @Test("what can't be stored at the end is told as a failure")
    func endFails() throws {
        let bench = try Bench(.memory)
        bench.publish(5)
        bench.disk.failure = .full
        bench.committer.storeEverything()
        for _ in 0..<20 where !bench.committer.isFinished {
            bench.time.pass(seconds: 1)
            _ = try bench.committer.step(until: 1)
        }
        #expect(bench.committer.isFinished && !bench.committer.hasWorked && !bench.committer.hasStored)
    }
}
