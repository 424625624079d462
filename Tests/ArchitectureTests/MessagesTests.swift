// SPDX-License-Identifier: Apache-2.0
/// Holds the table of messages in docs/operations.md to the sources: what an operator looks up must be what is printed.
/// Invariant: each row's message, its varying parts (…) left out, stands in the string literals of one file, in order.

import Foundation
import Testing

@Suite("The documented messages")
struct MessagesTests {
    /// The first cells of the tables of the section, without what varies: "stdout can't be written: …" gives one part.
    static func documented(_ page: String) -> [[String]] {
        guard let section = page.split(separator: "\n## 8. Messages\n").dropFirst().first else { return [] }
        return section.split(separator: "\n").filter { $0.hasPrefix("| `") }.flatMap { row in
            row.split(separator: " | ")[0].matches(of: /`([^`]+)`/).map { parts(String($0.1)) }
        }
    }

    static func parts(_ message: String) -> [String] {
        message.split(separator: "…").map { $0.trimmingCharacters(in: .whitespaces) }.filter { $0.contains(/[A-Za-z]/) }
    }

    /// A source with its string literals in one piece: those that are added to each other or broken over lines.
    static func joined(_ text: String) -> String {
        text.replacing(/"\s*\+\s*"/, with: "").replacing(/\\\n\s*/, with: "").replacing("\\\"", with: "\"")
    }

    static func holds(_ text: String, _ parts: [String]) -> Bool {
        var rest = text[...]
        for part in parts {
            guard let place = rest.firstRange(of: part) else { return false }
            rest = rest[place.upperBound...]
        }
        return true
    }

    @Test("stand in the sources, word for word")
    func messages() throws {
        let sources = try SourceTree.files(in: ["Sources"], suffixes: [".swift"]).map { Self.joined($0.text) }
        let messages = Self.documented(try SourceTree.file("docs/operations.md").text)
        #expect(messages.count > 30)
        let missing = messages.filter { parts in
            parts.isEmpty || !sources.contains { Self.holds($0, parts) }
        }
        #expect(missing == [])
    }

    /// The literals that errors for users are made of, up to the end of their line, without interpolated values.
    static func errors(_ source: String) -> [String] {
        source.matches(of: /\b(?:Failure|ValidationError|ControlFault|StartFault)\(\s*"(.*)/).map { match in
            String(match.1).replacing(/\\\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)/, with: "…")
        }
    }

    @Test("are all that there are")
    func complete() throws {
        let documented = Self.documented(try SourceTree.file("docs/operations.md").text)
        let folders = ["Sources/Commands", "Sources/Control", "Sources/Supervision"]
        let errors = try SourceTree.files(in: folders, suffixes: [".swift"]).flatMap {
            Self.errors(Self.joined($0.text))
        }
        // What is left of a message that is all somebody else's words says nothing to look up.
        let telling = errors.filter { $0.count { $0.isLetter } >= 15 }
        #expect(telling.count > 30)
        let missing = telling.filter { error in
            !documented.contains { !$0.isEmpty && Self.holds(error, $0) }
        }
        #expect(missing == [])
    }

    @Test("are found in errors with values in them")
    func errors() {
        let source = #"throw StartFault("state folder \(path(of: x)): \(a ? "b" : "c") is full")"#
        #expect(Self.errors(source) == [#"state folder …: … is full")"#])
    }

    @Test("are found in literals that are broken over lines, and missed where a word differs")
    func finding() {
        let source = Self.joined("throw Failure(\n  \"no \\\"\\(x)\\\" here; \"\n  + \"look there\")")
        #expect(Self.holds(source, Self.parts("no \"…\" here; look there")))
        #expect(!Self.holds(source, Self.parts("no \"…\" here; look elsewhere")))
        #expect(!Self.holds(source, Self.parts("look there … here;")))
        #expect(Self.parts("…: …; a … b") == ["; a", "b"])
    }
}
