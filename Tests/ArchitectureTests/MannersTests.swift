// SPDX-License-Identifier: Apache-2.0
/// What every file of ours has to look like: licence line, a header that says what it is, its length and that of its
/// functions, and where unsafe code and atomics may stand.
/// Invariant: each failure names file and line.

import Testing

@Suite("Manners of the sources")
struct MannersTests {
    static let suffixes = [".swift", ".c", ".h"]
    static let folders = ["Sources", "Tests"]

    /// Every file of ours for which the rule has a complaint, with the complaint.
    private static func complaints(
        in folders: [String] = folders, suffixes: [String] = suffixes, _ rule: (SourceFile) -> [String]
    ) throws -> [String] {
        try SourceTree.files(in: folders, suffixes: suffixes).flatMap { file in
            rule(file).map { "\(file.path)\($0)" }
        }
    }

    @Test("a file opens with the licence's SPDX line")
    func licence() throws {
        let wanted: Substring = "// SPDX-License-Identifier: Apache-2.0"
        #expect(try Self.complaints { $0.lines.first == wanted ? [] : [":1: \($0.lines.first ?? "empty")"] } == [])
    }

    @Test("a source says in 3 to 10 lines what it is, before its first declaration")
    func sourceHeader() throws {
        let complaints = try Self.complaints(in: ["Sources"]) { file in
            let count = Self.headerLines(file)
            return (3...10).contains(count) ? [] : [": its header has \(count) lines"]
        }
        #expect(complaints == [])
    }

    @Test("a test's file says what it is about before its first declaration")
    func testHeader() throws {
        let complaints = try Self.complaints(in: ["Tests"]) { Self.headerLines($0) > 0 ? [] : [": has no header"] }
        #expect(complaints == [])
    }

    /// How many comment lines come first behind the SPDX line; imports and the like may stand before them.
    static func headerLines(_ file: SourceFile) -> Int {
        file.lines.dropFirst().drop { line in
            line.isEmpty || line.contains(#/^((public|package|internal|private|@testable) )?import /#)
                || line.hasPrefix("#")
        }.prefix { $0.hasPrefix("//") }.count
    }

    @Test("a file has at most 300 lines")
    func length() throws {
        let complaints = try Self.complaints { $0.lineCount <= 300 ? [] : [": \($0.lineCount) lines"] }
        #expect(complaints == [])
    }

    @Test("a function has at most 40 lines")
    func functionLength() throws {
        let complaints = try Self.complaints(suffixes: [".swift"]) { file in
            FunctionExtent.all(in: file.text).filter { $0.lineCount > 40 }
                .map { ":\($0.firstLine): \($0.lineCount) lines" }
        }
        #expect(complaints == [])
    }

    /// LinuxIO and Ring, what C calls, and the one place that calls libsystemd.
    static func mayBeUnsafe(_ file: SourceFile) -> Bool {
        file.module == "LinuxIO" || file.module == "Ring" || file.module == "HotRestartC"
            || (file.module == "HotRestart" && file.text.contains(/(?m)^\s*(\w+ )?import CSystemd$/))
    }

    @Test("unsafe code stands only in LinuxIO, Ring, the face to C and the file that wraps libsystemd")
    func unsafeFence() throws {
        let complaints = try Self.complaints(in: ["Sources"], suffixes: [".swift"]) { file in
            Self.mayBeUnsafe(file) ? [] : Self.unsafeLines(file.text).map { ":\($0)" }
        }
        #expect(complaints == [])
    }

    /// The numbers of the lines with unsafe code.
    static func unsafeLines(_ text: String) -> [Int] {
        // Simple: Unicode's own rule sees no boundary at the dot of `a.withUnsafeBytes`.
        let sign = /\bunsafe\b|\b(with)?[Uu]nsafe(ly)?[A-Z]|@unchecked\b/.wordBoundaryKind(.simple)
        let lines = SwiftText.code(of: text).split(separator: "\n", omittingEmptySubsequences: false)
        return lines.indices.filter { lines[$0].contains(sign) }.map { $0 + 1 }
    }

    @Test(
        "unsafe code is found, the word in a comment is not",
        arguments: [
            ("unsafe x()", [1]), ("\nlet p: UnsafeRawPointer", [2]), ("a.withUnsafeBytes {}", [1]), ("// unsafe", []),
            ("nonisolated(unsafe) var a", [1]), ("struct A: @unchecked Sendable {}", [1]), ("isUnsafeToday()", []),
        ])
    func findsUnsafe(text: String, lines: [Int]) {
        #expect(Self.unsafeLines(text) == lines)
    }

    /// A load that acquires, a store that releases, an exchange: of Synchronization or of Ring's own words.
    static var ordered: some RegexComponent {
        /\.(acquire|exchange)\(|\.release\(.+,.*\)|ordering: \.(acquiring|releasing|sequentially)/
    }

    @Test("every acquire and release in Ring names its partner")
    func partners() throws {
        let complaints = try Self.complaints(in: ["Sources/Ring"], suffixes: [".swift"]) { file in
            Self.nameless(file.text).map { ":\($0)" }
        }
        #expect(complaints == [])
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
