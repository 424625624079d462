// SPDX-License-Identifier: Apache-2.0
/// The status for people, within 80 columns: the same for `nc -U` and for `belfry status`.
///
/// Used by the supervisor for `status` and `status colour`.
/// Invariant: as ControlReply asks, no line begins with a word that a configuration chose.

internal import Wire

extension StatusReport {
    package func text(coloured: Bool) -> [UInt8] {
        var table = TextTable(coloured: coloured)
        appendHead(to: &table)
        table.end()
        appendRoles(to: &table)
        table.end()
        appendServices(to: &table)
        return table.bytes
    }

    private func appendHead(to table: inout TextTable) {
        table.text("belfry    ", .strong)
        table.text("generation \(generation)  pid \(pid)  ")
        table.text(state.rawValue, state == .running ? .green : .yellow)
        table.text("  up \(HumanText.age(uptime))")
        table.end()
        table.text("port      ", .strong)
        table.text(address + (udp ? " udp" : "") + (tcp ? " tcp" : "") + "  \(acceptor.connections) connections")
        table.end()
        table.text("rates     ", .strong)
        table.text("received \(HumanText.count(rates.received))/s  delivered \(HumanText.count(rates.delivered))/s")
        table.end()
        table.text("ring      ", .strong)
        table.text("\(HumanText.bytes(ring.used)) of \(HumanText.bytes(ring.size)) used  ")
        table.text("\(HumanText.count(ring.records)) records of \(HumanText.count(ring.capacity))")
        if let oldest = ring.oldest {
            table.text("  oldest \(HumanText.age((now - min(now, oldest)) / 1_000_000_000))")
        }
        table.end()
    }

    private func appendRoles(to table: inout TextTable) {
        table.left("role", 12, .strong)
        for (title, width) in [("pid", 10), ("age", 10), ("restarts", 10), ("leases", 8)] {
            table.right(title, width, .strong)
        }
        table.end()
        appendRole("acceptor", acceptor.pid, acceptor.age, acceptor.restarts, leases: nil, to: &table)
        for worker in workers {
            appendRole(
                "worker \(worker.index)", worker.pid, worker.age, worker.restarts, leases: worker.leases, to: &table)
        }
    }

    private func appendRole(
        _ role: String, _ pid: Int32?, _ age: UInt64, _ restarts: UInt64, leases: Int?, to table: inout TextTable
    ) {
        table.left(role, 12)
        table.right(pid.map(String.init) ?? "none", 10, pid == nil ? .red : .plain)
        table.right(pid == nil ? "-" : HumanText.age(age), 10)
        table.right(HumanText.count(restarts), 10, restarts == 0 ? .plain : .yellow)
        if let leases { table.right(String(leases), 8) }
        table.end()
    }

    private func appendServices(to table: inout TextTable) {
        table.left("services", 22, .strong)
        table.left("state", 12, .strong)
        for (title, width) in [("inst", 5), ("waiting", 9), ("in-flight", 10), ("delivered", 10), ("retried", 9)] {
            table.right(title, width, .strong)
        }
        table.end()
        if services.isEmpty { table.paragraph("none configured: every notification is unrouted", indent: 2) }
        for service in services { append(service, to: &table) }
    }

    private func append(_ service: Service, to table: inout TextTable) {
        table.left("  " + TextTable.cut(service.name, 19), 22)
        let colour: TextTable.Colour =
            switch service.state {
            case .stopped: .faint
            case .starting: .plain
            case .running: .green
            case .backingOff: .red
            }
        table.left(service.state == .backingOff ? "backing off" : service.state.rawValue, 12, colour)
        table.right(HumanText.count(service.instances), 5)
        table.right(HumanText.count(service.waiting + service.backingOff), 9)
        table.right(HumanText.count(service.inFlight), 10)
        table.right(HumanText.count(service.delivered), 10)
        table.right(HumanText.count(service.retried), 9, service.retried == 0 ? .plain : .yellow)
        table.end()
        appendReason(of: service, to: &table)
    }

    private func appendReason(of service: Service, to table: inout TextTable) {
        var words: [String] = []
        if let until = service.until {
            let left = (until - min(until, now)) / 1_000_000
            words.append("until \(Timestamp.rfc3339(until).prefix(19))Z, in \(HumanText.duration(left * 1_000_000))")
        }
        if let reason = service.reason { words.append(reason) }
        if !words.isEmpty { table.paragraph(words.joined(separator: ": "), indent: 4, .yellow) }
    }
}
