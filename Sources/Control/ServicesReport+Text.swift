// SPDX-License-Identifier: Apache-2.0
/// The services for people: a paragraph for each, its last failures at its end.
///
/// Used by the supervisor for `services`, and by `belfry services` with what its terminal can do.
/// Invariant: as ControlReply asks, no line begins with a word that a configuration chose.

extension ServicesReport {
    package func text(_ style: TextStyle) -> [UInt8] {
        var table = TextTable(style)
        if services.isEmpty { table.none("none configured: every notification is unrouted") }
        for (number, service) in services.enumerated() {
            if number > 0 { table.end() }
            service.append(to: &table, now)
        }
        return table.bytes
    }
}

extension ServicesReport.Service {
    /// Columns of the labels.
    private static let indent = 10
    /// Failures that are shown, and lines of a command.
    private static let shownFailures = 5
    private static let shownLines = 3

    fileprivate func append(to table: inout TextTable, _ now: UInt64) {
        appendHead(to: &table, now)
        labelled("topics", definition.topics.joined(separator: "  "), to: &table)
        labelled("command", Self.shell(definition.command), to: &table)
        table.facts("settings", definition.facts)
        appendQueue(to: &table, now)
        appendTimes(to: &table)
        appendFailures(to: &table, now)
    }

    private func appendHead(to table: inout TextTable, _ now: UInt64) {
        let holders = workers.map(String.init).joined(separator: ", ")
        table.facts(
            "service",
            [
                (name, .strong), (state.word, state.colour), (Self.plural(instances, "process", "processes"), .plain),
                holders.isEmpty
                    ? ("held by no worker", .yellow)
                    : ("held by worker\(workers.count == 1 ? "" : "s") \(holders)", .plain),
            ])
        var words: [String] = []
        if isRetiring { words.append("removed or replaced; finishes what was for it") }
        if let until {
            let left = HumanText.duration(until - min(until, now))
            words.append("until \(table.style.moment(until, now)), in \(left)")
        }
        if let reason { words.append(reason) }
        if !words.isEmpty { labelled("", words.joined(separator: ": "), .yellow, to: &table) }
    }

    private func appendQueue(to table: inout TextTable, _ now: UInt64) {
        var queue: [(String, TextTable.Colour)] = [
            ("\(HumanText.count(counts.waiting)) waiting", .plain),
            ("\(HumanText.count(counts.inFlight)) in flight", .plain),
            ("\(HumanText.count(counts.backingOff)) backing off", counts.backingOff == 0 ? .plain : .yellow),
        ]
        if counts.parked > 0 { queue.append(("\(HumanText.count(counts.parked)) of them parked", .plain)) }
        if let oldest { queue.append(("oldest \(HumanText.age((now - min(now, oldest)) / 1_000_000_000))", .plain)) }
        table.facts("queue", queue)
        var account: [(String, TextTable.Colour)] = [
            ("\(HumanText.count(counts.matched)) matched", .plain),
            ("\(HumanText.count(counts.delivered)) delivered", .plain),
            ("\(HumanText.count(counts.retried)) retried", counts.retried == 0 ? .plain : .yellow),
        ]
        if counts.dead > 0 { account.append(("\(HumanText.count(counts.dead)) dead", .red)) }
        for entry in counts.dropped { account.append(("\(HumanText.count(entry.count)) \(entry.reason)", .yellow)) }
        table.facts("account", account)
    }

    private func appendTimes(to table: inout TextTable) {
        var launches: [(String, TextTable.Colour)] = [("\(HumanText.count(counts.launches)) started", .plain)]
        if counts.launchFailures > 0 {
            launches.append(("\(HumanText.count(counts.launchFailures)) failed", .red))
        }
        table.facts("launches", launches + launchTime.facts)
        if runTime.count > 0 { table.facts("run time", runTime.facts) }
    }

    private func appendFailures(to table: inout TextTable, _ now: UInt64) {
        for (number, failure) in failures.prefix(Self.shownFailures).enumerated() {
            let times = failure.count > 1 ? "×\(HumanText.count(failure.count))  " : ""
            labelled(
                number == 0 ? "failures" : "", "\(table.style.moment(failure.time, now))  \(times)\(failure.words)",
                to: &table)
        }
        if failures.count > Self.shownFailures {
            labelled("", "and \(failures.count - Self.shownFailures) more (--json shows all)", .faint, to: &table)
        }
    }

    private func labelled(
        _ label: String, _ text: String, _ colour: TextTable.Colour = .plain, to table: inout TextTable
    ) {
        table.left(label, Self.indent, label.isEmpty ? .plain : .strong)
        let room = (table.style.width - Self.indent) * Self.shownLines
        table.paragraph(TextTable.cut(text, room), indent: Self.indent, colour)
    }

    private static func plural(_ count: UInt64, _ one: String, _ many: String) -> String {
        "\(count) \(count == 1 ? one : many)"
    }

    /// As it could be typed into a shell.
    private static func shell(_ command: [String]) -> String {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,=+%@")
        return command.map { word in
            !word.isEmpty && word.allSatisfy(plain.contains) ? word : "'\(word.replacing("'", with: "'\\''"))'"
        }.joined(separator: " ")
    }
}

extension ServicesReport.Definition {
    private var waits: String {
        let (first, longest) = (HumanText.setting(backoff), HumanText.setting(maxBackoff))
        return first == longest ? first : "\(first) to \(longest)"
    }

    fileprivate var facts: [(String, TextTable.Colour)] {
        var words = [framing.map { "\(mode) (\($0))" } ?? mode]
        if order != "none" { words.append("order: \(order)") }
        if let instances, instances > 1 { words.append("\(instances) instances") }
        if let lanes, lanes > 1 { words.append("\(lanes) lanes") }
        if let concurrency { words.append("\(concurrency) at a time") }
        if let inFlight { words.append("\(inFlight) in flight") }
        words.append("answers within \(HumanText.setting(ackTimeout))")
        let limit = timeLimit.map { ", for \(HumanText.setting($0)) at most" } ?? ""
        words.append("\(attempts) attempt\(attempts == 1 ? "" : "s"), \(waits) apart\(limit)")
        if let idleTimeout { words.append("stops when idle for \(HumanText.setting(idleTimeout))") }
        if let retainBytes { words.append("keeps \(HumanText.bytes(retainBytes)) at most") }
        if let retainAge { words.append("keeps for \(HumanText.setting(retainAge)) at most") }
        if let user { words.append("as \(user)") }
        if let directory { words.append("in \(directory)") }
        for limit in limits {
            words.append("\(limit.name) \(limit.soft.map(String.init) ?? "infinity")")
        }
        if onRemove != "drain" { words.append("on-remove: \(onRemove)") }
        return words.map { ($0, .plain) }
    }
}

extension ServicesReport.Times {
    fileprivate var facts: [(String, TextTable.Colour)] {
        [("p50", p50), ("p99", p99)].compactMap { name, time in
            time.map { ("\(name) \(HumanText.latency($0))", .plain) }
        }
    }
}
