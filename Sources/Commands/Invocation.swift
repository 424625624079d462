// SPDX-License-Identifier: Apache-2.0
/// The order of the arguments: `belfry --control SOCKET status` is `belfry status --control SOCKET`.
///
/// Used once, before the arguments are parsed.
/// Invariant: nothing is added, nothing lost; arguments behind the verb keep their order.

enum Invocation {
    static func ordered(_ arguments: [String]) -> [String] {
        guard let first = arguments.first else { return [] }
        let count = first == "--control" ? 2 : first.hasPrefix("--control=") ? 1 : 0
        guard count > 0, arguments.count > count, !arguments[count].hasPrefix("-") else { return arguments }
        return [arguments[count]] + arguments.prefix(count) + arguments.dropFirst(count + 1)
    }
}
