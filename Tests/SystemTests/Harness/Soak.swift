// SPDX-License-Identifier: Apache-2.0
/// A broker under a mixed load, to which everything happens that may happen to one: its processes are killed and stopped,
/// its services crash, hang and lose their programs, its settings are reloaded. Used by SoakTests, which judges what
/// became of the notifications.
/// Invariant: behind each disturbance a notification passes from end to end before the next one begins; and what is
/// counted as a death here was one.

import LinuxIO
import Testing

final class Soak {
    enum Disturbance: String, CaseIterable {
        case acceptorKilled, workerKilled, acceptorStopped, workerStopped
        case serviceKilled, serviceHung, programTakenAway, reload, pause
    }

    /// What happens at random, some of it more often.
    private static let menu: [Disturbance] =
        Array(repeating: .acceptorKilled, count: 5) + Array(repeating: .workerKilled, count: 5)
        + Array(repeating: .serviceKilled, count: 4) + Array(repeating: .reload, count: 3)
        + [.serviceHung, .programTakenAway, .pause]
    /// What takes long: seldom, but once at least.
    private static let slow: [Disturbance] = [.workerStopped, .acceptorStopped]

    let seed: UInt64
    let scratch: Scratch
    let sockets: HandedOver
    let broker: Broker
    private(set) var services: [SoakService]
    private(set) var probe: Probe
    private(set) var recoveries = RecoveryTimes()
    private(set) var done: [Disturbance: Int] = [:]

    /// As the ledger said it last.
    private var published: UInt64 = 0
    private var chance: SeededGenerator
    private var workers = 2
    /// How long the program of `frail` stays away: the ring must be able to hold what waits for it.
    private var awayUntil: Deadline?

    /// - Parameter fault: where a process of the broker is to die, and at which passing; for a debug build alone.
    init(seed: UInt64, fault: (point: FaultPoint, passing: Int)? = nil) throws {
        self.seed = seed
        chance = SeededGenerator(seed: seed)
        scratch = try Scratch()
        sockets = try HandedOver.make()
        probe = try Probe(in: scratch)
        let recorder = try Account.compile("recorder", in: scratch)
        services = try Self.services(recorder, in: scratch)
        broker = try Broker(
            scratch, services: services.map(\.item) + [probe.item], settings: Self.rest(workers: 2),
            environment: fault.map { [scratch] in FaultMark.environment($0.point, passing: $0.passing, in: scratch) }
                ?? [],
            sockets: sockets, executable: fault == nil ? Executables.belfryd : Executables.builtBelfryd)
    }

    private static func services(_ recorder: String, in scratch: Scratch) throws -> [SoakService] {
        func service(
            _ name: String, _ manner: SoakService.Manner, _ wish: SoakService.Wish, _ order: String, shards: Int,
            open: Int
        ) throws -> SoakService {
            try SoakService(
                name, manner, wish, order: order, shards: shards, open: open, recorder: recorder, in: scratch)
        }
        return try [
            service("archive", .lines, .all, "source", shards: 2, open: 128),
            service("mirror", .frames, .all, "none", shards: 2, open: 256),
            service("page", .exec, .slow, "none", shards: 2, open: 2),
            service("frail", .lines, .load, "all", shards: 1, open: 32),
            service("guest", .frames, .all, "topic", shards: 3, open: 64),
        ]
    }

    private static func rest(workers: Int) -> String {
        "workers: { count: \(workers), stuck-after: 3s }\nring: { size: 64MiB }\nshutdown: { grace: 30s }"
    }

    // MARK: the run

    /// Disturbs until the time is over, and all that is slow has happened.
    func run(for duration: Duration) throws -> SoakSenders.Sent {
        let senders = try SoakSenders(broker.port, rate: 2000, in: scratch)
        try pass()
        let end = Deadline.after(duration)
        while !end.passed {
            let menu = Int.random(in: 0..<40, using: &chance) == 0 ? Self.slow : Self.menu
            try disturb(menu.randomElement(using: &chance)!)
            if awayUntil?.passed == true { try giveBack() }
            _ = try Deadline.after(.milliseconds(Int.random(in: 0...60, using: &chance))).wait(on: broker.program.raw)
        }
        for disturbance in Self.slow where done[disturbance] == nil { try disturb(disturbance) }
        return try settle(senders)
    }

    /// Goes on until a process has died at its fault point.
    func run(until mark: FaultMark, of role: String) throws -> SoakSenders.Sent {
        let senders = try SoakSenders(broker.port, rate: 100, in: scratch)
        let deadline = Deadline.after(.seconds(60))
        var round = 0
        repeat {
            guard !deadline.passed else { throw TimedOut("the fault point to be reached") }
            try disturb([.reload, .serviceKilled, .pause][round % 3])
            round += 1
        } while !mark.isThere
        if role == "worker" { workerDied() }
        try pass()
        return try settle(senders)
    }

    private func settle(_ senders: SoakSenders) throws -> SoakSenders.Sent {
        try giveBack()
        for index in services.indices { services[index].isThere = true }
        try reload()
        let sent = try senders.finish()
        _ = try scratch.poll("the datagrams to be read") { sockets.hasWaiting ? nil : true }
        // Behind this one the acceptor has published all that it had read before.
        try pass()
        _ = try broker.ledger("all delivered", until: .after(.seconds(90))) { ledger in
            ledger.services.values.allSatisfy { $0.pending == 0 }
        }
        return sent
    }

    private func disturb(_ disturbance: Disturbance) throws {
        let isDone =
            switch disturbance {
            case .acceptorKilled: try killAcceptor()
            case .workerKilled: try killWorker()
            case .acceptorStopped: try stop("acceptor")
            case .workerStopped: try stop("worker")
            case .serviceKilled: try killService()
            case .serviceHung: hang()
            case .programTakenAway: try takeAway()
            case .reload: try change()
            case .pause: try pause()
            }
        if isDone { done[disturbance, default: 0] += 1 }
        try look(behind: disturbance)
    }

    /// What was once accepted stays so.
    private func look(behind disturbance: Disturbance) throws {
        let now = try broker.ledger().intake.published
        guard now >= published else { throw Fell(disturbance: disturbance, from: published, to: now) }
        published = now
    }

    struct Fell: Error {
        let disturbance: Disturbance
        let from: UInt64
        let to: UInt64
    }

    // MARK: the broker's own processes

    private func killAcceptor() throws -> Bool {
        // Now and then a worker dies at the same moment.
        if Int.random(in: 0..<4, using: &chance) == 0, Roles.signal(Signal.kill, "worker", of: broker) {
            workerDied()
        }
        guard let pid = Roles.pids("acceptor", of: broker).first else { return false }
        return try measure("acceptor") { try kill(pid) }
    }

    /// The one that serves the probe.
    private func killWorker() throws -> Bool {
        guard let index = try Services(asking: broker)["probe"]?.workers.first,
            let pid = try broker.status().workers.first(where: { $0.index == index })?.pid
        else { return false }
        return try measure("worker") {
            let since = try kill(pid)
            if since != nil { workerDied() }
            return since
        }
    }

    private func workerDied() { for index in services.indices { services[index].deaths += 1 } }

    /// - Returns: when the signal was sent; the process is dead then. Nil if it was gone already.
    private func kill(_ pid: CInt) throws -> UInt64? {
        guard let process = try? ProcessDescriptor(pid: pid), LeftOver.command(pid).contains("belfryd ") else {
            return nil
        }
        let since = Clock.monotonic()
        guard process.send(Signal.kill) else { return nil }
        guard try Deadline.after().wait(on: process.raw) else { throw TimedOut("the death of \(pid)") }
        return since
    }

    private func measure(_ role: String, _ kill: () throws -> UInt64?) throws -> Bool {
        guard let since = try kill() else { return false }
        recoveries.note(role, nanoseconds: try pass() &- since)
        return true
    }

    /// One that does not move any more is killed by the supervisor.
    private func stop(_ role: String) throws -> Bool {
        guard let pid = Roles.pids(role, of: broker).first, let process = try? ProcessDescriptor(pid: pid),
            process.send(Signal.stop)
        else { return false }
        if role == "worker" { workerDied() }
        guard try Deadline.after().wait(on: process.raw) else { throw TimedOut("the end of the stopped \(role)") }
        _ = try pass()
        return true
    }

    /// - Returns: when the probe was delivered.
    @discardableResult
    private func pass() throws -> UInt64 { try probe.pass(broker.port, until: .after()).delivered }

    // MARK: services

    private func killService() throws -> Bool {
        let index = Int.random(in: services.indices, using: &chance)
        return services[index].signal(Signal.kill)
    }

    /// `frail` hangs until Belfry has had enough.
    private func hang() -> Bool { services[frail].signal(Signal.stop) }

    private func takeAway() throws -> Bool {
        guard awayUntil == nil else { return false }
        try services[frail].takeAway(true)
        awayUntil = .after(.seconds(3))
        _ = services[frail].signal(Signal.kill)
        return true
    }

    private func giveBack() throws {
        guard awayUntil != nil else { return }
        try services[frail].takeAway(false)
        awayUntil = nil
    }

    private var frail: Int { services.firstIndex { $0.name == "frail" }! }

    // MARK: settings

    private func change() throws -> Bool {
        workers = Int.random(in: 1...4, using: &chance)
        let mirror = services.firstIndex { $0.name == "mirror" }!
        services[mirror].open = [64, 128, 256].randomElement(using: &chance)!
        services[mirror].noteOpen()
        let guest = services.firstIndex { $0.name == "guest" }!
        services[guest].isThere = Bool.random(using: &chance)
        services[frail].ackTimeout = Int.random(in: 5...8, using: &chance)
        try reload()
        try pass()
        return true
    }

    private func reload() throws {
        let items = services.filter(\.isThere).map(\.item) + [probe.item]
        try broker.rewrite(services: items, settings: Self.rest(workers: workers))
        let result = try broker.belfry(["reload"])
        #expect(result.succeeded, "\(result.output)\(result.errors)")
    }

    private func pause() throws -> Bool {
        for words in [["pause", "mirror"], ["resume", "mirror"]] {
            let result = try broker.belfry(words)
            #expect(result.succeeded, "\(result.errors)")
            try pass()
        }
        return true
    }
}
