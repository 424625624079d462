// SPDX-License-Identifier: Apache-2.0
/// Restarts of services: the request passed on to the workers, and their answers collected.
///
/// Part of the Supervisor; the restart of belfryd itself is in Supervisor+Update, and waits until these are done.
/// Invariant: the supervisor waits for nobody: it looks again until all shards have answered, or the time for it is over.

internal import Control
internal import LinuxIO
internal import Logging
internal import Ring
internal import Settings

extension Supervisor {
    /// What a worker needs beside the time that a process may take to come up, and to answer. Nanoseconds.
    private static let restartSlack: UInt64 = 30_000_000_000

    /// Answered later, unless it throws.
    func restart(_ selection: ServiceSelection, _ format: ReportFormat, _ asker: ControlAsker) throws(ControlFault) {
        guard !plan.isDraining else { throw ControlFault("belfryd is ending; nothing more is changed") }
        let accounts = try selected(selection)
        var order = RestartDesk.Order(ticket: asker.ticket, format: format, deadline: Self.deadline(of: accounts))
        for account in accounts { ask(account, &order) }
        ringEveryBell()
        let names = order.report.services.filter { !$0.isExec }.map(\.name).joined(separator: " ")
        if !names.isEmpty {
            log.notice("restart \(names) asked for by \(asker.peer.words)")
            audit(asker.peer.words, "restart \(names)")
        }
        restarts.add(order)
    }

    private func selected(_ selection: ServiceSelection) throws(ControlFault) -> [ServiceAccount] {
        do {
            return try accounts(selection)
        } catch {
            throw error as? ControlFault ?? ControlFault("\(error)")
        }
    }

    private static func deadline(of accounts: [ServiceAccount]) -> UInt64 {
        let patience = accounts.compactMap { $0.service?.ackTimeout.nanoseconds }.max() ?? 0
        return Clock.monotonic() + 2 * patience + restartSlack
    }

    private func ask(_ account: ServiceAccount, _ order: inout RestartDesk.Order) {
        var service = ServiceRestart.Service()
        service.name = account.name
        service.isExec = account.service?.mode == .exec
        order.report.services.append(service)
        guard !service.isExec else { return }
        for index in account.slots {
            guard let slot = regions.table[index]?.slot else { continue }
            order.asks.append(
                .init(
                    service: account.name, slot: index, incarnation: slot.incarnation, shards: slot.shards,
                    number: regions.writer.askRestart(slot: index)))
        }
    }

    /// Once a round.
    func goOnRestarting() {
        guard !restarts.isEmpty else { return }
        let done = restarts.takeDone(
            incarnation: { regions.table[$0]?.slot.incarnation },
            answer: { regions.ledger.restart(slot: $0, shard: $1) })
        for order in done {
            for name in order.report.failed {
                log.error("restart \(name): a new process did not come up; the old one serves on")
            }
            answer(order, .success(order.report))
        }
        giveUpRestarts()
        if !restarts.isEmpty { lookAgain() }
    }

    private func giveUpRestarts() {
        let sentence =
            plan.isDraining
            ? "belfryd is ending; whether the services were restarted is not known"
            : "not every instance has said in time whether it was restarted; see `belfry status`"
        for order in restarts.takeOverdue(at: plan.isDraining ? .max : Clock.monotonic()) {
            log.error("\(sentence)")
            answer(order, .failure(ControlFault(sentence)))
        }
    }

    private func answer(_ order: RestartDesk.Order, _ result: Result<ServiceRestart, ControlFault>) {
        var reply: [UInt8] = []
        switch result {
        case .success(let report): ControlReply.appendSuccess(report.answer(order.format), to: &reply)
        case .failure(let fault): ControlReply.appendError(fault, to: &reply)
        }
        control.answer(order.ticket, reply, loop)
    }
}
