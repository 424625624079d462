// SPDX-License-Identifier: Apache-2.0
/// The ledger for people, within 80 columns, written so that each line can be added up by hand.
///
/// Used by the supervisor for `ledger` and `ledger colour`.
/// Invariant: as ControlReply asks, no line begins with a word that a configuration chose.

extension LedgerReport {
    package func text(coloured: Bool) -> [UInt8] {
        var table = TextTable(coloured: coloured)
        appendIntake(to: &table)
        table.end()
        appendServices(to: &table)
        return table.bytes
    }

    private func appendIntake(to table: inout TextTable) {
        table.text("intake", .strong)
        appendBalance(intake.balances, to: &table)
        table.end()
        table.paragraph(
            "received \(intake.received) = published \(intake.published) + duplicate \(intake.duplicate)"
                + " + refused \(intake.refused.total)", indent: 2)
        table.paragraph(
            "published \(intake.published) = routed \(intake.routed) + unrouted \(intake.unrouted)", indent: 2)
        appendReasons("refused", intake.refused, indent: 2, to: &table)
        let bound = intake.kernelDroppedIsLowerBound && intake.kernelDropped > 0 ? "≥ " : ""
        table.paragraph(
            "dropped by the kernel before Belfry saw it: \(bound)\(intake.kernelDropped)", indent: 2,
            intake.kernelDropped == 0 ? .plain : .yellow)
    }

    private func appendServices(to table: inout TextTable) {
        table.left("services", 24, .strong)
        for title in ["matched", "delivered", "dead", "dropped", "pending"] { table.right(title, 11, .strong) }
        table.end()
        if services.isEmpty { table.paragraph("none configured: every notification is unrouted", indent: 2) }
        for service in services { append(service, to: &table) }
    }

    private func append(_ service: Service, to table: inout TextTable) {
        table.left("  " + TextTable.cut(service.name, 21), 24)
        table.right(HumanText.count(service.matched), 11)
        table.right(HumanText.count(service.delivered), 11)
        table.right(HumanText.count(service.dead), 11, service.dead == 0 ? .plain : .yellow)
        table.right(HumanText.count(service.dropped.total), 11, service.dropped.total == 0 ? .plain : .yellow)
        table.right(HumanText.count(service.pending), 11)
        if !service.balances { appendBalance(false, to: &table) }
        table.end()
        appendReasons("dropped", service.dropped, indent: 4, to: &table)
        if service.pending > 0 {
            table.paragraph("of pending: in flight \(service.inFlight), parked \(service.parked)", indent: 4)
        }
    }

    private func appendBalance(_ balances: Bool, to table: inout TextTable) {
        table.text(balances ? "  balanced" : "  OUT OF BALANCE", balances ? .green : .red)
    }

    private func appendReasons(_ word: String, _ counts: [Count], indent: Int, to table: inout TextTable) {
        let told = counts.filter { $0.count > 0 }.map { "\($0.reason) \($0.count)" }
        if !told.isEmpty { table.paragraph("\(word): " + told.joined(separator: ", "), indent: indent) }
    }
}
