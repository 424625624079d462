// SPDX-License-Identifier: Apache-2.0
/// One belfryd after another on the same state folder: what is undelivered at an end, in order or by kill -9, goes on with
/// the next start, as docs/operations.md promises for each durability.
/// Invariant of each test: the ledger balances over both, and what was accepted is counted.

import Foundation
import LinuxIO
import Testing

@Suite("Restarts", .serialized)
struct RestartTests {
    private static let count = 3_000

    private let scratch: Scratch
    private let recorder: Recorder

    init() throws {
        scratch = try Scratch()
        recorder = try Recorder.stream("late", in: scratch)
    }

    private func start(_ durability: String, services: [String]? = nil) throws -> Broker {
        try Broker(
            scratch, services: services ?? [recorder.service("\">\"", "order: all")],
            portOptions: ", max-message: 256KiB",
            settings: "ring: { size: 1MiB, durability: \(durability) }")
    }

    /// Sends numbered lines, each acked.
    private func send(_ broker: Broker, from first: Int, _ count: Int) throws {
        let lines = (first..<first + count).map { "\($0)\n" }.joined()
        let sent = try scratch.run(
            Executables.belfry, ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "a", "--lines", "-"],
            input: lines)
        #expect(sent.succeeded, "\(sent.errors)")
    }

    private func kill(_ broker: Broker) throws {
        broker.program.signal(Signal.kill)
        _ = try broker.program.wait()
    }

    private func expectAll(twice: Int = 0) throws {
        let bodies = try recorder.wait(for: Self.count, until: .after(.seconds(60))).map(\.text)
        #expect(Set(bodies) == Set((0..<Self.count).map(String.init)))
        #expect(bodies.count <= Self.count + twice)
        if twice == 0 { #expect(bodies == (0..<Self.count).map(String.init), "the order") }
    }

    @Test("what is undelivered at the end goes on with the next start, in order", arguments: ["memory", "disk"])
    func goesOn(_ durability: String) throws {
        let first = try start(durability)
        #expect(try first.belfry(["pause", "late"]).succeeded)
        try send(first, from: 0, Self.count / 2)
        let since = try first.belfry(["ledger", "--json"]).output.prefix(50)
        try first.stop()
        #expect(first.program.errors.contains("nothing lost: \(Self.count / 2) kept for the next start"))
        let second = try start(durability)
        #expect(second.program.errors.contains("\(Self.count / 2) undelivered messages go on"))
        try send(second, from: Self.count / 2, Self.count - Self.count / 2)
        let ledger = try second.ledger("all of it") { $0.services["late"]?.delivered == UInt64(Self.count) }
        #expect(ledger.intake.published == UInt64(Self.count) && ledger.services["late"]?.dropped == [:])
        // It counts since when the log began.
        #expect(try second.belfry(["ledger", "--json"]).output.prefix(50) == since)
        try second.stop()
        try expectAll()
    }

    @Test("with durability disk a kill of the supervisor takes nothing that was acked")
    func killedDisk() throws {
        let first = try start("disk")
        #expect(try first.belfry(["pause", "late"]).succeeded)
        try send(first, from: 0, Self.count / 2)
        try kill(first)
        let second = try start("disk")
        try send(second, from: Self.count / 2, Self.count / 2)
        _ = try second.ledger("half of it") { ($0.services["late"]?.delivered ?? 0) > UInt64(Self.count / 2) }
        try kill(second)
        let third = try start("disk")
        let ledger = try third.ledger("all of it") { $0.services["late"]?.pending == 0 }
        #expect(ledger.intake.published == UInt64(Self.count) && ledger.services["late"]?.dropped == [:])
        #expect(ledger.services["late"]?.delivered == UInt64(Self.count))
        try third.stop()
        try expectAll(twice: Self.count)
    }

    @Test("with durability memory it takes what was in the ring alone, and belfryd says so")
    func killedMemory() throws {
        let first = try start("memory")
        #expect(try first.belfry(["pause", "late"]).succeeded)
        try send(first, from: 0, 10)
        try kill(first)
        let second = try start("memory")
        #expect(second.program.errors.contains("is gone and in no ledger (ring.durability: memory)"))
        #expect(try second.ledger().intake.published == 0)
        try second.stop()
    }

    @Test("what waits for a service that is gone from the settings is delivered under its last definition")
    func removed() throws {
        let first = try start("memory")
        #expect(try first.belfry(["pause", "late"]).succeeded)
        try send(first, from: 0, Self.count)
        try first.stop()
        let second = try start("disk", services: [])
        let ledger = try second.ledger("all of it") { $0.services["late"]?.delivered == UInt64(Self.count) }
        #expect(ledger.services["late"]?.matched == UInt64(Self.count))
        try second.stop()
        try expectAll()
    }
}
