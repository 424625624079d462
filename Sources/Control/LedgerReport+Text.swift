// SPDX-License-Identifier: Apache-2.0
/// The ledger for people, written so that each line can be added up by hand.
///
/// Used by the supervisor for `ledger`, and by `belfry ledger` with what its terminal can do.
/// Invariant: as ControlReply asks, no line begins with a word that a configuration chose.

extension LedgerReport {
    package func text(_ style: TextStyle) -> [UInt8] {
        var table = TextTable(style)
        appendIntake(to: &table)
        table.end()
        appendServices(to: &table)
        return table.bytes
    }

    private func appendIntake(to table: inout TextTable) {
        table.text("intake", .strong)
        appendBalance(intake.balances, to: &table)
        table.text("  counting since \(TextStyle.utc(since, since))")
        table.end()
        table.paragraph(
            "received \(intake.received) = published \(intake.published) + duplicate \(intake.duplicate)"
                + " + refused \(intake.refused.total)", indent: 2)
        table.paragraph(
            "published \(intake.published) = routed \(intake.routed) + unrouted \(intake.unrouted)", indent: 2)
        appendReasons("refused", intake.refused, indent: 2, to: &table)
        if intake.replayed > 0 {
            table.paragraph("of published: \(intake.replayed) dead letters that were delivered again", indent: 2)
        }
        let bound = intake.kernelDropped > 0 ? "≥ " : ""
        table.paragraph(
            "dropped by the kernel before Belfry saw it: \(bound)\(intake.kernelDropped)", indent: 2,
            intake.kernelDropped == 0 ? .plain : .yellow)
    }

    private static let columns = ["matched", "delivered", "dead", "dropped", "pending"]
    private static let columnWidth = 10

    private func appendServices(to table: inout TextTable) {
        let width = table.nameWidth(
            services.map(\.name), title: "services", others: Self.columns.count * Self.columnWidth)
        table.left("services", width, .strong)
        for title in Self.columns { table.right(title, Self.columnWidth, .strong) }
        table.end()
        if services.isEmpty { table.none("none configured: every notification is unrouted") }
        for service in services { append(service, nameWidth: width, to: &table) }
    }

    private func append(_ service: Service, nameWidth: Int, to table: inout TextTable) {
        table.name(service.name, nameWidth)
        table.right(HumanText.count(service.matched), Self.columnWidth)
        table.right(HumanText.count(service.delivered), Self.columnWidth)
        table.right(HumanText.count(service.dead), Self.columnWidth, service.dead == 0 ? .plain : .yellow)
        table.right(
            HumanText.count(service.dropped.total), Self.columnWidth, service.dropped.total == 0 ? .plain : .yellow)
        table.right(HumanText.count(service.pending), Self.columnWidth)
        table.end()
        if !service.balances { table.paragraph("OUT OF BALANCE", indent: 4, .red) }
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
