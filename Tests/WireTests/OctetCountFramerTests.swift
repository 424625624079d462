// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

/// Counted syslog messages out of a stream, however it is cut.
@Suite struct OctetCountFramerTests {
    private func frames(_ text: String, limit: Int = 100, inPiecesOf size: Int) -> ([String], Refusal?) {
        let framer = OctetCountFramer(limit: limit)
        let bytes = ascii(text)
        var found: [String] = []
        var (start, end) = (0, 0)
        while true {
            let ended = end == bytes.count
            end = min(end + size, bytes.count)
            let piece = Array(bytes[start..<end])
            var index = 0
            search: while true {
                switch framer.next(in: piece.span, from: index, ended: ended) {
                case .frame(let range, let next):
                    found.append(String(decoding: piece[range], as: UTF8.self))
                    index = next
                case .more(let from):
                    index = from
                    break search
                case .refused(let refusal): return (found, refusal)
                }
            }
            start += index
            if ended { return (found, nil) }
        }
    }

    @Test("messages follow each other, with a newline inside or uncounted behind them, in any pieces")
    func cuts() {
        let text = "5 <13>a7 <13>b\nc\n6 <13>dd\r\n12 <13>12345678\n"
        for size in 1...text.utf8.count {
            let (found, refusal) = frames(text, inPiecesOf: size)
            #expect(found == ["<13>a", "<13>b\nc", "<13>dd", "<13>12345678"] && refusal == nil, "pieces of \(size)")
        }
    }

    @Test(
        "what has no count ends the stream, and what stood before it is there",
        arguments: ["1 ax <13>", "1 a<13>x", "1 a0 x", "1 a01 x", "1 a12345678 x", "1 a5x", "1 a-5 x", "1 a "])
    func refusesMissingCount(_ text: String) {
        for size in 1...text.utf8.count {
            let (found, refusal) = frames(text, limit: 10_000_000, inPiecesOf: size)
            #expect(found == ["a"] && refusal == .badFrame)
        }
    }

    @Test("a count over the limit is refused without waiting for the message")
    func refusesLonger() {
        let framer = OctetCountFramer(limit: 9)
        #expect(framer.next(in: ascii("10").span, from: 0, ended: false) == .refused(.tooLarge))
        #expect(frames("9 123456789", limit: 9, inPiecesOf: 3).0 == ["123456789"])
    }

    @Test("a stream that ends inside a message is truncated, at whatever byte")
    func noticesTruncation() {
        let whole = "12 <13>12345678"
        for count in 1..<whole.utf8.count {
            #expect(frames(String(whole.prefix(count)), inPiecesOf: 100).1 == .truncated, "after \(count) bytes")
        }
    }
}
