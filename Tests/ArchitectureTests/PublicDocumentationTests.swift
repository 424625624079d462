// SPDX-License-Identifier: Apache-2.0
/// Every public declaration of a library product says what it is, in a comment of its own.
/// Invariant: a failure names file, line and declaration.

import Testing

@Suite("The public libraries")
struct PublicDocumentationTests {
    static let libraries = ["Sources/BelfryClient", "Sources/HotRestart"]

    @Test("document every public declaration")
    func documented() throws {
        let files = try SourceTree.files(in: Self.libraries, suffixes: [".swift"])
        let complaints = files.flatMap { file in
            Self.bare(file.text).map { "\(file.path):\($0.line): \($0.declaration)" }
        }
        #expect(complaints == [])
        #expect(files.flatMap { Self.publicLines($0.text) }.count > 50, "the rule sees nothing")
    }

    /// A case of a public enum is public without the word.
    private static var declaration: some RegexComponent {
        /^\s*(@\w+(\([^)]*\))?\s+)*public\s+(?!import|extension|internal|package|private|fileprivate)|^\s*case \w+/
    }

    /// The numbers of lines that declare something public. Cases count in files that declare a public enum.
    static func publicLines(_ text: String) -> [Int] {
        let lines = SwiftText.code(of: text).split(separator: "\n", omittingEmptySubsequences: false)
        var enumIndent: Int?
        return lines.indices.filter { number in
            let line = lines[number]
            let indent = line.prefix { $0 == " " }.count
            if let open = enumIndent, indent <= open, line.contains("}") { enumIndent = nil }
            defer { if line.contains("public enum ") || line.contains("public indirect enum ") { enumIndent = indent } }
            guard line.contains("public") || line.contains("case "), line.contains(declaration) else { return false }
            return line.contains("public") || enumIndent.map { indent == $0 + 4 } ?? false
        }.map { $0 + 1 }
    }

    static func bare(_ text: String) -> [(line: Int, declaration: String)] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return publicLines(text).filter { number in
            var before = number - 2
            while before >= 0, lines[before].contains(/^\s*@/) { before -= 1 }
            return before < 0 || !lines[before].contains(/^\s*\/\/\//)
        }.map { ($0, lines[$0 - 1].trimmingPrefix(while: \.isWhitespace).description) }
    }

    @Test(
        "a bare declaration is found, a documented one is not",
        arguments: [
            ("public struct A {", [1]), ("/// A.\npublic struct A {", []), ("/// A.\n@frozen\npublic enum A {", []),
            ("/// A.\npublic enum A {\n    case a\n    /// B.\n    case b\n}\nenum B {\n    case c\n}", [3]),
            ("// A.\npublic func a()", [2]), ("public import Wire", []), ("    public static let a = 1", [1]),
            ("func a() {\n    switch b {\n    case c: d()\n    }\n}", []), ("@discardableResult public func a()", [1]),
            ("let text = \"public func a()\"", []), ("public extension A {", []),
        ])
    func finds(text: String, lines: [Int]) {
        #expect(Self.bare(text).map(\.line) == lines)
    }
}
