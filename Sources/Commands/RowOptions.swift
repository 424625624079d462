// SPDX-License-Identifier: Apache-2.0
/// The options that every list has: which rows, in what order.
///
/// Used by the verbs that show a list, one `@OptionGroup` for each list; `StateOption` where rows have a state.
/// Invariant: a key or state that does not exist is wrong usage, told with those that do.

internal import ArgumentParser
internal import Settings

struct RowOptions<Rows: ListRows>: ParsableArguments {
    @Option(
        name: .customLong(Rows.word),
        help: ArgumentHelp(
            "Only \(Rows.member) that fit: * is any text, ? any character. May be given again.",
            valueName: "pattern"))
    var patterns: [String] = []

    @Option(
        name: .customLong(Rows.sortOption),
        help: ArgumentHelp(
            "Sort the \(Rows.member); :desc puts the greatest first.",
            discussion: "KEY is one of: \(Rows.keys.joined(separator: ", ")).", valueName: "key[:desc]"))
    var sort: String?

    func validate() throws { _ = try order() }

    func query(states: [String] = []) throws -> RowQuery<Rows> {
        RowQuery(patterns: patterns.map(NamePattern.init), states: states, order: try order())
    }

    private func order() throws -> SortOrder? {
        guard let sort else { return nil }
        if let order = SortOrder(sort), Rows.keys.contains(order.key) { return order }
        let key = String(sort.prefix { $0 != ":" })
        guard Rows.keys.contains(key) else {
            throw ValidationError(
                "--\(Rows.sortOption) \"\(sort)\": there is no such key; \(Suggestion.text(for: key, among: Rows.keys))"
            )
        }
        throw ValidationError(
            "--\(Rows.sortOption) \"\(sort)\": there is no such order; \(key) or \(key):desc would be right")
    }
}

struct StateOption<Rows: ListRows>: ParsableArguments {
    @Option(
        name: .customLong("state"),
        help: ArgumentHelp(
            "Only \(Rows.member) in this state. May be given again.",
            discussion: "STATE is one of: \(Rows.states.joined(separator: ", ")).", valueName: "state"))
    var states: [String] = []

    func validate() throws {
        for state in states where !Rows.states.contains(state) {
            throw ValidationError(
                "--state \"\(state)\": there is no such state; \(Suggestion.text(for: state, among: Rows.states))")
        }
    }
}
