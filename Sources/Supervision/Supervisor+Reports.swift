// SPDX-License-Identifier: Apache-2.0
/// Answers on the control socket: status and ledger out of the regions, pages and tables, and the request to drain.
///
/// Part of the Supervisor; called for each line that a client sends.
/// Invariant: reading a report changes nothing, and a refused or malformed request neither.

internal import Control
internal import LinuxIO
internal import Reactor
internal import Ring
internal import Settings

extension Supervisor {
    func answer(_ bytes: Span<UInt8>, _ asker: ControlAsker) -> ControlAnswer {
        if asker.isLocked { return login(bytes, asker) }
        var reply: [UInt8] = []
        do throws(ControlFault) {
            let line = try ControlLine(bytes)
            try access.check(line.right, asker.peer)
            let request = try line.request()
            if request == .tail, asker.peer.isTelnet {
                throw ControlFault("tail gives out a descriptor, which telnet can't carry; ask on control.socket")
            }
            if request.isForKeeper {
                if let refusal { throw refusal }
                askKeeper(String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self), asker)
                return .later
            }
            if case .status(let format) = request, isLearningOwn() {
                sides.own.waiting.append { [self] in answerStatus(format, asker.ticket) }
                return .later
            }
            if case .restartServices(let format, let services) = request {
                if let succession { throw succession }
                try restart(services, format, asker)
                return .later
            }
            if let change = ChangeRequest(request, asker) {
                // Here: who asks does not wait yet, and could not be answered from anywhere else.
                if let refusal = refusal(of: change) { throw refusal }
                ask(change)
                return .later
            }
            ControlReply.appendSuccess(try payload(of: request, asker.peer), to: &reply)
            if request == .quit { return .last(reply) }
            // A descriptor that was opened read-only: no right but the one to look on goes with it.
            if request == .tail { return .withDescriptor(reply, regions.logReader.raw) }
        } catch {
            ControlReply.appendError(error, to: &reply)
        }
        return .now(reply)
    }

    var access: AccessRules { AccessRules(settings.control) }

    /// Takes the samples that rates and drops are made of.
    func sample() {
        sampleDrops()
        sampleRefused()
        var delivered = regions.past.delivered
        for index in regions.table.indices {
            if let counts = try? regions.ledger.service(at: index)?.counts { delivered &+= counts[.delivered] }
        }
        rates.sample(received: regions.ledger.intake().received, delivered: delivered, at: Clock.monotonic())
    }

    private func payload(of request: ControlRequest, _ peer: ControlPeer) throws(ControlFault) -> [UInt8] {
        do {
            switch request {
            case .status(let format): return try status().answer(format)
            case .ledger(let format): return try ledger().answer(format)
            // Answered later.
            case .reload, .workers, .dead, .incidents: return []
            case .restart, .restartServices, .update, .updates: return []
            case .services(let format, let services): return try self.services(services).answer(format)
            case .change(let action, let format, let services):
                if let refusal { throw refusal }
                return try change(action, services, by: peer).answer(format)
            case .help: return Array(ControlReply.help.utf8)
            case .tail, .quit: return []
            case .drain:
                if !plan.isDraining { askForEnd("drain asked for by \(peer.words)", by: peer.words) }
                return []
            }
        } catch let fault as ControlFault {
            throw fault
        } catch {
            throw ControlFault("\(error)")
        }
    }

    private func ledger() throws -> LedgerReport {
        sampleDrops()
        return try Account.report(regions, kernelDropped: drops.total)
    }

    func status() throws -> StatusReport {
        let now = Clock.monotonic()
        var report = StatusReport()
        report.now = Clock.realtime()
        report.pid = CurrentProcess.pid
        report.state = plan.isDraining ? .draining : plan.stage == .starting ? .starting : .running
        report.uptime = (now - began) / 1_000_000_000
        report.address = port.name
        report.udp = port.udp != nil
        report.tcp = port.tcp != nil
        let acceptor = desks[Role.acceptor.place]
        report.acceptor.pid = acceptor.process?.pid
        report.acceptor.age = age(of: acceptor, now)
        report.acceptor.restarts = acceptor.restarts
        report.acceptor.connections = acceptor.process == nil ? 0 : acceptor.page.counter(0)
        let committer = desks[Role.committer.place]
        report.committer.pid = committer.process?.pid
        report.committer.age = age(of: committer, now)
        report.committer.restarts = committer.restarts
        report.committer.trouble = committer.trouble.isEmpty ? nil : PrintableText.clean(committer.trouble)
        report.generation = generation
        report.workers = workerDesks.map { worker($0, now) }
        let use = regions.ledger.use()
        let accounts = try ServiceAccount.all(regions)
        report.services = accounts.compactMap { standing($0, use) }
        report.ring = ringStatus(use, heldBy: use.oldest.flatMap { _ in holder(among: accounts) })
        report.rates.received = rates.received
        report.rates.delivered = rates.delivered
        sampleDrops()
        sampleRefused()
        report.warnings = warnings
        report.keeper = keeperStatus(now)
        report.incidents = notes.recent
        report.image = sides.own.image
        report.isReplaced = sides.own.isReplaced
        return report
    }

    private func ringStatus(_ use: RingLedger.Use, heldBy: String?) -> StatusReport.Ring {
        var status = StatusReport.Ring()
        status.used = use.bytes
        status.size = use.byteCapacity
        status.records = use.records
        status.capacity = use.recordCapacity
        status.oldest = use.oldest
        status.heldBy = heldBy
        return status
    }

    private func keeperStatus(_ now: UInt64) -> StatusReport.Keeper {
        var status = StatusReport.Keeper()
        status.pid = keeper.process?.pid
        status.age = keeper.process.map { (now - $0.since) / 1_000_000_000 } ?? 0
        status.restarts = keeper.restarts
        status.waiting = workerDesks.reduce(0) { $1.process == nil ? $0 : $0 &+ $1.page.counter(Self.unkept) }
        status.trouble = keeper.trouble.isEmpty ? nil : keeper.trouble
        return status
    }

    /// The counter of a worker's page that tells how many dead letters the keeper does not have yet.
    private static let unkept = 4

    private func age(of desk: RoleDesk, _ now: UInt64) -> UInt64 {
        desk.process.map { (now - $0.since) / 1_000_000_000 } ?? 0
    }

    private func worker(_ desk: RoleDesk, _ now: UInt64) -> StatusReport.Worker {
        var worker = StatusReport.Worker()
        let index = desk.role.worker ?? 0
        worker.index = index % Role.half
        worker.pid = desk.process?.pid
        worker.age = age(of: desk, now)
        worker.restarts = desk.restarts
        worker.leases = leases.count(of: index)
        return worker
    }
}
