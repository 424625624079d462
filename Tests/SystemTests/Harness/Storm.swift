// SPDX-License-Identifier: Apache-2.0
/// A broker whose settings change at random while several senders go on sending numbered notifications. Used by
/// SettingsStormTests, which judges what became of them.
/// Invariant: after each change the ledger balances, no service's totals have fallen, and the broker runs what the file
/// says.

import Foundation
import LinuxIO
import Testing

final class Storm {
    /// So many senders at a time, four topics and so many notifications a second each (Tests/Tools/steady.c).
    static let senders = 4
    static let rate = 500

    let seed: UInt64
    let scratch: Scratch
    let broker: Broker
    private(set) var settings: StormSettings
    /// How many each sender has had accepted, of each of its three streams.
    private(set) var sent: [UInt64] = []
    private(set) var workerKills: UInt64 = 0
    private(set) var acceptorKills: UInt64 = 0
    private(set) var changes = 0
    private(set) var slowest = Duration.zero

    private var chance: SeededGenerator
    private let steady: String
    private var programs: [Program] = []
    private var seen: [String: Ledger.Service] = [:]

    init(seed: UInt64) throws {
        self.seed = seed
        chance = SeededGenerator(seed: seed)
        scratch = try Scratch()
        settings = try StormSettings(in: scratch)
        steady = try Account.compile("steady", in: scratch)
        broker = try Broker(scratch, services: settings.items, settings: settings.rest)
        settings.wasApplied()
    }

    /// Lets go so many changes under the senders; in the rough, processes of the broker are killed meanwhile.
    func blow(changes count: Int, rough: Bool) throws {
        let first = sent.count / 3
        programs = try (first..<first + Self.senders).map {
            try Program(steady, ["127.0.0.1", "\(broker.port)", "\($0)", "\(Self.rate)"], in: scratch)
        }
        _ = try broker.ledger("the first notifications") { $0.intake.published > 100 }
        for _ in 0..<count {
            changes += 1
            settings.change(by: &chance)
            try spoil()
            try apply(killing: rough && Bool.random(using: &chance))
            try look()
        }
        try settle()
    }

    /// The senders end, everybody is there again, and everything is delivered.
    private func settle() throws {
        for program in programs { program.signal(Signal.terminate) }
        for program in programs {
            let result = try program.wait()
            #expect(result.succeeded, "\(result.errors)")
            sent += result.output.split(whereSeparator: \.isWhitespace).compactMap { UInt64($0) }
        }
        settings.gather()
        try apply(killing: false)
        try rest()
        try look()
    }

    /// Everything is delivered: on a slow machine the senders are far ahead of that, so each step has a deadline of its own.
    private func rest() throws {
        func pending(_ ledger: Ledger) -> UInt64 { ledger.services.values.reduce(0) { $0 + $1.pending } }
        var left = UInt64.max
        while left > 0 { left = pending(try broker.ledger("more to be delivered") { pending($0) < left }) }
    }

    /// Now and then something else comes before the change: a bad file, SIGHUP, another number of workers, a pause.
    private func spoil() throws {
        switch Int.random(in: 0..<10, using: &chance) {
        case 0:
            try scratch.write("belfry.yaml", "workers: { count: none }\nservices: [{ name: bad }]\n")
            let refused = try broker.belfry(["reload"])
            #expect(!refused.succeeded)
            #expect((refused.output + refused.errors).contains("workers.count"))
        case 1:
            try settings.write(in: scratch)
            broker.program.signal(Signal.hangup)
        case 2:
            let count = Int.random(in: 1...6, using: &chance)
            let changed = try broker.belfry(["workers", "\(count)"])
            #expect(changed.succeeded, "\(changed)")
            #expect(try broker.status().workers.count == count)
        case 3: try pause()
        default: break
        }
    }

    /// A service rests while shards move from worker to worker.
    private func pause() throws {
        guard let name = settings.services.compactMap(\.knownAs).randomElement(using: &chance) else { return }
        for words in [["pause", name], ["workers", "1"], ["workers", "3"], ["retry", name], ["resume", name]] {
            let done = try broker.belfry(words)
            #expect(done.succeeded, "\(words): \(done)")
        }
    }

    private func apply(killing: Bool) throws {
        try settings.write(in: scratch)
        let begin = ContinuousClock.now
        let reload = try Program(Executables.belfry, ["--control", broker.control, "reload"], in: scratch)
        if killing {
            // Some time into the change, wherever it may be by then.
            _ = try Deadline.after(.milliseconds(Int.random(in: 0...40, using: &chance))).wait(on: reload.raw)
            kill()
        }
        let result = try reload.wait()
        guard result.succeeded else { throw Refused(result: result) }
        slowest = max(slowest, ContinuousClock.now - begin)
        settings.wasApplied()
    }

    struct Refused: Error { let result: Program.Result }

    private func kill() {
        let round = Int.random(in: 0..<6, using: &chance)
        if Int.random(in: 0..<3, using: &chance) == 0 {
            if Roles.signal(Signal.kill, "acceptor", of: broker) { acceptorKills += 1 }
        } else if Roles.signal(Signal.kill, "worker", of: broker, round: round) {
            workerKills += 1
        }
    }

    private func look() throws {
        let status = try broker.status()
        let names = settings.services.filter(\.isThere).map(\.name)
        #expect(status.workers.count == settings.workers)
        #expect(Set(names).subtracting(status.services.map(\.name)) == [])
        let ledger = try broker.ledger()
        for service in settings.services where service.isThere {
            guard let now = ledger.services[service.name] else { throw Missing(service: service.name) }
            if let before = seen[service.account.folder] {
                #expect(now.matched >= before.matched, "\(service.name), change \(changes)")
                #expect(now.delivered >= before.delivered, "\(service.name), change \(changes)")
            }
            seen[service.account.folder] = now
        }
    }

    struct Missing: Error { let service: String }
}
