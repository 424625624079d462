// SPDX-License-Identifier: Apache-2.0
// What a checkpoint says is what the ledger says, at any moment.

import LinuxIO
import Ring
import Segments
import Testing

@testable import Storage

@Suite("Checkpoints") struct CheckpointTakingTests {
    /// Settles at random, with holes, and leaves some entries.
    private func stir(_ lease: ShardLease, to head: UInt64, _ random: inout Numbers) {
        let outcomes = [Outcome.delivered, .dead, .expired]
        var next = lease.floor
        while let sequence = lease.nextPending(from: next, to: head) {
            next = sequence + 1
            switch random.next(4) {
            case 0: break
            case 1: if lease.table[5] == nil { lease.table.begin(5, sequence: sequence, attempt: 3) }
            default: if lease.table[5]?.sequence != sequence { lease.settle(sequence, outcomes[random.next(3)]) }
            }
        }
        lease.raiseFloor(to: lease.nextPending(from: lease.floor, to: head) ?? head)
    }

    @Test("its counts are those of the ledger, and its runs say which records they are", arguments: 1...6)
    func counts(seed: UInt64) throws {
        let bench = try Bench(.memory, shards: 3)
        var random = Numbers(state: seed)
        let holders = try (0..<3).map { try Holder(bench, shard: $0) }
        for round in 1...10 {
            bench.publish(20)
            for holder in holders { stir(holder.lease, to: bench.producer.published, &random) }
            bench.time.pass(seconds: 2)
            _ = try bench.committer.step(until: 1)
            let checkpoint = try #require(try bench.checkpoint())
            let counts = try #require(try bench.ledger().service(at: 0)).counts
            let shards = checkpoint.slots[0].shards
            #expect(checkpoint.head == bench.producer.published && checkpoint.intake.published == UInt64(20 * round))
            for code in 1..<15 {
                let runs = shards.flatMap(\.runs).filter { Int($0.code) == code }.reduce(0) { $0 + $1.count }
                #expect(shards.reduce(runs) { $0 + $1.totals[code] } == counts.outcomes[code])
            }
            #expect(shards.flatMap(\.runs).filter { $0.code == 0 }.reduce(0) { $0 + $1.count } == counts.pending)
            for (shard, holder) in zip(shards, holders) {
                #expect(shard.floor == holder.lease.floor)
                #expect(shard.entries.map(\.sequence) == (holder.lease.table[5].map { [$0.sequence] } ?? []))
            }
        }
    }

    @Test("nothing is written while nothing changes")
    func unchanged() throws {
        let bench = try Bench(.disk)
        bench.publish(3)
        #expect(try bench.run { bench.producer.committed == 4 })
        for _ in 0..<3 {
            bench.time.pass(seconds: 10)
            _ = try bench.committer.step(until: 1)
        }
        let calls = bench.disk.calls
        let counter = try #require(try bench.checkpoint()).counter
        for _ in 0..<10 {
            bench.time.pass(seconds: 10)
            _ = try bench.committer.step(until: 1)
        }
        #expect(bench.disk.calls == calls)
        #expect(try bench.checkpoint()?.counter == counter)
    }

    @Test("log files go when two checkpoints say that nobody reads them, but for the one written to and room for one")
    func logFiles() throws {
        let bench = try Bench(.disk, arena: 1 << 20, fileSize: 1 << 15)
        let holder = try Holder(bench)
        for _ in 0..<8 {
            bench.publish(15, body: 1_000)
            _ = try bench.committer.step(until: 1)
        }
        #expect(bench.producer.committed == 121)
        #expect(bench.disk.names("log-").count > 4)
        try holder.deliver()
        for _ in 0..<3 {
            bench.time.pass(seconds: 1)
            _ = try bench.committer.step(until: 1)
        }
        let left = bench.disk.names("log-")
        #expect(left.count == 2)
        bench.publish(1)
        _ = try bench.committer.step(until: 1)
        #expect(bench.producer.committed == 122 && bench.disk.names("log-") == left)
    }
}

/// Numbers that a seed repeats.
struct Numbers {
    var state: UInt64

    mutating func next(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(limit))
    }
}
