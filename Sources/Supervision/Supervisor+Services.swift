// SPDX-License-Identifier: Apache-2.0
/// The services one by one: their report, and what an operator may ask of them: pause, resume, retry.
///
/// Part of the Supervisor; called for requests on the control socket, and by it after each change of the slots.
/// Invariant: a service is paused as long as its name is in `paused`, whatever its slots and whoever dies; a request that
/// names a service that does not exist changes nothing.

internal import Control
internal import LinuxIO
internal import Logging
internal import Ring
internal import Settings

extension Supervisor {
    func services(_ selection: ServiceSelection) throws -> ServicesReport {
        var report = ServicesReport()
        report.now = Clock.realtime()
        let failures = workerDesks.flatMap { $0.page.failures() }
        let use = regions.ledger.use()
        report.services = try accounts(selection).compactMap { detail($0, use, failures) }
        return report
    }

    func change(
        _ action: ServiceAction, _ selection: ServiceSelection, by peer: ControlPeer
    ) throws -> ServiceChange {
        var change = ServiceChange(action)
        change.services = try accounts(selection).map { perform(action, $0) }
        ringEveryBell()
        let changed = change.services.filter(\.hasChanged).map(\.name)
        if !changed.isEmpty {
            log.notice("\(action.rawValue) asked for by \(peer.words): \(changed.joined(separator: ", "))")
            audit(peer.words, "\(action.rawValue) \(changed.joined(separator: " "))")
        }
        return change
    }

    /// Brings the slots' words in line with the names that are paused, after each change of the slots.
    /// - Parameter renamed: services that go by another name now. Names that no slot has any more are forgotten.
    func keepPauses(renamed: [(from: String, to: String)]) {
        let names = Dictionary(renamed.map { ($0.from, $0.to) }) { first, _ in first }
        let slots = regions.table.indices.compactMap { index in regions.table[index].map { (index, $0.slot.name) } }
        paused = Set(paused.map { names[$0] ?? $0 }).intersection(slots.map(\.1))
        for (index, name) in slots { regions.writer.setPaused(paused.contains(name), slot: index) }
        ringEveryBell()
    }

    /// What waits for a paused service at the end is not waited for. The log says so at the beginning of the drain.
    func tellOfPaused() {
        guard !paused.isEmpty, let accounts = try? ServiceAccount.all(regions) else { return }
        for account in accounts where paused.contains(account.name) && account.counts.pending > 0 {
            log.notice(
                "service \(account.name) is paused: \(account.counts.pending) that wait for it are kept for the next start"
            )
        }
    }

    /// How a service stands, for `status` and `services` alike; nil if it is gone.
    func standing(_ account: ServiceAccount, _ use: RingLedger.Use) -> StatusReport.Service? {
        guard let definition = account.service else { return nil }
        let counts = account.counts
        var service = StatusReport.Service()
        service.name = account.name
        service.mode = definition.mode == .exec ? "exec" : "stream"
        service.inFlight = counts.inFlight
        service.backingOff = counts.backingOff
        service.waiting = counts.waiting
        service.parked = counts.parked
        service.delivered = counts[.delivered]
        ShardSummary(counts.shards).fill(&service)
        service.retried &+= account.before.retried
        service.reason = service.reason.map(PrintableText.clean)
        if !account.isActive { service.state = .draining }
        guard paused.contains(account.name) else { return service }
        service.state = .paused
        service.until = nil
        let words = ServiceDetail.pauseWords(
            oldest: oldest(account), inRing: oldestInRing(account), first: use.oldest, percent: use.percent,
            now: Clock.realtime())
        service.reason = service.reason.map { "\(words); before: \($0)" } ?? words
        return service
    }

    private func detail(
        _ account: ServiceAccount, _ use: RingLedger.Use, _ failures: [FailureEntry]
    ) -> ServicesReport.Service? {
        guard let definition = account.service, let standing = standing(account, use) else { return nil }
        var service = ServicesReport.Service()
        service.name = account.name
        service.state = standing.state
        service.isPaused = standing.state == .paused
        service.isRetiring = !account.isActive
        service.until = standing.until
        service.reason = standing.reason
        service.definition = ServiceDetail.definition(definition)
        service.instances = standing.instances
        service.counts = ServiceDetail.counts(account.counts)
        service.counts.retried = standing.retried
        service.counts.launches &+= account.before.launches
        service.counts.launchFailures &+= account.before.launchFailures
        service.oldest = oldest(account)
        let slots = account.slots.compactMap { index in regions.table[index].map { (index, $0.slot) } }
        service.shards = UInt64(definition.shards)
        service.workers = Set(slots.flatMap { holders(of: $0.0, $0.1) }).sorted()
        var times = RingLedger.Times()
        for (index, slot) in slots { times.add(regions.ledger.times(at: index, of: slot)) }
        service.launchTime = ServiceDetail.times(times.launch)
        service.runTime = ServiceDetail.times(times.run)
        service.failures = ServiceDetail.failures(of: slots.map { ($0.0, $0.1.incarnation) }, in: failures)
        return service
    }

    private func holders(of index: Int, _ slot: ServiceSlot) -> [UInt64] {
        (0..<slot.shards).compactMap { regions.ledger.control.holder(slot: index, shard: $0) }
            .map { UInt64($0 % Role.half) }
    }

    /// The service for which the ring keeps its oldest record.
    func holder(among accounts: [ServiceAccount]) -> String? {
        accounts.compactMap { account in oldestInRing(account).map { (time: $0, name: account.name) } }
            .min { $0.time < $1.time }?.name
    }

    private func oldest(_ account: ServiceAccount) -> UInt64? {
        earliest(account) { regions.ledger.oldest(at: $0, of: $1, floor: $2) }
    }

    private func oldestInRing(_ account: ServiceAccount) -> UInt64? {
        earliest(account) { regions.ledger.oldestInRing(at: $0, of: $1, floor: $2) }
    }

    private func earliest(_ account: ServiceAccount, _ time: (Int, ServiceSlot, _ floor: UInt64) -> UInt64?) -> UInt64?
    {
        account.slots.compactMap { index in
            guard let (slot, counts) = try? regions.ledger.service(at: index) else { return nil }
            return time(index, slot, counts.floor)
        }.min()
    }

    private func perform(_ action: ServiceAction, _ account: ServiceAccount) -> ServiceChange.Service {
        let wasPaused = paused.contains(account.name)
        var service = ServiceChange.Service()
        service.name = account.name
        service.isPaused = wasPaused
        service.waiting = account.counts.waiting
        service.inFlight = account.counts.inFlight
        service.backingOff = account.counts.backingOff
        switch action {
        case .pause, .resume:
            service.isPaused = action == .pause
            service.hasChanged = wasPaused != service.isPaused
            if service.isPaused { paused.insert(account.name) } else { paused.remove(account.name) }
            for index in account.slots { regions.writer.setPaused(service.isPaused, slot: index) }
        case .retry:
            service.hasChanged =
                account.counts.backingOff > 0 || account.counts.shards.contains { $0.state == .backingOff }
            if service.hasChanged { for index in account.slots { regions.writer.askRetry(slot: index) } }
        }
        return service
    }

    /// The services that there are, retiring ones too.
    func accounts(_ selection: ServiceSelection) throws -> [ServiceAccount] {
        let all = try ServiceAccount.all(regions).filter { $0.service != nil }
        guard case .named(let names) = selection else { return all }
        if let unknown = names.first(where: { name in !all.contains { $0.name == name } }) {
            let suggestion = Suggestion.text(for: unknown, among: all.map(\.name))
            throw ControlFault("there is no service \"\(unknown)\"; \(suggestion)")
        }
        return all.filter { names.contains($0.name) }
    }
}
