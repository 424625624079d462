// SPDX-License-Identifier: Apache-2.0
/// Holds the `import` lines of the sources to the table in docs/architecture.md: the package manager alone accepts a
/// transitive import. The table is read from the page itself, so page and test can't differ.
/// Invariant: a module without a row, and a row without a module, are failures too.

import Testing

/// The rows of the table: module, and what it may import.
struct ImportTable {
    var allowed: [String: Set<String>] = [:]

    init() throws {
        let page = try SourceTree.file("docs/architecture.md")
        for line in page.lines {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
            guard cells.count == 5, let module = Self.names(cells[1]).first else { continue }
            allowed[module] = Set(Self.names(cells[2]) + Self.names(cells[3]))
        }
    }

    /// The names in backticks.
    private static func names(_ cell: Substring) -> [String] {
        cell.matches(of: /`([A-Za-z]+)`/).map { String($0.1) }
    }

    /// The modules that a Swift source imports, with their line numbers.
    static func imports(of text: String) -> [(line: Int, module: String)] {
        let lines = SwiftText.code(of: text).split(separator: "\n", omittingEmptySubsequences: false)
        return lines.enumerated().compactMap { number, line in
            line.firstMatch(of: /^\s*(?:@?\w+(?:\([^)]*\))?\s+)*?import\s+(?:[a-z]+\s+)?(\w+)/)
                .map { (number + 1, String($0.1)) }
        }
    }
}

@Suite("The import table")
struct ImportTableTests {
    @Test("every import of a module stands in its row of docs/architecture.md")
    func imports() throws {
        let table = try ImportTable()
        let complaints = try SourceTree.files(in: ["Sources"], suffixes: [".swift"]).flatMap { file in
            ImportTable.imports(of: file.text)
                .filter { table.allowed[file.module]?.contains($0.module) != true }
                .map { "\(file.path):\($0.line): \(file.module) may not import \($0.module)" }
        }
        #expect(complaints == [])
    }

    @Test("the table has a row for each module and for nothing else")
    func rows() throws {
        #expect(try ImportTable().allowed.keys.sorted() == SourceTree.folders(in: "Sources"))
    }

    @Test("C sources include only system headers and their own module's")
    func includes() throws {
        for file in try SourceTree.files(in: ["Sources"], suffixes: [".c", ".h"]) {
            for (number, line) in file.lines.enumerated() {
                guard let name = line.firstMatch(of: /^\s*#\s*include\s+"([^"]+)"/)?.1 else { continue }
                let own = try SourceTree.files(in: ["Sources/\(file.module)"], suffixes: [".h"]).map(\.name)
                #expect(own.contains(String(name)), "\(file.path):\(number + 1): includes \(name)")
            }
        }
    }

    @Test(
        "an import line is recognised in each of its forms",
        arguments: [
            ("import Ring", ["Ring"]), ("package import Wire", ["Wire"]), ("@preconcurrency import Yams", ["Yams"]),
            ("internal import struct Foundation.Data", ["Foundation"]), ("// import Ring", []),
            ("let important = 1", []),
        ])
    func forms(text: String, modules: [String]) {
        #expect(ImportTable.imports(of: text).map(\.module) == modules)
    }
}
