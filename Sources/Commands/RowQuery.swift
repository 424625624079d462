// SPDX-License-Identifier: Apache-2.0
/// Which rows of a report's list are shown, and in what order.
///
/// Made by RowOptions, applied to the broker's JSON before it is printed or made into text. Pure.
/// Invariant: rows are chosen and moved, never changed; rows that compare equal keep their order.

internal import Control
internal import Settings

struct RowQuery<Rows: ListRows> {
    var patterns: [NamePattern] = []
    var states: [String] = []
    var order: SortOrder?

    /// Whether it leaves rows out.
    var isFilter: Bool { !patterns.isEmpty || !states.isEmpty }

    /// Throws if a pattern fits no row at all.
    func apply(to report: JSONValue) throws(Failure) -> JSONValue {
        guard isFilter || order != nil, case .object(var members) = report,
            let place = members.firstIndex(where: { $0.name == Rows.member })
        else { return report }
        switch members[place].value {
        case .array(let elements):
            let rows = try choose(elements.map { Row(name: Self.name($0), value: $0) })
            members[place].value = .array(rows.map(\.value))
        case .object(let named):
            let rows = try choose(named.map { Row(name: $0.name, value: $0.value) })
            members[place].value = .object(rows.map { JSONValue.Member($0.name, $0.value) })
        default: break
        }
        return .object(members)
    }

    private struct Row {
        let name: String
        let value: JSONValue

        func value(of key: String) -> JSONValue {
            value[key] ?? (key == Rows.identity ? .string(name) : .null)
        }
    }

    private static func name(_ row: JSONValue) -> String {
        row[Rows.identity].map { $0.string ?? $0.count.map { "\($0)" } ?? "" } ?? ""
    }

    private func choose(_ rows: [Row]) throws(Failure) -> [Row] {
        for pattern in patterns where !rows.contains(where: { pattern.fits($0.name) }) {
            throw Self.nothingFits(pattern, rows.map(\.name))
        }
        let chosen = rows.filter { row in
            (patterns.isEmpty || patterns.contains { $0.fits(row.name) })
                && (states.isEmpty || states.contains(row.value["state"]?.string ?? ""))
        }
        guard let order else { return chosen }
        return chosen.enumerated().sorted { left, right in
            let (first, second) = (left.element.value(of: order.key), right.element.value(of: order.key))
            if order.isBefore(first, second) { return true }
            return !order.isBefore(second, first) && left.offset < right.offset
        }.map(\.element)
    }

    private static func nothingFits(_ pattern: NamePattern, _ names: [String]) -> Failure {
        Failure(
            names.isEmpty
                ? "there is no \(Rows.word) \"\(pattern.text)\", nor any other"
                : "there is no \(Rows.word) \"\(pattern.text)\"; \(Suggestion.text(for: pattern.text, among: names))")
    }
}
