// SPDX-License-Identifier: Apache-2.0
/// By which key, and which end first: `KEY`, `KEY:asc` or `KEY:desc`.
///
/// Used by RowQuery.
/// Invariant: what is not known (null) comes last in both directions; numbers are compared as numbers, all else as text,
/// an object of counts by their sum.

internal import Control

struct SortOrder: Equatable {
    let key: String
    let isDescending: Bool

    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        switch (parts.count, parts.last) {
        case (1, _), (2, "asc"): isDescending = false
        case (2, "desc"): isDescending = true
        default: return nil
        }
        key = String(parts[0])
    }

    func isBefore(_ left: JSONValue, _ right: JSONValue) -> Bool {
        switch (Rank(left), Rank(right)) {
        case (.number(let left), .number(let right)): isDescending ? left > right : left < right
        case (.text(let left), .text(let right)): isDescending ? left > right : left < right
        case (.unknown, _): false
        case (_, .unknown): true
        case (.number, .text): true
        case (.text, .number): false
        }
    }

    private enum Rank {
        case unknown
        case number(Double)
        case text(String)

        init(_ value: JSONValue) {
            switch value {
            case .number(let digits): self = .number(Double(digits) ?? 0)
            case .string(let text): self = .text(text)
            case .bool(let value): self = .number(value ? 1 : 0)
            case .object(let members): self = .number(members.reduce(0) { $0 + Double($1.value.count ?? 0) })
            case .array(let elements): self = .number(Double(elements.count))
            case .null: self = .unknown
            }
        }
    }
}
