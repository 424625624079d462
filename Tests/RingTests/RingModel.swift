// SPDX-License-Identifier: Apache-2.0

@testable import Ring

/// What the ring is meant to be, as simply as it can be said: a list of records and a dictionary of outcomes.
///
/// The property test does everything to both and compares.
struct RingModel {
    struct Record {
        let body: String
        let mask: UInt64
    }

    private(set) var records: [Record] = []
    private(set) var unpublished: [Record] = []
    private(set) var outcomes: [Int: [UInt64: Outcome]] = [:]
    private(set) var refused: UInt64 = 0
    private(set) var unpublishedRefusals: UInt64 = 0

    var head: UInt64 { UInt64(records.count) + 1 }

    mutating func append(_ record: Record) { unpublished.append(record) }
    mutating func refuse() { unpublishedRefusals += 1 }
    mutating func publish() {
        records += unpublished
        refused += unpublishedRefusals
        dropUnpublished()
    }
    mutating func dropUnpublished() {
        unpublished = []
        unpublishedRefusals = 0
    }

    func record(_ sequence: UInt64) -> Record { records[Int(sequence) - 1] }
    func matches(_ sequence: UInt64, _ slot: Int) -> Bool { record(sequence).mask & 1 << UInt64(slot) != 0 }
    func matched(_ slot: Int) -> UInt64 { UInt64(records.filter { $0.mask & 1 << UInt64(slot) != 0 }.count) }
    func outcome(_ sequence: UInt64, _ slot: Int) -> Outcome { outcomes[slot]?[sequence] ?? .pending }
    mutating func settle(_ sequence: UInt64, _ slot: Int, _ outcome: Outcome) {
        outcomes[slot, default: [:]][sequence] = outcome
    }
    func count(_ slot: Int, _ outcome: Outcome) -> UInt64 {
        UInt64(outcomes[slot, default: [:]].values.filter { $0 == outcome }.count)
    }
}

/// A generator that gives the same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
