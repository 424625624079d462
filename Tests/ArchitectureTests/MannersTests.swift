// SPDX-License-Identifier: Apache-2.0
/// What every file of ours has to look like: licence line, a header that says what it is, its length and that of its
/// functions, and where unsafe code and atomics may stand.
/// Invariant: each failure names file and line.

import Testing

@Suite("Manners of the sources")
struct MannersTests {
    static let suffixes = [".swift", ".c", ".h"]
    static let folders = ["Sources", "Tests"]

    @Test("a file opens with the licence's SPDX line")
    func licence() throws {
        for file in try SourceTree.files(in: Self.folders, suffixes: Self.suffixes) {
            #expect(file.lines.first == "// SPDX-License-Identifier: Apache-2.0", "\(file.path):1")
        }
    }

    @Test("a file says in 3 to 10 lines what it is, before its first declaration")
    func header() throws {
        for file in try SourceTree.files(in: Self.folders, suffixes: Self.suffixes) where file.lineCount > 6 {
            let rest = file.lines.dropFirst().drop { line in
                line.isEmpty || line.contains(#/^\s*((public|package|internal|private|@testable) )?import /#)
                    || line.contains(/^#(pragma|include|if|ifndef|define)/)
            }
            let header = rest.prefix { $0.hasPrefix("//") }
            #expect((3...10).contains(header.count), "\(file.path): its header has \(header.count) lines")
        }
    }

    @Test("a file has at most 300 lines")
    func length() throws {
        for file in try SourceTree.files(in: Self.folders, suffixes: Self.suffixes) {
            #expect(file.lineCount <= 300, "\(file.path): \(file.lineCount) lines")
        }
    }

    @Test("a function has at most 40 lines")
    func functionLength() throws {
        for file in try SourceTree.files(in: Self.folders, suffixes: [".swift"]) {
            for function in FunctionExtent.all(in: file.text) {
                #expect(function.lineCount <= 40, "\(file.path):\(function.firstLine): \(function.lineCount) lines")
            }
        }
    }

    /// LinuxIO and Ring, and the one place that calls libsystemd.
    static func mayBeUnsafe(_ file: SourceFile) -> Bool {
        file.module == "LinuxIO" || file.module == "Ring"
            || (file.module == "HotRestart" && file.text.contains(/(?m)^\s*(\w+ )?import CSystemd$/))
    }

    @Test("unsafe code stands only in LinuxIO, Ring and the file that wraps libsystemd")
    func unsafeFence() throws {
        for file in try SourceTree.files(in: ["Sources"], suffixes: [".swift"]) where !Self.mayBeUnsafe(file) {
            let code = SwiftText.code(of: file.text).split(separator: "\n", omittingEmptySubsequences: false)
            for (number, line) in code.enumerated() {
                #expect(
                    !line.contains(/\bunsafe\b|\b[Uu]nsafe(ly)?[A-Z]|\bwithUnsafe|@unchecked\b/),
                    "\(file.path):\(number + 1)")
            }
        }
    }

    /// A load that acquires, a store that releases, an exchange: of Synchronization or of Ring's own words.
    static let ordered = /\.(acquire|exchange)\(|\.release\(.+,.*\)|ordering: \.(acquiring|releasing|sequentially)/

    @Test("every acquire and release in Ring names its partner")
    func partners() throws {
        for file in try SourceTree.files(in: ["Sources/Ring"], suffixes: [".swift"]) {
            for line in Self.nameless(file.text) { Issue.record("\(file.path):\(line): pairs with what?") }
        }
    }

    /// The numbers of the lines with an ordered access whose partner is named neither in the three lines before them
    /// (or before the accesses that they directly follow), nor on the line itself, nor on the next.
    static func nameless(_ text: String) -> [Int] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        func isOrdered(_ number: Int) -> Bool {
            let code = lines[number].prefix { $0 != "/" }
            return code.contains(ordered) && !code.contains("func ")
        }
        return lines.indices.filter(isOrdered).filter { number in
            var first = number
            while first > 0, isOrdered(first - 1) { first -= 1 }
            let around = lines[max(0, first - 3)...min(lines.count - 1, number + 1)]
            return !around.contains { $0.contains(/\/\/.*\b[Pp]airs? with/) }
        }.map { $0 + 1 }
    }

    @Test(
        "an atomic without a partner is found, one with is not",
        arguments: [
            ("words.acquire(8)", [1]), ("let a = b\n\n\n\nwords.release(1, 8)", [5]),
            ("words.acquire(8)  // pairs with publish", []),
            (
                "// Release: pairs with x.\n\nat.release(1, 0)\nat.release(2, 8)\nat.release(3, 16)\nat.release(4, 24)",
                []
            ),
            ("descriptor.release()", []),
        ])
    func finds(text: String, lines: [Int]) {
        #expect(Self.nameless(text) == lines)
    }
}
