// SPDX-License-Identifier: Apache-2.0
/// What can be done to the broker of a soak, its services, its settings and its disk. Used by Soak, which chooses.
/// Invariant: each says whether it has happened, and when it returns the broker takes and delivers notifications.

import LinuxIO
import Testing

extension Soak {
    // MARK: the broker's own processes

    func killAcceptor() throws -> Bool {
        // Now and then a worker dies at the same moment.
        if Int.random(in: 0..<4, using: &chance) == 0, Roles.signal(Signal.kill, "worker", of: broker) {
            workerDied()
        }
        guard let pid = Roles.pids("acceptor", of: broker).first else { return false }
        return try measure("acceptor") { try kill(pid) }
    }

    /// The one that serves the probe.
    func killWorker() throws -> Bool {
        guard let index = try Services(asking: broker)["probe"]?.workers.first,
            let pid = try broker.status().workers.first(where: { $0.index == index })?.pid
        else { return false }
        return try measure("worker") {
            let since = try kill(pid)
            if since != nil { workerDied() }
            return since
        }
    }

    /// There is one all the time, or as long as something is parked.
    func killCommitter() throws -> Bool {
        guard let pid = Roles.pids("committer", of: broker).first else { return false }
        return try measure("committer") { try kill(pid) }
    }

    func workerDied() { for index in services.indices { services[index].deaths += 1 } }

    /// - Returns: when the signal was sent; the process is dead then. Nil if it was gone already.
    func kill(_ pid: CInt) throws -> UInt64? {
        guard let process = try? ProcessDescriptor(pid: pid),
            ["belfryd ", "belfry keeper "].contains(where: LeftOver.command(pid).contains)
        else { return nil }
        let since = Clock.monotonic()
        guard process.send(Signal.kill) else { return nil }
        guard try Deadline.after().wait(on: process.raw) else { throw TimedOut("the death of \(pid)") }
        return since
    }

    func measure(_ role: String, _ kill: () throws -> UInt64?) throws -> Bool {
        guard let since = try kill() else { return false }
        recoveries.note("kill -9 of the \(role)", try pass() &- since)
        return true
    }

    /// One that does not move any more is killed by the supervisor.
    func stop(_ role: String) throws -> Bool {
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
    func pass() throws -> UInt64 { try probe.pass(broker.port, until: .after()).delivered }

    // MARK: the disk

    /// For a while nothing more can be written: the files that a new committer begins least of all.
    func fillDisk() throws -> Bool {
        guard let disk else { return false }
        try disk.fill()
        let end = Deadline.after(.milliseconds(1500))
        repeat {
            let role = ["acceptor", "committer", "committer", "keeper", "worker"].randomElement(using: &chance)!
            if Roles.signal(Signal.kill, role, of: broker), role == "worker" { workerDied() }
            try disk.fill()
            _ = try Deadline.after(.milliseconds(100)).wait(on: broker.program.raw)
        } while !end.passed
        if terms.isDurable { try expectTrouble(disk) }
        let since = Clock.monotonic()
        try disk.empty()
        recoveries.note("a full disk had room", try pass() &- since)
        return true
    }

    /// What is accepted must be written, and can't be.
    private func expectTrouble(_ disk: SmallDisk) throws {
        Roles.signal(Signal.kill, "committer", of: broker)
        _ =
            try scratch.poll("the broker to say that the disk is full") {
                try disk.fill()
                return try broker.status().committer.trouble
            } as String
    }

    // MARK: services

    func killService() throws -> Bool {
        let index = Int.random(in: services.indices, using: &chance)
        return services[index].signal(Signal.kill)
    }

    /// `frail` hangs until Belfry has had enough.
    func hang() -> Bool { services[frail].signal(Signal.stop) }

    func takeAway() throws -> Bool {
        guard awayUntil == nil else { return false }
        try services[frail].takeAway(true)
        awayUntil = .after(.seconds(3))
        _ = services[frail].signal(Signal.kill)
        return true
    }

    func giveBack() throws {
        guard awayUntil != nil else { return }
        try services[frail].takeAway(false)
        awayUntil = nil
    }

    var frail: Int { services.firstIndex { $0.name == "frail" }! }

    // MARK: settings

    func change() throws -> Bool {
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

    var items: [String] { services.filter(\.isThere).map(\.item) + [probe.item] }

    func reload() throws {
        try broker.rewrite(
            services: items, portOptions: Self.portOptions, settings: Self.rest(terms, workers: workers))
        let result = try broker.belfry(["reload"])
        #expect(result.succeeded, "\(result.output)\(result.errors)")
    }

    func pause() throws -> Bool {
        for words in [["pause", "mirror"], ["resume", "mirror"]] {
            let result = try broker.belfry(words)
            #expect(result.succeeded, "\(result.errors)")
            try pass()
        }
        return true
    }
}
