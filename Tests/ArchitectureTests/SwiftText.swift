// SPDX-License-Identifier: Apache-2.0
/// Swift source read just well enough to hold it to the house rules: code apart from comments and string literals,
/// and where functions begin and end. No compiler: a brace scan.
/// Invariant: `code(of:)` keeps every line break, so that a line number in its result is one in the file.

struct SwiftText {
    private static let newline = UInt8(ascii: "\n")

    private let characters: [UInt8]
    private var place = 0
    private var result: [UInt8] = []

    private init(_ text: String) { characters = Array(text.utf8) }

    /// The text with comments and the insides of string literals blanked out.
    static func code(of text: String) -> String {
        var scanner = SwiftText(text)
        while scanner.place < scanner.characters.count { scanner.step() }
        return String(decoding: scanner.result, as: UTF8.self)
    }

    private mutating func step() {
        if starts("//") {
            while place < characters.count, characters[place] != Self.newline { blank() }
        } else if starts("/*") {
            while place < characters.count, !starts("*/") { blank() }
            blank(2)
        } else if let opening = literal() {
            skipLiteral(opening)
        } else {
            result.append(characters[place])
            place += 1
        }
    }

    /// The opening of a string literal at this place: quotes, with their number signs.
    private func literal() -> (hashes: Int, quotes: Int)? {
        var hashes = 0
        while place + hashes < characters.count, characters[place + hashes] == UInt8(ascii: "#") { hashes += 1 }
        if starts(String(repeating: "\"", count: 3), ahead: hashes) { return (hashes, 3) }
        return starts("\"", ahead: hashes) ? (hashes, 1) : nil
    }

    private mutating func skipLiteral(_ opening: (hashes: Int, quotes: Int)) {
        blank(opening.hashes + opening.quotes)
        let number = String(repeating: "#", count: opening.hashes)
        let closing = String(repeating: "\"", count: opening.quotes) + number
        while place < characters.count, !starts(closing) {
            if starts("\\\(number)(") {
                blank(2 + opening.hashes)
                skipInterpolation()
            } else {
                blank(starts("\\\(number)") ? 2 + opening.hashes : 1)
            }
        }
        blank(closing.count)
    }

    /// Blanks out to the parenthesis that closes an interpolation; literals may lie in it again.
    private mutating func skipInterpolation() {
        var depth = 1
        while place < characters.count, depth > 0 {
            if let inner = literal() {
                skipLiteral(inner)
                continue
            }
            if characters[place] == UInt8(ascii: "(") { depth += 1 }
            if characters[place] == UInt8(ascii: ")") { depth -= 1 }
            blank()
        }
    }

    private func starts(_ word: String, ahead: Int = 0) -> Bool {
        characters.dropFirst(place + ahead).starts(with: word.utf8)
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where place < characters.count {
            result.append(characters[place] == Self.newline ? Self.newline : UInt8(ascii: " "))
            place += 1
        }
    }
}

/// A function with a body.
struct FunctionExtent: Equatable {
    let firstLine: Int
    let lineCount: Int

    /// All functions, initializers and deinitializers of a Swift text.
    static func all(in text: String) -> [FunctionExtent] {
        let lines = SwiftText.code(of: text).split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
        return lines.indices.compactMap { first in
            guard opensFunction(String(lines[first])) else { return nil }
            return extent(of: lines, from: first)
        }
    }

    private static func opensFunction(_ line: String) -> Bool {
        line.contains(/(^|\s)(func\s+\S|init\s*[?(<]|deinit\s*\{)/) && !line.contains(/(self|super)\.init/)
    }

    /// From the first line to the brace that closes the body; nil for a requirement, which has none.
    private static func extent(of lines: [[Character]], from first: Int) -> FunctionExtent? {
        var depth = 0
        var parentheses = 0
        for number in first..<lines.count {
            for character in lines[number] {
                switch character {
                case "(": parentheses += 1
                case ")": parentheses -= 1
                case "{": depth += 1
                case "}":
                    depth -= 1
                    if depth == 0 { return FunctionExtent(firstLine: first + 1, lineCount: number - first + 1) }
                    if depth < 0 { return nil }
                default: break
                }
            }
            if depth == 0, parentheses == 0, !continues(lines, number + 1) { return nil }
        }
        return nil
    }

    /// Whether a line goes on with the signature of the line before.
    private static func continues(_ lines: [[Character]], _ number: Int) -> Bool {
        guard number < lines.count else { return false }
        return String(lines[number]).contains(/^\s*(\{|->|where|throws|async|rethrows|\))/)
    }
}
