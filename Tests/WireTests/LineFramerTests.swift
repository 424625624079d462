// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

/// Lines out of a stream, however it is cut.
@Suite struct LineFramerTests {
    /// Feeds `text` in pieces of `size` bytes, then ends it, as the acceptor does: what is used is dropped.
    private func lines(_ text: String, limit: Int, inPiecesOf size: Int) -> ([String], Refusal?) {
        var framer = LineFramer(limit: limit)
        var buffer: [UInt8] = []
        var rest = ascii(text)[...]
        var found: [String] = []
        while true {
            let ended = rest.isEmpty
            buffer += rest.prefix(size)
            rest = rest.dropFirst(size)
            var start = 0
            search: while true {
                switch framer.next(in: buffer.span, from: start, ended: ended) {
                case .frame(let range, let next):
                    found.append(String(decoding: buffer[range], as: UTF8.self))
                    start = next
                case .more(let from):
                    start = from
                    break search
                case .refused(let refusal): return (found, refusal)
                }
            }
            buffer.removeFirst(start)
            if ended { return (found, nil) }
        }
    }

    private static let cases: [(String, [String])] = [
        ("one\ntwo\n", ["one", "two"]), ("one\r\ntwo\r\n", ["one", "two"]), ("one\ntwo", ["one", "two"]),
        ("\n\n\r\none\n\n", ["one"]), ("", []), ("\n", []), ("a\rb\n", ["a\rb"]), ("\r\r\n", ["\r"]), ("x\r", ["x\r"]),
        ("\0\n", ["\0"]),
    ]

    @Test("lines lose their ends, empty ones are skipped, the last needs no end", arguments: cases)
    func cuts(_ text: String, _ expected: [String]) {
        #expect(lines(text, limit: 100, inPiecesOf: 1000).0 == expected)
    }

    @Test("pieces of any size give the same lines", arguments: cases)
    func doesNotDependOnPieces(_ text: String, _ expected: [String]) {
        for size in 1...5 { #expect(lines(text, limit: 100, inPiecesOf: size).0 == expected) }
    }

    @Test("a line may have exactly the limit, with either end", arguments: ["12345\n", "12345\r\n", "12345"])
    func acceptsTheLimit(_ text: String) {
        for size in 1...8 {
            let (found, refusal) = lines(text, limit: 5, inPiecesOf: size)
            #expect(found == ["12345"] && refusal == nil)
        }
    }

    @Test(
        "a longer line is refused, ended or not, and what stood before it is there",
        arguments: ["ok\n123456\n", "ok\n123456", "ok\n123456\r\n", "ok\n12345\r7\n"])
    func refusesLonger(_ text: String) {
        for size in 1...8 {
            let (found, refusal) = lines(text, limit: 5, inPiecesOf: size)
            #expect(found == ["ok"] && refusal == .lineTooLong)
        }
    }

    @Test("an endless line is refused one byte after the limit, without waiting for its end")
    func boundsMemory() {
        var framer = LineFramer(limit: 5)
        #expect(framer.next(in: ascii("12345").span, from: 0, ended: false) == .more(from: 0))
        #expect(framer.next(in: ascii("123456").span, from: 0, ended: false) == .refused(.lineTooLong))
    }
}
