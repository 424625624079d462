// SPDX-License-Identifier: Apache-2.0
/// A name as a user of a shell would abbreviate it: `*` is any text, `?` any one character.
///
/// Used by RowQuery.
/// Invariant: a pattern without either fits its own text and nothing else; matching takes no longer than the product of
/// both lengths.

struct NamePattern: Equatable {
    let text: String

    init(_ text: String) { self.text = text }

    func fits(_ name: String) -> Bool {
        let (pattern, name) = (Array(text), Array(name))
        var (at, next) = (0, 0)
        // Where the last star stands, and how much of the name it has taken.
        var star: (at: Int, taken: Int)?
        while next < name.count {
            if at < pattern.count, pattern[at] == "*" {
                star = (at, next)
                at += 1
            } else if at < pattern.count, pattern[at] == "?" || pattern[at] == name[next] {
                at += 1
                next += 1
            } else if let last = star {
                star = (last.at, last.taken + 1)
                at = last.at + 1
                next = last.taken + 1
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == "*" }
    }
}
