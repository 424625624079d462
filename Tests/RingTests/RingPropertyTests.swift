// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Testing

@testable import Ring

/// Random interleavings of append, publish, deliver, settle, floor, crash and recover, held against `RingModel`
/// after every step. A failure names its seed.
@Suite struct RingPropertyTests {
    @Test("whatever happens in whatever order, the ring is what the model says", arguments: 1...40)
    func randomInterleavings(run: Int) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var history = try History(seed: seed)
        for step in 0..<600 {
            try history.step()
            if let fault = try history.fault() {
                Issue.record("seed \(seed), step \(step), after \(history.last): \(fault)")
                return
            }
        }
        if let fault = try history.finish() { Issue.record("seed \(seed), at the end: \(fault)") }
    }
}

private struct History {
    private static let slots = 3
    private let ring: TestRing
    private let ledger: RingLedger
    private var producer: RingProducer
    private var workers: [RingWorker]
    /// Leases by slot, one per shard.
    private var leases: [[ShardLease]] = []
    private let shards: [Int]
    private var model = RingModel()
    private var random: SeededGenerator
    private(set) var last = ""

    init(seed: UInt64) throws {
        random = SeededGenerator(seed: seed)
        ring = try TestRing(arena: 4_096, records: [16, 64].randomElement(using: &random)!)
        shards = [1, [1, 2, 5].randomElement(using: &random)!, [2, 3].randomElement(using: &random)!]
        for slot in 0..<Self.slots {
            ring.install(slot, shards: shards[slot], order: slot == 1 ? .source : .none, table: 8)
        }
        producer = try ring.producer()
        workers = [try ring.worker(), try ring.worker()]
        ledger = try ring.ledger()
        for slot in 0..<Self.slots {
            leases.append(try (0..<shards[slot]).map { [workers] in try workers[$0 % 2].lease(slot: slot, shard: $0) })
        }
    }

    mutating func step() throws {
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<7: append()
        case 7: refuse()
        case 8..<11: publish()
        case 11..<15: settle()
        case 15..<18: raiseFloor()
        case 18: try crashProducer()
        default: try crashHolder()
        }
    }

    private mutating func append() {
        last = "append"
        let body = String(repeating: "\(model.head)-", count: Int.random(in: 1...60, using: &random))
        let mask = UInt64.random(in: 0..<8, using: &random)
        let slots = (0..<3).filter { mask & 1 << UInt64($0) != 0 }
        let result = producer.append(body, for: slots) { [hash = model.head] in $0.sourceHash = UInt32(hash) &* 31 }
        if case .appended = result { model.append(.init(body: body, mask: mask)) }
    }

    private mutating func refuse() {
        last = "refuse"
        producer.refuse(2)
        model.refuse()
    }

    private mutating func publish() {
        last = "publish"
        producer.publish()
        model.publish()
    }

    private mutating func randomLease() -> (Int, Int) {
        let slot = Int.random(in: 0..<Self.slots, using: &random)
        return (slot, Int.random(in: 0..<shards[slot], using: &random))
    }

    private mutating func settle() {
        last = "settle"
        let (slot, shard) = randomLease()
        let lease = leases[slot][shard]
        guard let first = lease.nextPending(from: lease.floor, to: model.head) else { return }
        // Out of order, too: the second pending one before the first.
        let second = lease.nextPending(from: first + 1, to: model.head)
        let sequence = Bool.random(using: &random) ? first : second ?? first
        lease.table.begin(Int(sequence % 8), sequence: sequence, attempt: 1)
        let outcome = [Outcome.delivered, .expired, .dead].randomElement(using: &random)!
        if lease.settle(sequence, outcome) { model.settle(sequence, slot, outcome) }
        if Bool.random(using: &random) { lease.table.free(Int(sequence % 8)) }
    }

    private mutating func raiseFloor() {
        last = "raise the floor"
        let (slot, shard) = randomLease()
        let lease = leases[slot][shard]
        lease.raiseFloor(to: lease.nextPending(from: lease.floor, to: model.head) ?? model.head)
    }

    private mutating func crashProducer() throws {
        last = "crash of the producer"
        model.dropUnpublished()
        ring.supervisor.beginEpoch()
        producer = try ring.producer()
    }

    private mutating func crashHolder() throws {
        last = "crash of a holder"
        let (slot, shard) = randomLease()
        let index = Int.random(in: 0..<2, using: &random)
        workers[index] = try ring.worker()
        leases[slot][shard] = try workers[index].lease(slot: slot, shard: shard)
    }

    /// What is not as the model says, or nil.
    func fault() throws -> String? {
        let intake = ledger.intake()
        if ledger.head != model.head { return "head \(ledger.head), not \(model.head)" }
        if intake.refused(2) != model.refused { return "refused \(intake.refused(2)), not \(model.refused)" }
        for slot in 0..<Self.slots {
            guard let counts = try ledger.service(at: slot)?.counts else { return "slot \(slot) is gone" }
            if counts.matched != model.matched(slot) { return "slot \(slot): matched \(counts.matched)" }
            for outcome in Outcome.allCases where outcome != .pending && counts[outcome] != model.count(slot, outcome) {
                return "slot \(slot): \(outcome) \(counts[outcome]), not \(model.count(slot, outcome))"
            }
            for lease in leases[slot] { if let fault = fault(of: lease, slot) { return fault } }
        }
        return nil
    }

    /// Every pending record of a shard is found, unharmed, and lies at or above the floor.
    private func fault(of lease: ShardLease, _ slot: Int) -> String? {
        for sequence in lease.floor..<model.head where lease.holds(sequence) {
            if !model.matches(sequence, slot) { return "slot \(slot) holds \(sequence), which is not for it" }
            if lease.outcome(of: sequence) != model.outcome(sequence, slot) { return "outcome of \(sequence)" }
            if workers[0].body(sequence) != model.record(sequence).body { return "body of \(sequence)" }
        }
        return nil
    }

    /// Settles what is left: everything accepted must turn up once.
    mutating func finish() throws -> String? {
        publish()
        for slot in 0..<Self.slots {
            for lease in leases[slot] {
                while let sequence = lease.nextPending(from: lease.floor, to: model.head) {
                    guard lease.settle(sequence, .delivered) else { return "\(sequence) takes no outcome" }
                    model.settle(sequence, slot, .delivered)
                }
                lease.raiseFloor(to: model.head)
            }
            for sequence in 1..<model.head where model.matches(sequence, slot) {
                if model.outcome(sequence, slot) == .pending { return "slot \(slot): \(sequence) never turned up" }
            }
        }
        return try fault()
    }
}
