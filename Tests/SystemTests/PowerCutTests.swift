// SPDX-License-Identifier: Apache-2.0
/// The power-cut proof, on the real belfryd: a recorded life is cut at its writes, syncs and names, and whatever may be left
/// then is given to another belfryd. (SegmentsTests has the same within one process, for many more cuts.)
///
/// A few cuts at random; with BELFRY_POWER_CUTS, as `make power-cut` sets it, all of them. BELFRY_POWER_CUT_SEED repeats one.
/// Invariant: what a sender was told, and what a service got, was noted down by these alone.

import Foundation
import LinuxIO
import Testing

@Suite("Power cuts, of belfryd itself")
struct PowerCutTests {
    private static func number(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }

    @Test("after a cut at any moment the next start delivers all that was acked, whole, once, and its ledger balances")
    func cuts() throws {
        let seed = Self.number("BELFRY_POWER_CUT_SEED") ?? Int.random(in: 0..<1_000_000)
        var random = SeededGenerator(seed: UInt64(seed))
        let isLong = Self.number("BELFRY_POWER_CUTS") != nil
        let life = try RecordedLife(checkpoints: 8, using: &random)
        let entries = life.record.entries
        var disk = CutDisk()
        var chosen = Set(entries.indices)
        if !isLong { chosen = Set(entries.indices.shuffled(using: &random).prefix(24)) }
        var figures = Figures()
        for (index, entry) in entries.enumerated() {
            disk.apply(entry.change)
            guard chosen.contains(index) else { continue }
            let manner = CutDisk.Manner.allCases.randomElement(using: &random)!
            let cut = Cut(life: life, moment: entry.end, words: "seed \(seed), cut \(index), which \(manner)")
            try cut.check(figures: &figures) { try disk.lay(manner, into: $0, using: &random) }
        }
        try expectWhole(disk, life, &random)
        print("power cuts of belfryd: seed \(seed), writes and syncs \(entries.count), \(figures)")
        #expect(figures.owed > 0)
    }

    /// The record has everything: what it tells of at the end is what lies there.
    private func expectWhole(_ disk: CutDisk, _ life: RecordedLife, _ random: inout SeededGenerator) throws {
        let (left, laid) = (life.scratch.file("state/segments"), life.scratch.file("laid"))
        try LinuxIO.Directory.make(laid)
        try disk.lay(.keeps, into: laid, using: &random)
        let names = LinuxIO.Directory.names(left).sorted()
        #expect(LinuxIO.Directory.names(laid).sorted() == names && !names.isEmpty)
        for name in names {
            #expect(FileManager.default.contentsEqual(atPath: "\(left)/\(name)", andPath: "\(laid)/\(name)"), "\(name)")
        }
    }
}

private struct Figures: CustomStringConvertible {
    var cuts = 0
    var owed = 0
    var lost = 0
    var again = 0
    var torn = 0
    /// Of which nothing was acked, in the tail of the log.
    var beyond: UInt64 = 0

    var description: String {
        "cuts \(cuts), each with a start; deliveries owed \(owed), lost \(lost); delivered again \(again); of what was not acked "
            + "\(beyond) taken; torn ends cut \(torn)"
    }
}

/// What a cut has left, and a belfryd that goes on with it.
private struct Cut {
    let life: RecordedLife
    let moment: Int
    /// For whom wants to see it again.
    let words: String

    func check(figures: inout Figures, lay: (String) throws -> Void) throws {
        let scratch = try Scratch()
        let segments = scratch.file("state/segments")
        try LinuxIO.Directory.make(segments, mode: 0o700)
        try lay(segments)
        let broker = try Broker(
            scratch, services: RecordedLife.items(life.scratch, in: scratch), portOptions: RecordedLife.portOptions,
            settings: RecordedLife.settings)
        let next = try welcome(broker)
        let acked = life.acked(at: moment)
        #expect((acked...life.sent).contains(next), "\(words): acked \(acked), known \(next)")
        let ledger = try broker.ledger("\(words): nothing pending") { ledger in
            RecordedLife.services.allSatisfy { ledger.services[$0]?.pending == 0 }
        }
        #expect(ledger.intake.published == next && ledger.intake.routed == next, "\(words): \(ledger)")
        for service in RecordedLife.services {
            let line = try #require(ledger.services[service])
            #expect(line.matched == next && line.delivered == next && line.dropped == [:], "\(words): \(line)")
            checkAccount(service, upTo: next, in: scratch, &figures)
        }
        let hasCorrupt = LinuxIO.Directory.names(segments).contains { $0.hasSuffix(".corrupt") }
        #expect(acked == 0 || !hasCorrupt, "\(words): \(broker.program.errors)")
        try broker.stop()
        figures.cuts += 1
        figures.beyond += next - acked
        if broker.program.errors.contains("cut there, as after a power cut") { figures.torn += 1 }
    }

    private func checkAccount(_ service: String, upTo next: UInt64, in scratch: Scratch, _ figures: inout Figures) {
        let got = RecordedLife.account(service, in: scratch).map(\.0)
        let owed = life.owed(to: service, at: moment)
        #expect(!got.contains(0), "\(words): torn at \(service)")
        #expect(got.allSatisfy { $0 <= next }, "\(words): \(service) got what is not counted")
        #expect(owed.subtracting(got).isEmpty, "\(words): lost for \(service): \(owed.subtracting(got).sorted())")
        #expect(zip(got, got.dropFirst()).allSatisfy { $0 < $1 }, "\(words): \(service) got \(got)")
        figures.owed += owed.count
        figures.lost += owed.subtracting(got).count
        figures.again += Set(got).subtracting(owed).count
    }

    /// What the sender is told when it comes back: the last number that counts as accepted.
    private func welcome(_ broker: Broker) throws -> UInt64 {
        let client = try Client.tcp(broker.port)
        try client.send(Native.hello(RecordedLife.sender))
        return try client.read(atLeast: 20)[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
