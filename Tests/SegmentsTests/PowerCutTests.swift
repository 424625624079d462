// SPDX-License-Identifier: Apache-2.0
// The power-cut proof: whatever a cut leaves of the folder, recovery ends and keeps what was promised.
//
// A small committer writes; every prefix of what it did to the disk is cut, with what was not synced dropped, kept,
// reordered or torn by sectors. BELFRY_POWER_CUTS says how many lives are tried; `make power-cut` tries many.

import Foundation
import LinuxIO
import Ring
import Testing

@testable import Segments

@Suite("Power cuts")
struct PowerCutTests {
    static var lives: Int { ProcessInfo.processInfo.environment["BELFRY_POWER_CUTS"].flatMap(Int.init) ?? 1 }

    @Test("after any cut all that was acked is there, none of it torn, and the ledger balances", arguments: [0, 1])
    func everyPrefix(durability: UInt8) throws {
        let mode = try #require(Checkpoint.Mode(rawValue: durability))
        var figures = Figures()
        for life in 0..<Self.lives {
            var random = SmallGenerator(seed: UInt64(life) &* 2 &+ UInt64(durability) &+ 1)
            try live(mode, &random, &figures)
        }
        print("power cuts, \(mode) mode: \(figures)")
        #expect(figures.checked > 0 && figures.again > 0 && (mode == .memory || figures.reused > 0))
    }

    /// One life of a committer, and all the cuts that it might have met with.
    private func live(_ mode: Checkpoint.Mode, _ random: inout SmallGenerator, _ figures: inout Figures) throws {
        let committer = try SmallCommitter(mode)
        var promises = [Promise(committer)]
        for _ in 0..<60 {
            switch Int.random(in: 0..<16, using: &random) {
            case 0..<4: try committer.publish(Int.random(in: 1..<12, using: &random), using: &random)
            case 4..<13: for _ in 0..<3 { committer.deliver(using: &random) }
            case 13: try committer.spill(using: &random)
            case 14: try committer.writeCheckpoint()
            default: try committer.deleteFiles()
            }
            promises.append(Promise(committer))
        }
        figures.lives += 1
        figures.operations += committer.disk.operations.count
        figures.reused += committer.disk.operations.count { operation in
            if case .rename(_, let name, _) = operation { name.hasPrefix("log-") } else { false }
        }
        var cut = PowerCut()
        for (number, operation) in committer.disk.operations.enumerated() {
            cut.apply(operation)
            // The promise that was given last before it.
            let next = promises.firstIndex { $0.operations > number + 1 } ?? promises.count
            guard next > 0 else { continue }
            for manner in PowerCut.Manner.allCases {
                let world = World(
                    mode: mode, messages: committer.messages, promise: promises[next - 1],
                    words: "life \(figures.lives), cut \(number), which \(manner)")
                try world.check(cut.image(manner, using: &random), &random, &figures)
            }
        }
    }
}

/// What a life had promised when it had done so many operations.
struct Promise {
    let operations: Int
    let acked: UInt64
    let spilled: UInt64
    let settled: Set<[UInt64]>

    init(_ committer: SmallCommitter) {
        operations = committer.disk.operations.count
        acked = committer.acked
        spilled = committer.released
        settled = committer.settled
    }
}

struct Figures: CustomStringConvertible {
    var lives = 0
    var operations = 0
    /// Files of the log that were written over.
    var reused = 0
    var cuts = 0
    var recoveries = 0
    var checked = 0
    var lost = 0
    var again = 0
    var torn = 0

    var description: String {
        "lives \(lives), writes and syncs \(operations), files used again \(reused), cuts \(cuts), recoveries "
            + "\(recoveries); promised deliveries \(checked), lost \(lost); delivered twice \(again); torn ends cut \(torn)"
    }
}

/// splitmix64.
struct SmallGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

/// Looks at what recovery makes of what a cut has left.
struct World {
    let mode: Checkpoint.Mode
    let messages: [SmallCommitter.Message]
    let promise: Promise
    /// For whom wants to see it again.
    let words: String

    func check(_ image: [String: [UInt8]], _ random: inout SmallGenerator, _ figures: inout Figures) throws {
        figures.cuts += 1
        let disk = MemoryDisk(image)
        let found = try recover(disk, &figures)
        try check(found, on: disk, "", &figures)
        // The power may go while it recovers, too; and when it has, nothing is left to be recovered.
        var cut = PowerCut(image)
        let stop = Int.random(in: 0...disk.operations.count, using: &random)
        for operation in disk.operations[..<stop] { cut.apply(operation) }
        let other = MemoryDisk(cut.image(.tears, using: &random))
        try check(try recover(other, &figures), on: other, ", then in the recovery at \(stop)", &figures)
        let again = try recover(disk, &figures)
        #expect(again.next == found.next && again.pending == found.pending && again.incidents == [])
    }

    private func recover(_ disk: MemoryDisk, _ figures: inout Figures) throws -> RecoveredLog {
        figures.recoveries += 1
        return try Recovery.run(SegmentFolder(disk), mode: mode, now: 99, newLog: 8)
    }

    private func check(
        _ found: RecoveredLog, on disk: MemoryDisk, _ then: String, _ figures: inout Figures
    ) throws {
        // A folder that never held a checkpoint promised nothing.
        guard !found.isNew else { return #expect(promise.operations == 0) }
        if mode == .disk { #expect(found.next >= promise.acked && found.next <= UInt64(messages.count) + 1) }
        #expect(!found.incidents.contains { $0.kind == .corruption || $0.kind == .foreign })
        figures.torn += found.incidents.count { $0.kind == .tornTail }
        let promised = mode == .disk ? promise.acked : promise.spilled
        let parked = ParkedRecords(SegmentFolder(disk), logID: 7)
        for slot in found.checkpoint.slots {
            let waiting = try deliveries(slot, parked, words + then)
            for message in messages where message.sequence < promised && message.mask >> UInt64(slot.index) & 1 != 0 {
                let isSettled = promise.settled.contains([UInt64(slot.index), message.sequence])
                guard !isSettled else { continue }
                figures.checked += 1
                if !waiting.contains(message.sequence) { figures.lost += 1 }
                #expect(
                    waiting.contains(message.sequence),
                    "\(words)\(then): message \(message.sequence) of \(slot.slot.name) is lost")
            }
            figures.again += waiting.count { promise.settled.contains([UInt64(slot.index), $0]) }
            let matched = found.checkpoint.intake.matched[slot.index]
            let resolved = slot.shards.reduce(0) { $0 + $1.totals.reduce(0, +) }
            #expect(
                matched == resolved + UInt64(waiting.count),
                "\(words)\(then): the ledger of \(slot.slot.name): \(waiting.sorted()), \(slot)")
        }
        checkIntake(found)
    }

    /// What the slot's holders would hand out, each as it was published.
    private func deliveries(_ slot: Checkpoint.Slot, _ parked: ParkedRecords, _ words: String) throws -> Set<UInt64> {
        var waiting: Set<UInt64> = []
        for (number, shard) in slot.shards.enumerated() {
            var from = shard.parkedFrom
            loop: while from < shard.parkedTo {
                switch try parked.next(from: from, to: shard.parkedTo, bit: 1 << UInt64(slot.index)) {
                case .end: break loop
                case .damaged(let count, let next):
                    Issue.record("\(words): \(count) records are damaged")
                    from = next
                case .record(let header):
                    from = header.sequence + 1
                    guard slot.slot.shard(of: header) == number else { continue }
                    look(header, parked)
                    #expect(waiting.insert(header.sequence).inserted)
                }
            }
            for entry in shard.entries {
                let header = try #require(
                    try parked.record(at: entry.sequence), "\(words): \(entry) without its record")
                look(header, parked)
                #expect(waiting.insert(entry.sequence).inserted)
            }
        }
        return waiting
    }

    private func look(_ header: RecordHeader, _ parked: ParkedRecords) {
        let payload = parked.withPayload { [UInt8](copying: $0) }
        #expect(payload == messages[Int(header.sequence - 1)].body)
    }

    private func checkIntake(_ found: RecoveredLog) {
        let intake = found.checkpoint.intake
        #expect(intake.published == found.next - 1 && intake.published == intake.routed + intake.unrouted)
        // A number that counts as received is of a message that is there.
        for sender in found.checkpoint.senders { #expect(sender.last < found.next) }
        var last: [SenderID: UInt64] = [:]
        for message in messages[..<Int(found.next - 1)] {
            if let sender = message.sender { last[sender.id] = sender.number }
        }
        #expect(Dictionary(uniqueKeysWithValues: found.checkpoint.senders.map { ($0.id, $0.last) }) == last)
    }
}
