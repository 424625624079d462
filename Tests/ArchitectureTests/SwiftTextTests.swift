// SPDX-License-Identifier: Apache-2.0
/// The scanner under the other suites, on small texts: a rule whose scanner sees nothing would hold for ever.
/// Used with SwiftText.
/// Invariant: each case shows something that the scanner must see, or must not take for code.

import Testing

@Suite("Reading Swift source")
struct SwiftTextTests {
    @Test(
        "comments and string literals are blanked out, code stays",
        arguments: [
            ("a // unsafe", "a          "),
            ("a /* { */ b", "a         b"),
            (#"f("{ unsafe")"#, "f(          )"),
            (#"f("\(x["}"])") {"#, "f(           ) {"),
            ("f(#\"\"}\"#) {", "f(      ) {"),
            ("\"\"\"\n{\n\"\"\" }", "   \n \n    }"),
        ])
    func blanks(text: String, code: String) {
        #expect(SwiftText.code(of: text) == code)
    }

    @Test("a function's length goes from its first line to its closing brace")
    func measures() {
        let text = """
            protocol P {
                func without(body: Int)
            }
            func one() { if x { y() } }
            init(
                a: Int
            ) throws {
                self.init()
            }
            deinit {
            }
            """
        #expect(
            FunctionExtent.all(in: text) == [
                FunctionExtent(firstLine: 4, lineCount: 1), FunctionExtent(firstLine: 5, lineCount: 5),
                FunctionExtent(firstLine: 10, lineCount: 2),
            ])
    }
}
