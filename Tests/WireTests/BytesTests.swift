// SPDX-License-Identifier: Apache-2.0
/// What looks at many bytes at once, held against the same done byte by byte.

import Testing

@testable import Wire

@Suite("Bytes")
struct BytesTests {
    @Test(
        "are copied to their place, and nothing beside it is touched",
        arguments: [0, 1, 7, 8, 9, 15, 16, 31, 32, 33, 64, 95])
    func put(length: Int) {
        let part = [UInt8]((0..<length).map { UInt8(truncatingIfNeeded: $0 + 1) })
        for place in [0, 3] {
            var all = [UInt8](repeating: 0xEE, count: place + length + 2)
            var span = all.mutableSpan
            span.put(part.span, at: place)
            #expect(all == [UInt8](repeating: 0xEE, count: place) + part + [0xEE, 0xEE])
        }
    }

    @Test(
        "eight digits of a number",
        arguments: [
            (0, "00000000"), (7, "00000007"), (90, "00000090"), (9_999, "00009999"), (10_000, "00010000"),
            (12_345_678, "12345678"), (99_009_900, "99009900"), (99_999_999, "99999999"),
        ] as [(UInt64, String)])
    func digits(number: UInt64, text: String) {
        let word = eightDigits(number)
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) }
        #expect(String(decoding: bytes, as: Unicode.UTF8.self) == text)
    }

    @Test("text is plain exactly if each of its bytes is", arguments: [1, 7, 8, 9, 16, 31, 32, 33, 48, 63])
    func plain(length: Int) {
        let special: Set<UInt8> = [0x22, 0x5C]
        for place in 0..<length {
            var text = [UInt8](repeating: 0x61, count: length)
            let wrong = (UInt8.min...UInt8.max).filter { byte in
                text[place] = byte
                return JSONText.isPlain(text.span) != ((0x20..<0x7F).contains(byte) && !special.contains(byte))
            }
            #expect(wrong == [], "at \(place)")
        }
    }

    /// The places of spaces from `start` on, up to the first that is at the limit or behind it.
    private func spaces(in text: [UInt8], from start: Int, before limit: Int) -> [Int]? {
        guard var places = BytePlaces(of: 0x20, in: text.span, from: start) else { return nil }
        var found: [Int] = []
        while let place = places.next(in: text.span, before: limit) { found.append(place) }
        return found
    }

    @Test("all places of a byte are found, in their order, from where it was asked for")
    func places() {
        // What lies one above a space, and behind one, is what a hasty search takes for one.
        let text = [UInt8]("  a !!  bcdefgh ! i\u{1}    klm".utf8)
        for start in text.indices {
            let all = text.indices.filter { $0 >= start && text[$0] == 0x20 }
            #expect(spaces(in: text, from: start, before: text.count) == all)
        }
    }

    @Test("no place is told of at a limit or behind it, and none of a text of less than a word")
    func limit() {
        let text = [UInt8]("abcd efgh ijkl".utf8)
        #expect(spaces(in: text, from: 0, before: 9) == [4])
        #expect(spaces(in: text, from: 0, before: 10) == [4, 9])
        #expect(spaces(in: Array(text.prefix(7)), from: 0, before: 7) == nil)
    }
}
