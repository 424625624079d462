// SPDX-License-Identifier: Apache-2.0
/// The words of a request: between blanks, or in quotes if there are blanks in one, as paths may have.
///
/// Used by ControlRequest for every line, and to write those words that may hold anything.
/// Invariant: `split` of what `quoted` made is the word that it was made of.

enum RequestWords {
    /// A word that begins with `"` ends with the next one; `\"` and `\\` stand for themselves in it.
    static func split(_ line: String) throws(ControlFault) -> [String] {
        var words: [String] = []
        var rest = line.unicodeScalars[...]
        while true {
            rest = rest.drop(while: isBlank)
            guard let first = rest.first else { return words }
            if first == "\"" {
                words.append(try takeQuoted(&rest))
            } else {
                let word = rest.prefix { !isBlank($0) }
                words.append(String(word))
                rest = rest[word.endIndex...]
            }
        }
    }

    /// As `split` reads it back.
    static func quoted(_ word: String) -> String {
        guard word.isEmpty || word.first == "\"" || word.unicodeScalars.contains(where: isBlank) else { return word }
        return "\"" + word.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    /// Whether a line can hold it at all.
    static func isSpeakable(_ text: String) -> Bool {
        !text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\t" && $0 != "\r" }
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" || scalar == "\r" }

    private static func takeQuoted(_ rest: inout Substring.UnicodeScalarView) throws(ControlFault) -> String {
        var word = String.UnicodeScalarView()
        let start = rest
        rest.removeFirst()
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"":
                guard rest.first.map(isBlank) ?? true else { throw fault(start, "has something right behind it") }
                return String(word)
            case "\\":
                guard let escaped = rest.popFirst(), escaped == "\"" || escaped == "\\" else {
                    throw fault(start, "has a \\ with neither \" nor \\ behind it")
                }
                word.append(escaped)
            default: word.append(scalar)
            }
        }
        throw fault(start, "has no end")
    }

    private static func fault(_ word: Substring.UnicodeScalarView, _ what: String) -> ControlFault {
        ControlFault("the word in quotes that begins with \(ControlFault.quotable(String(word))) \(what)")
    }
}
