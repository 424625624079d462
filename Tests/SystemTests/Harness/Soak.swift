// SPDX-License-Identifier: Apache-2.0
/// A broker under a mixed load, to which everything happens that may happen to one: its processes are killed and stopped,
/// its services crash, hang and lose their programs, its settings are reloaded. Used by SoakTests, which judges what
/// became of the notifications.
/// Invariant: behind each disturbance a notification passes from end to end before the next one begins; and what is
/// counted as a death here was one.

import LinuxIO
import Testing

final class Soak {
    enum Disturbance: String {
        case acceptorKilled, workerKilled, committerKilled, supervisorKilled, acceptorStopped, workerStopped
        case serviceKilled, serviceHung, programTakenAway, reload, pause, restart
    }

    /// What the broker is to be.
    struct Terms: Sendable, CustomTestStringConvertible {
        let durability: String
        let ring: String
        /// Notifications a second of each sender.
        let rate: Int
        /// Whether what is accepted outlives the supervisor.
        var isDurable: Bool { durability == "disk" }
        var testDescription: String { durability }

        /// A ring that `frail` fills within seconds when it is away: what waits for it is parked.
        static let memory = Terms(durability: "memory", ring: "4MiB", rate: 2000)
        static let disk = Terms(durability: "disk", ring: "4MiB", rate: 1000)
        /// Slower, as a debug build is.
        static let small = Terms(durability: "memory", ring: "1MiB", rate: 200)
        static let smallDisk = Terms(durability: "disk", ring: "1MiB", rate: 200)
    }

    /// What happens at random, some of it more often.
    private static let menu: [Disturbance] =
        Array(repeating: .acceptorKilled, count: 5) + Array(repeating: .workerKilled, count: 5)
        + Array(repeating: .serviceKilled, count: 4) + Array(repeating: .reload, count: 3)
        + Array(repeating: .committerKilled, count: 2) + [.serviceHung, .programTakenAway, .pause]
    /// What takes long: seldom, but once at least.
    private var slow: [Disturbance] {
        [.workerStopped, .acceptorStopped, .restart] + (terms.isDurable ? [.supervisorKilled] : [])
    }

    let terms: Terms
    let scratch: Scratch
    let sockets: HandedOver
    var broker: Broker
    var services: [SoakService]
    var probe: Probe
    var recoveries = RecoveryTimes()
    /// What earlier supervisors have said.
    var earlierWords = ""
    private(set) var done: [Disturbance: Int] = [:]

    /// As the ledger said it last.
    private var published: UInt64 = 0
    var chance: SeededGenerator
    var workers = 2
    /// How long the program of `frail` stays away.
    var awayUntil: Deadline?

    /// - Parameter fault: where a process of the broker is to die, and at which passing; for a debug build alone.
    init(_ terms: Terms, seed: UInt64, fault: (point: FaultPoint, passing: Int)? = nil) throws {
        self.terms = terms
        chance = SeededGenerator(seed: seed)
        scratch = try Scratch()
        sockets = try HandedOver.make()
        probe = try Probe(in: scratch)
        let recorder = try Account.compile("recorder", in: scratch)
        services = try Self.services(recorder, in: scratch)
        broker = try Broker(
            scratch, services: services.map(\.item) + [probe.item], portOptions: Self.portOptions,
            settings: Self.rest(terms, workers: 2),
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

    /// As small as the smallest ring asks for.
    static let portOptions = ", max-message: 256KiB"

    static func rest(_ terms: Terms, workers: Int) -> String {
        "workers: { count: \(workers), stuck-after: 3s }\n"
            + "ring: { size: \(terms.ring), durability: \(terms.durability) }\nshutdown: { grace: 2s }"
    }

    // MARK: the run

    /// Disturbs until the time is over, and all that is slow has happened.
    func run(for duration: Duration) throws -> SoakSenders.Sent {
        let senders = try SoakSenders(broker.port, rate: terms.rate, in: scratch)
        try pass()
        let end = Deadline.after(duration)
        while !end.passed {
            let menu = Int.random(in: 0..<40, using: &chance) == 0 ? slow : Self.menu
            try disturb(menu.randomElement(using: &chance)!)
            if awayUntil?.passed == true { try giveBack() }
            _ = try Deadline.after(.milliseconds(Int.random(in: 0...60, using: &chance))).wait(on: broker.program.raw)
        }
        for disturbance in slow where done[disturbance] == nil { try disturb(disturbance) }
        return try settle(senders)
    }

    /// Goes on until a process has died at its fault point.
    func run(until mark: FaultMark, of role: String) throws -> SoakSenders.Sent {
        let senders = try SoakSenders(broker.port, rate: terms.rate, in: scratch)
        let deadline = Deadline.after(.seconds(60))
        var round = 0
        repeat {
            guard !deadline.passed else { throw TimedOut("the fault point to be reached") }
            try disturb([.reload, .serviceKilled, .programTakenAway, .pause][round % 4])
            if awayUntil?.passed == true { try giveBack() }
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
            case .committerKilled: try killCommitter()
            case .supervisorKilled: try killSupervisor()
            case .acceptorStopped: try stop("acceptor")
            case .workerStopped: try stop("worker")
            case .serviceKilled: try killService()
            case .serviceHung: hang()
            case .programTakenAway: try takeAway()
            case .reload: try change()
            case .pause: try pause()
            case .restart: try restart()
            }
        if isDone { done[disturbance, default: 0] += 1 }
        // What was published and not committed was not accepted.
        if disturbance == .supervisorKilled { published = 0 }
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
}
