// SPDX-License-Identifier: Apache-2.0
/// The arguments before they are parsed: `belfry --control SOCKET status` is `belfry status --control SOCKET`, and a verb
/// that does not exist is told with the one that was probably meant.
///
/// Invariant: nothing is added, nothing lost; arguments behind the verb keep their order.

internal import ArgumentParser
internal import Settings

enum Invocation {
    static func ordered(_ arguments: [String]) -> [String] {
        guard let first = arguments.first else { return [] }
        let count = first == "--control" ? 2 : first.hasPrefix("--control=") ? 1 : 0
        guard count > 0, arguments.count > count, !arguments[count].hasPrefix("-") else { return arguments }
        return [arguments[count]] + arguments.prefix(count) + arguments.dropFirst(count + 1)
    }

    /// `hidden` ones are understood, but never proposed.
    static func checkVerb(
        _ arguments: [String], among verbs: [String], or hidden: [String]
    ) throws(ValidationError) {
        let verb = arguments.first == "help" ? arguments.dropFirst().first : arguments.first
        guard let verb, !verb.hasPrefix("-"), !verbs.contains(verb), !hidden.contains(verb) else { return }
        throw ValidationError("there is no command \"\(verb)\"; \(Suggestion.text(for: verb, among: verbs))")
    }
}
