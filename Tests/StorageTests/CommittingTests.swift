// SPDX-License-Identifier: Apache-2.0
// Disk mode: what is published reaches the log before it counts as committed, whatever the disk does meanwhile.

import LinuxIO
import Ring
import Testing

@testable import Segments
@testable import Storage

@Suite("The commit log") struct CommittingTests {
    /// All records of the log, by the rule that a file ends where the next one begins.
    private func log(_ bench: Bench) throws -> [(sequence: UInt64, body: [UInt8])] {
        var found: [(UInt64, [UInt8])] = []
        let names = try bench.disk.folder.files(.log)
        for (number, name) in names.enumerated() {
            let end = number + 1 < names.count ? names[number + 1].first : .max
            let reader = try SegmentReader(name, in: bench.disk.folder, logID: 0xBE1F)
            var position = 0
            while case .head(let head) = try reader.look(at: position) {
                position = head.next
                guard head.kind == .records else { continue }
                let batch = try LoadedBatch(head, from: reader)
                var next = head.range.lowerBound
                while let record = batch.next(from: next, bits: nil), record.header.sequence < end {
                    next = record.header.sequence + 1
                    let body = record.header.body
                    found.append(
                        (record.header.sequence, batch.withPayload(of: record) { bytes in body.map { bytes[$0] } }))
                }
            }
        }
        return found
    }

    private func expectLog(_ bench: Bench, _ sequences: ClosedRange<UInt64>, size: Int = 32) throws {
        let log = try log(bench)
        #expect(log.map(\.sequence) == Array(sequences))
        #expect(log.allSatisfy { $0.body == Bench.body($0.sequence, size) })
    }

    @Test("what is published is in the log before it is committed, and only then read by workers")
    func commits() throws {
        let bench = try Bench(.disk)
        let worker = try bench.worker()
        bench.publish(20)
        #expect(worker.head == 1)
        #expect(try bench.run { bench.producer.committed == 21 })
        #expect(worker.head == 21)
        try expectLog(bench, 1...20)
        bench.publish(5)
        #expect(try bench.run { bench.producer.committed == 26 })
        try expectLog(bench, 1...25)
    }

    @Test("a disk that fails commits nothing; what it did not take is written again into a new file")
    func failures() throws {
        let bench = try Bench(.disk)
        bench.publish(3)
        #expect(try bench.run { bench.producer.committed == 4 })
        bench.disk.failure = .broken
        // The batch is written, the sync fails.
        bench.disk.spared = 1
        bench.publish(4)
        _ = try bench.committer.step(until: 1)
        #expect(bench.producer.committed == 4)
        #expect(bench.messages().contains { $0.contains("nothing is accepted until it can be written") })
        bench.disk.failure = nil
        #expect(try bench.run { bench.producer.committed == 8 })
        try expectLog(bench, 1...7)
        #expect(bench.disk.names("log-").count == 2)
        #expect(bench.messages() == ["trouble(\"\")"])
    }

    @Test("wherever the disk fails on the way, the log ends up whole", arguments: 0..<24)
    func everyCall(spared: Int) throws {
        let bench = try Bench(.disk, arena: 1 << 20, fileSize: 1 << 14)
        bench.disk.failure = .broken
        bench.disk.spared = spared
        bench.publish(30, body: 1_000)
        for _ in 0..<5 { _ = try bench.committer.step(until: 1) }
        bench.disk.failure = nil
        try bench.replaceCommitter()
        #expect(try bench.run { bench.producer.committed == 31 })
        try expectLog(bench, 1...30, size: 1_000)
    }

    @Test("a successor goes on where its predecessor died, whatever that had written")
    func successor() throws {
        let bench = try Bench(.disk)
        bench.publish(3)
        #expect(try bench.run { bench.producer.committed == 4 })
        bench.publish(3)
        try bench.replaceCommitter()
        #expect(try bench.run { bench.producer.committed == 7 })
        try bench.replaceCommitter()
        bench.publish(1)
        #expect(try bench.run { bench.producer.committed == 8 })
        try expectLog(bench, 1...7)
    }

    @Test("new slots stand in a checkpoint and in the log before the first record that uses them")
    func slots() throws {
        let bench = try Bench(.disk)
        bench.publish(2)
        #expect(try bench.run { bench.producer.committed == 3 })
        bench.supervisor.install(Bench.slot("audit", since: 3, tableStart: 8), at: 1)
        bench.publish(2, mask: 3)
        #expect(try bench.run { bench.producer.committed == 5 })
        let slots = try #require(try bench.checkpoint()).slots
        #expect(slots.map(\.slot.name) == ["alerts", "audit"])
        #expect(slots[1].slot.since == 3)
    }

    @Test("no checkpoint is written between the end of a slot and the account of what it had counted")
    func freedSlot() throws {
        let bench = try Bench(.disk)
        bench.supervisor.install(Bench.slot("audit", since: 1, tableStart: 8), at: 1)
        bench.publish(2)
        #expect(try bench.run { bench.producer.committed == 3 })
        bench.supervisor.free(slot: 1)
        bench.publish(1)
        #expect(try !bench.run(rounds: 20) { bench.producer.committed == 4 })
        #expect(try bench.checkpoint()?.slots.map(\.slot.name) == ["alerts", "audit"])
        var account = SupervisorAccount(ledgerSince: 5)
        account.slotsFreed = 1
        account.past = [Checkpoint.PastAccount(name: "audit")]
        bench.committer.takeOver(account)
        bench.time.pass(seconds: 1)
        #expect(try bench.run { bench.producer.committed == 4 })
        let checkpoint = try #require(try bench.checkpoint())
        #expect(checkpoint.slots.map(\.slot.name) == ["alerts"] && checkpoint.past.map(\.name) == ["audit"])
    }

    @Test("a checkpoint names no sender's number that is not committed, and counts no such record")
    func uncommitted() throws {
        let bench = try Bench(.disk)
        let sender = try #require(bench.producer.hold(SenderID(high: 1, low: 2)))
        bench.publish(2, sender: sender, number: 7)
        #expect(try bench.run { bench.producer.committed == 3 })
        bench.publish(3, sender: sender, number: 9)
        bench.publishReplay()
        bench.supervisor.install(Bench.slot("audit", since: 7, tableStart: 8), at: 1)
        // The checkpoint for the new slot comes before the commit.
        bench.disk.failure = .full
        bench.disk.spared = 5
        _ = try bench.committer.step(until: 1)
        #expect(bench.producer.committed == 3)
        let checkpoint = try #require(try bench.checkpoint())
        #expect(checkpoint.slots.count == 2)
        #expect(checkpoint.head == 3 && checkpoint.intake.published == 2 && checkpoint.intake.matched[0] == 2)
        #expect(checkpoint.intake.replayed == 0)
        #expect(checkpoint.senders.map(\.last) == [8])
    }
}
