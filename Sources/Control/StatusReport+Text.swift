// SPDX-License-Identifier: Apache-2.0
/// The status for people: what runs, who waits, and why something does not run.
///
/// Used by the supervisor for `status`, and by `belfry status` with what its terminal can do.
/// Invariant: as ControlReply asks, no line begins with a word that a configuration chose.

extension StatusReport {
    package func text(_ style: TextStyle) -> [UInt8] {
        var table = TextTable(style)
        appendHead(to: &table)
        table.end()
        appendRoles(to: &table)
        table.end()
        appendServices(to: &table)
        appendIncidents(to: &table)
        return table.bytes
    }

    private func appendHead(to table: inout TextTable) {
        table.facts(
            "belfry",
            [
                ("generation \(generation)", .plain), ("pid \(pid)", .plain),
                (state.rawValue, state == .running ? .green : .yellow), ("up \(HumanText.age(uptime))", .plain),
            ])
        appendImage(to: &table)
        let connections = acceptor.connections == 1 ? "1 connection" : "\(acceptor.connections) connections"
        table.facts("port", [(address + (udp ? " udp" : "") + (tcp ? " tcp" : ""), .plain), (connections, .plain)])
        table.facts(
            "rates",
            [
                ("received \(HumanText.count(rates.received))/s", .plain),
                ("delivered \(HumanText.count(rates.delivered))/s", .plain),
            ])
        var facts: [(String, TextTable.Colour)] = [
            ("\(HumanText.bytes(ring.used)) of \(HumanText.bytes(ring.size)) used", .plain),
            ("\(HumanText.count(ring.records)) of \(HumanText.count(ring.capacity)) records", .plain),
        ]
        if let oldest = ring.oldest {
            let holder = ring.heldBy.map { " (\(TextTable.cutMiddle($0, 24)))" } ?? ""
            facts.append(("oldest \(HumanText.age((now - min(now, oldest)) / 1_000_000_000))\(holder)", .plain))
        }
        table.facts("ring", facts)
        for warning in warnings {
            table.left("warning", Self.indent, .strong)
            table.paragraph(warning, indent: Self.indent, .yellow)
        }
        if let trouble = committer.trouble {
            table.left("disk", Self.indent, .strong)
            table.paragraph(trouble, indent: Self.indent, .red)
        }
    }

    private func appendImage(to table: inout TextTable) {
        guard !image.path.isEmpty else { return }
        var facts: [(String, TextTable.Colour)] = [("version \(image.version)", .plain), (image.path, .plain)]
        if !image.digest.isEmpty { facts.append(("sha256 \(image.shortDigest)", .plain)) }
        if isReplaced { facts.append(("another file lies there by now", .yellow)) }
        table.facts("image", facts)
    }

    /// Columns of the labels.
    private static let indent = 10

    private func appendRoles(to table: inout TextTable) {
        table.left("role", 12, .strong)
        for (title, width) in [("pid", 10), ("age", 10), ("restarts", 10), ("leases", 8)] {
            table.right(title, width, .strong)
        }
        table.end()
        appendRole("acceptor", acceptor.pid, acceptor.age, acceptor.restarts, leases: nil, to: &table)
        if committer.pid != nil {
            appendRole("committer", committer.pid, committer.age, committer.restarts, leases: nil, to: &table)
        }
        for worker in workers {
            appendRole(
                "worker \(worker.index)", worker.pid, worker.age, worker.restarts, leases: worker.leases, to: &table)
        }
        appendKeeper(to: &table)
    }

    /// It runs only now and then: a row where there is something to be told.
    private func appendKeeper(to table: inout TextTable) {
        if keeper.pid != nil {
            appendRole("keeper", keeper.pid, keeper.age, keeper.restarts, leases: nil, to: &table)
        }
        var words: [String] = []
        if keeper.waiting > 0 {
            words.append("\(HumanText.count(keeper.waiting)) dead letter\(keeper.waiting == 1 ? "" : "s") not kept yet")
        }
        if let trouble = keeper.trouble { words.append(trouble) }
        if !words.isEmpty { table.paragraph("keeper: " + words.joined(separator: "; "), indent: 4, .yellow) }
    }

    private func appendIncidents(to table: inout TextTable) {
        guard !incidents.isEmpty else { return }
        table.end()
        table.left("incidents", 10, .strong)
        table.end()
        for incident in incidents { incident.append(to: &table, now) }
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

    private static let columns = [
        ("inst", 5), ("waiting", 8), ("in-flight", 10), ("backoff", 8), ("delivered", 10), ("retried", 8),
    ]

    private func appendServices(to table: inout TextTable) {
        let others = Self.columns.reduce(ServiceState.width) { $0 + $1.1 }
        let width = table.nameWidth(services.map(\.name), title: "services", others: others)
        table.left("services", width, .strong)
        table.left("state", ServiceState.width, .strong)
        for (title, width) in Self.columns { table.right(title, width, .strong) }
        table.end()
        if services.isEmpty { table.none("none configured: every notification is unrouted") }
        for service in services { append(service, nameWidth: width, to: &table) }
    }

    private func append(_ service: Service, nameWidth: Int, to table: inout TextTable) {
        table.name(service.name, nameWidth)
        table.left(service.state.word, ServiceState.width, service.state.colour)
        let counts = [
            service.instances, service.waiting, service.inFlight, service.backingOff, service.delivered,
            service.retried,
        ]
        for ((title, width), count) in zip(Self.columns, counts) {
            let isTrouble = count > 0 && (title == "backoff" || title == "retried")
            table.right(HumanText.count(count), width, isTrouble ? .yellow : .plain)
        }
        table.end()
        appendReason(of: service, to: &table)
    }

    private func appendReason(of service: Service, to table: inout TextTable) {
        var words: [String] = []
        if let until = service.until {
            let left = (until - min(until, now)) / 1_000_000
            words.append("until \(table.style.moment(until, now)), in \(HumanText.duration(left * 1_000_000))")
        }
        if let reason = service.reason { words.append(reason) }
        if service.parked > 0 {
            table.paragraph("\(HumanText.count(service.parked)) of them parked on the disk", indent: 4)
        }
        if !words.isEmpty { table.paragraph(words.joined(separator: ": "), indent: 4, .yellow) }
    }
}

extension StatusReport.ServiceState {
    /// Characters of the column: the longest word, and the blank that the next column brings.
    package static let width = 11

    /// As people read it.
    package var word: String { self == .backingOff ? "backing off" : rawValue }

    package var colour: TextTable.Colour {
        switch self {
        case .stopped: .faint
        case .starting: .plain
        case .running: .green
        case .paused, .draining: .yellow
        case .backingOff: .red
        }
    }
}
