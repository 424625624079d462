// SPDX-License-Identifier: Apache-2.0
/// What is asked about dead letters and incidents: `dead list|show|replay|drop [json] WORD…`, `incidents [json] WORD…`.
///
/// Parsed by the supervisor, which knows the rights, and again by the keeper, which answers; made by the command-line tool.
/// Invariant: what changes something names letters, a filter, or `*`; never everything by leaving something out.

extension KeeperFilter {
    /// Each with a blank before it.
    package var words: String {
        var words = ids
        if let service { words.append("service=\(service)") }
        if let topic { words.append("topic=\(topic)") }
        if let kind { words.append("kind=\(kind.word)") }
        // A role's name has a blank in it.
        if let process { words.append("process=\(process.replacing(" ", with: "-"))") }
        if let since { words.append("since=\(since)") }
        if let until { words.append("until=\(until)") }
        if let limit { words.append("limit=\(limit)") }
        if isEverything { words.append("*") }
        return words.map { " " + RequestWords.quoted($0) }.joined()
    }
}

/// The words behind a verb.
struct KeeperWords {
    let verb: String
    /// Keys that the verb knows.
    let keys: [String]
    let takesIDs: Bool
    var format = ReportFormat.text
    var filter = KeeperFilter()

    init(_ verb: String, keys: [String], takesIDs: Bool) {
        self.verb = verb
        self.keys = keys
        self.takesIDs = takesIDs
    }

    mutating func parse(_ words: [String]) throws(ControlFault) {
        var words = words[...]
        if let format = words.first.flatMap(ReportFormat.init) {
            self.format = format
            words = words.dropFirst()
        }
        for word in words {
            if word == "*", takesIDs {
                filter.isEverything = true
            } else if let equals = word.firstIndex(of: "=") {
                try set(String(word[..<equals]), String(word[word.index(after: equals)...]))
            } else {
                guard takesIDs else { throw unknown(word) }
                filter.ids.append(word)
            }
        }
    }

    private mutating func set(_ key: String, _ value: String) throws(ControlFault) {
        guard keys.contains(key) else { throw unknown(key + "=") }
        switch key {
        case "service": filter.service = value
        case "topic": filter.topic = value
        // As the keeper looks for it.
        case "process": filter.process = value.replacing(" ", with: "-")
        case "kind":
            guard let kind = Incident.Kind(word: value) else {
                let kinds = Incident.Kind.allCases.map(\.word).joined(separator: ", ")
                throw ControlFault(
                    "there is no kind \"\(ControlFault.quotable(value))\"; one of \(kinds) would be right")
            }
            filter.kind = kind
        default: try set(key, number: value)
        }
    }

    private mutating func set(_ key: String, number value: String) throws(ControlFault) {
        guard let number = UInt64(value), key != "limit" || (1...KeeperFilter.mostRows).contains(number) else {
            throw ControlFault(
                key == "limit"
                    ? "limit= needs a number from 1 to \(KeeperFilter.mostRows)"
                    : "\(key)= needs a time in nanoseconds since 1970")
        }
        switch key {
        case "since": filter.since = number
        case "until": filter.until = number
        default: filter.limit = number
        }
    }

    private func unknown(_ word: String) -> ControlFault {
        let known = keys.map { $0 + "=…" }.joined(separator: ", ")
        return ControlFault(
            "\(verb) does not know \"\(ControlFault.quotable(word))\"; it knows \(takesIDs ? "ID, " : "")\(known)")
    }
}

extension ControlRequest {
    static func dead(_ arguments: [String]) throws(ControlFault) -> ControlRequest {
        guard let word = arguments.first, let action = DeadAction(rawValue: word) else {
            throw ControlFault("dead needs one of: list, show, replay, drop; send \"dead list\"")
        }
        var words = KeeperWords("dead \(word)", keys: ["service", "topic", "since", "until", "limit"], takesIDs: true)
        try words.parse(Array(arguments.dropFirst()))
        switch action {
        case .list: break
        case .show:
            guard !words.filter.ids.isEmpty else { throw ControlFault("dead show needs an id; send \"dead show 1\"") }
        case .replay, .drop:
            guard !words.filter.isEmpty else {
                throw ControlFault(
                    "dead \(word) needs ids, a filter such as service=NAME, or \"*\" for all; send \"dead \(word) 1\"")
            }
        }
        return .dead(action, words.format, words.filter)
    }

    static func incidents(_ arguments: [String]) throws(ControlFault) -> ControlRequest {
        var words = KeeperWords("incidents", keys: ["kind", "process", "since", "until", "limit"], takesIDs: false)
        try words.parse(arguments)
        return .incidents(words.format, words.filter)
    }
}
