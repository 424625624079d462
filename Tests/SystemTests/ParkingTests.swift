// SPDX-License-Identifier: Apache-2.0
/// A service that is down, or lags, in front of a small ring: what it wants leaves the ring for the disk, and comes back in
/// its order.
/// Invariant of each test: nobody but the service itself waits for it, and it gets everything, once.

import Foundation
import LinuxIO
import Testing

@Suite("Parked records", .serialized)
struct ParkingTests {
    private static let total = 60_000
    /// Of the proof: `make parking` has two million.
    private static let proof = ProcessInfo.processInfo.environment["BELFRY_PARKED"].flatMap { Int($0) } ?? 200_000

    private let scratch: Scratch
    private let accounts: [Account]

    init() throws {
        scratch = try Scratch()
        let recorder = try Account.compile("recorder", in: scratch)
        let scratch = scratch
        accounts = try ["late", "prompt"].map { try Account($0, recorder: recorder, in: scratch) }
    }

    private func item(_ name: String, _ account: Account, order: String) -> String {
        [
            "- name: \(name)", "  topics: [\">\"]", "  command: [\(account.recorder), \(account.folder)]",
            "  mode: stream", "  order: \(order)",
        ].joined(separator: "\n")
    }

    /// Up as soon as there is a file `up`.
    private func downItem(_ account: Account) throws -> String {
        let script = try scratch.write(
            "late.sh",
            """
            #!/bin/sh
            [ -e '\(scratch.file("up"))' ] || exit 1
            exec \(account.recorder) \(account.folder)

            """, executable: true)
        return [
            "- name: late", "  topics: [\">\"]", "  command: [\(script)]", "  mode: stream", "  order: source",
            "  instances: 2",
        ].joined(separator: "\n")
    }

    private func broker(order: String = "all") throws -> Broker {
        let items = [item("late", accounts[0], order: order), item("prompt", accounts[1], order: "all")]
        return try Broker(scratch, services: items, settings: "ring: { size: 4MiB }\nworkers: { count: 2 }")
    }

    private func send(_ broker: Broker, sender: Int = 0, from first: Int = 0, _ count: Int = total) throws {
        let lines = (first..<first + count).map { "\(sender) \($0)\n" }.joined()
        let sent = try Program(
            Executables.belfry, ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "a", "--lines", "-"],
            in: scratch, input: Array(lines.utf8))
        let result = try sent.wait(until: .after(.seconds(120)))
        #expect(result.succeeded, "\(result.errors)")
    }

    private func expectAll(of account: Account, _ count: Int = total) throws {
        let verdict = try account.judge(sent: [UInt64(count)])
        #expect(verdict.senders.map(\.arrived) == [UInt64(count)])
        #expect(verdict.senders.map(\.disordered) == [0])
        #expect(verdict.senders.map(\.twice) == [0])
        #expect(verdict.foreign == 0)
    }

    private func delivered(_ service: String, _ broker: Broker, _ count: Int = total) throws {
        _ = try broker.ledger("\(service) got all", until: .after(.seconds(120))) {
            $0.services[service]?.delivered == UInt64(count)
        }
    }

    @Test("a ring that gets tight while a new belfryd fails to take over is parked behind that")
    func failedHandOver() throws {
        let broker = try Broker(
            scratch, services: [item("late", accounts[0], order: "all")], settings: "ring: { size: 4MiB }",
            environment: FaultMark.environment(.takeOverStarted, passing: 1, stops: true, in: scratch),
            executable: Executables.builtBelfryd)
        #expect(try broker.belfry(["pause", "late"]).succeeded)
        let restart = try Program(Executables.belfry, ["--control", broker.control, "restart"], in: scratch)
        _ = try scratch.poll("the new acceptor to stand still") { FaultMark(scratch: scratch).isThere ? true : nil }
        // Returns when all of it is accepted, for which most of it must have left the ring.
        try send(broker)
        #expect(try !restart.wait().succeeded)
        #expect(try broker.belfry(["resume", "late"]).succeeded)
        try delivered("late", broker)
        try expectAll(of: accounts[0])
        try broker.stop()
    }

    @Test("a service that is stopped holds up neither the intake nor another service, and gets all in order later")
    func stopped() throws {
        let broker = try broker()
        #expect(try broker.belfry(["pause", "late"]).succeeded)
        try send(broker)
        try delivered("prompt", broker)
        let ledger = try broker.ledger()
        #expect(ledger.intake.published == UInt64(Self.total) && ledger.intake.refused.isEmpty)
        #expect(ledger.services["late"]?.pending == UInt64(Self.total))
        #expect(!Roles.pids("committer", of: broker).isEmpty)
        #expect(try broker.belfry(["resume", "late"]).succeeded)
        try delivered("late", broker)
        try broker.stop()
        for account in accounts { try expectAll(of: account) }
    }

    @Test("a killed committer, worker or acceptor loses nothing of it", arguments: ["committer", "worker", "acceptor"])
    func killed(_ role: String) throws {
        let broker = try broker()
        #expect(try broker.belfry(["pause", "late"]).succeeded)
        try send(broker, Self.total / 2)
        try Roles.killAndReplace(role, of: broker)
        try send(broker, from: Self.total / 2, Self.total / 2)
        #expect(try broker.belfry(["resume", "late"]).succeeded)
        _ = try broker.service("late", "half of it") { $0.delivered > UInt64(Self.total / 2) }
        if !Roles.pids(role, of: broker).isEmpty { Roles.signal(Signal.kill, role, of: broker) }
        try delivered("late", broker)
        try delivered("prompt", broker)
        try broker.stop()
        for account in accounts {
            let verdict = try account.judge(sent: [UInt64(Self.total)])
            #expect(verdict.senders.map(\.arrived) == [UInt64(Self.total)])
            #expect(verdict.foreign == 0)
        }
    }

    @Test("a service that is down while far more comes than the ring holds gets all of it in order once it is up")
    func down() throws {
        let senders = 4
        let each = Self.proof / senders
        let broker = try Broker(
            scratch, services: [try downItem(accounts[0])], settings: "ring: { size: 4MiB }\nworkers: { count: 2 }")
        let clock = ContinuousClock()
        let taking = try clock.measure {
            let programs = try (0..<senders).map { sender in
                let lines = (0..<each).map { "\(sender) \($0)\n" }.joined()
                let words = ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "load.\(sender)", "--lines", "-"]
                return try Program(Executables.belfry, words, in: scratch, input: Array(lines.utf8))
            }
            for program in programs { #expect(try program.wait(until: .after(.seconds(300))).succeeded) }
        }
        let ledger = try broker.ledger()
        #expect(ledger.intake.published == UInt64(each * senders) && ledger.intake.refused.isEmpty)
        let parked = try #require(ledger.services["late"]?.parked)
        #expect(parked > UInt64(each * senders) / 2)
        try scratch.write("up", "")
        let delivering = try clock.measure {
            #expect(try broker.belfry(["retry", "late"]).succeeded)
            _ = try broker.ledger("all delivered", until: .after(.seconds(300))) {
                $0.services["late"]?.delivered == UInt64(each * senders)
            }
        }
        try broker.stop()
        let verdict = try accounts[0].judge(sent: Array(repeating: UInt64(each), count: senders))
        #expect(verdict.senders.map(\.arrived) == Array(repeating: UInt64(each), count: senders))
        #expect(verdict.senders.allSatisfy { $0.disordered == 0 && $0.twice == 0 } && verdict.foreign == 0)
        print("\(each * senders) notifications: taken in \(taking), \(parked) parked; delivered in \(delivering)")
    }

    @Test("the committer leaves when nothing is parked any more, and its files with it")
    func leaves() throws {
        let broker = try broker()
        #expect(try broker.belfry(["pause", "late"]).succeeded)
        try send(broker)
        #expect(try broker.belfry(["resume", "late"]).succeeded)
        try delivered("late", broker)
        _ =
            try scratch.poll("its end", until: .after(.seconds(60))) {
                Roles.pids("committer", of: broker).isEmpty ? true : nil
            } as Bool
        let left = Directory.names(scratch.file("state/segments")).filter { $0.hasPrefix("parked") }
        #expect(left == [])
        try broker.stop()
    }
}
