// SPDX-License-Identifier: Apache-2.0
/// A broker under a mixed load, to which everything happens that may happen to one: its processes are killed and stopped,
/// its services crash, hang, reject and lose their programs, its settings are reloaded, its disk is full. Used by
/// SoakTests, which judges what became of the notifications.
/// Invariant: behind each disturbance a notification passes from end to end before the next one begins; and what is
/// counted as a death here was one.

import LinuxIO
import Testing

final class Soak {
    let terms: Terms
    let scratch: Scratch
    let sockets: HandedOver
    /// What its state folder lies on, where one can be made.
    let disk: SmallDisk?
    let executable: String
    var broker: Broker
    var services: [SoakService]
    var probe: Probe
    var recoveries = RecoveryTimes()
    /// What the services had taken, from time to time.
    var looks: [Look] = []
    /// What earlier supervisors have said.
    var earlierWords = ""
    private(set) var done: [Disturbance: Int] = [:]
    /// Datagrams that the kernel may have dropped while no belfryd was there.
    var unwatched: UInt64 = 0

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
        // A fault is looked at for itself.
        disk = fault == nil && SmallDisk.canBeMade ? try SmallDisk(Self.diskSize, in: scratch) : nil
        executable = try fault != nil ? Executables.builtBelfryd : disk?.belfryd() ?? Executables.belfryd
        let recorder = try Account.compile("recorder", in: scratch)
        services = try Self.services(recorder, in: scratch)
        broker = try Broker(
            scratch, services: services.map(\.item) + [probe.item], portOptions: Self.portOptions,
            settings: Self.rest(terms, workers: 2),
            environment: fault.map { [scratch] in FaultMark.environment($0.point, passing: $0.passing, in: scratch) }
                ?? [],
            sockets: sockets, executable: executable)
    }

    private static func services(_ recorder: String, in scratch: Scratch) throws -> [SoakService] {
        func service(
            _ name: String, _ manner: SoakService.Manner, _ wish: SoakService.Wish, _ order: String, shards: Int,
            open: Int, rejects: Bool = false
        ) throws -> SoakService {
            try SoakService(
                name, manner, wish, order: order, shards: shards, open: open, rejects: rejects, recorder: recorder,
                in: scratch)
        }
        return try [
            service("archive", .lines, .all, "source", shards: 2, open: 128),
            service("mirror", .frames, .all, "none", shards: 2, open: 256),
            service("page", .exec, .slow, "none", shards: 2, open: 2),
            service("frail", .lines, .load, "all", shards: 1, open: 32),
            service("picky", .lines, .slow, "none", shards: 2, open: 16, rejects: true),
            service("strict", .exec, .slow, "none", shards: 2, open: 2, rejects: true),
            service("guest", .frames, .all, "topic", shards: 3, open: 64),
        ]
    }

    /// As small as the smallest ring asks for.
    static let portOptions = ", max-message: 256KiB"

    static func rest(_ terms: Terms, workers: Int) -> String {
        "workers: { count: \(workers), stuck-after: 3s }\n"
            + "ring: { size: \(terms.ring), durability: \(terms.durability) }\nshutdown: { grace: 2s }"
    }

    /// KiB: the files that are written to, and those that are still read, of 64 MiB each.
    private static let diskSize = 512 << 10

    // MARK: the run

    /// Disturbs until the time is over, and all that is slow has happened.
    func run(for duration: Duration) throws -> SoakSenders.Sent {
        let senders = try SoakSenders(broker.port, rate: terms.rate, in: scratch)
        try pass()
        let end = Deadline.after(duration)
        while !end.passed {
            let menu = Int.random(in: 0..<40, using: &chance) == 0 ? slow : usual
            try disturb(menu.randomElement(using: &chance)!)
            if awayUntil?.passed == true { try giveBack() }
            try breathe(most: 60)
        }
        for disturbance in due where done[disturbance] == nil { try disturb(disturbance) }
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
        try rest()
        try mend()
        return sent
    }

    /// All that is wanted is delivered, or a dead letter.
    func rest() throws {
        _ = try broker.ledger("all delivered", until: .after(.seconds(90))) { ledger in
            ledger.services.values.allSatisfy { $0.pending == 0 }
        }
    }

    /// Lets the load go on for so many milliseconds at most.
    func breathe(most: Int) throws {
        _ = try Deadline.after(.milliseconds(Int.random(in: 0...most, using: &chance))).wait(on: broker.program.raw)
    }

    private func disturb(_ disturbance: Disturbance) throws {
        let isDone =
            switch disturbance {
            case .acceptorKilled: try killAcceptor()
            case .workerKilled: try killWorker()
            case .committerKilled: try killCommitter()
            case .keeperKilled: try killKeeper()
            case .supervisorKilled: try killSupervisor()
            case .acceptorStopped: try stop("acceptor")
            case .workerStopped: try stop("worker")
            case .serviceKilled: try killService()
            case .serviceHung: hang()
            case .programTakenAway: try takeAway()
            case .reload: try change()
            case .pause: try pause()
            case .restart: try restart()
            case .replay: try replay()
            case .diskFull: try fillDisk()
            }
        if isDone { done[disturbance, default: 0] += 1 }
        // What was published and not committed was not accepted.
        if disturbance == .supervisorKilled { published = 0 }
        try look(behind: disturbance)
    }

    /// What was once accepted stays so.
    private func look(behind disturbance: Disturbance) throws {
        looks.append(Look(services))
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
