// SPDX-License-Identifier: Apache-2.0
/// What a terminal is shown of bytes that a stranger wrote.

import Testing

@testable import Commands

@Suite("Foreign text in a terminal")
struct VisibleTextTests {
    private func visible(_ bytes: [UInt8], columns: Int? = nil, isColoured: Bool = false) -> String {
        var out: [UInt8] = []
        VisibleText(columns: columns, isColoured: isColoured).append(bytes.span, to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    @Test(
        "stays as it is, but what would act, hide or turn is spelled out",
        arguments: [
            ("sda1 at 97 %", "sda1 at 97 %"), ("a\nb\tc\r", "a\\nb\\tc\\r"), ("\u{1B}[2J\u{7}", "\\x1B[2J\\x07"),
            ("\u{0}\u{7F}", "\\x00\\x7F"), ("\u{9B}31m\u{85}", "\\u{9B}31m\\u{85}"),
            ("\u{202E}txt.exe\u{2066}", "\\u{202E}txt.exe\\u{2066}"), ("a\u{200B}b\u{FEFF}", "a\\u{200B}b\\u{FEFF}"),
            ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"), ("Grüße 日本 👩‍🔧 e\u{301}", "Grüße 日本 👩‍🔧 e\u{301}"),
            ("C:\\new", "C:\\new"), ("\u{E0041}", "\\u{E0041}"),
        ])
    func spelled(text: String, expected: String) { #expect(visible(Array(text.utf8)) == expected) }

    @Test("shows bytes that are no text by their numbers")
    func notText() {
        #expect(visible([0x47, 0x72, 0xFC, 0xDF, 0x65]) == "Gr\\xFC\\xDFe")
        #expect(visible([0xE2, 0x82]) == "\\xE2\\x82")
    }

    @Test(
        "is cut to its columns with a mark, and only if it needs more",
        arguments: [
            ("12345", 5, "12345"), ("123456", 5, "1234…"), ("", 1, ""), ("ab", 1, "…"), ("日本", 4, "日本"),
            ("日本語", 4, "日…"), ("日本語", 5, "日本…"), ("abc\n", 4, "abc…"), ("abc\n", 5, "abc\\n"), ("ab\u{1B}", 5, "ab…"),
            ("e\u{301}e\u{301}", 2, "e\u{301}e\u{301}"), ("e\u{301}e\u{301}e", 2, "e\u{301}…"),
        ] as [(String, Int, String)])
    func cut(text: String, columns: Int, expected: String) {
        #expect(visible(Array(text.utf8), columns: columns) == expected)
    }

    @Test("marks with colour what is spelled out, and leaves no colour open where it is cut")
    func coloured() {
        #expect(visible(Array("a\nb".utf8), isColoured: true) == "a\u{1B}[33m\\n\u{1B}[0mb")
        #expect(visible(Array("a\nbcd".utf8), columns: 3, isColoured: true) == "a…")
    }

    @Test("gives no control or format character, whatever the bytes", arguments: 0..<50)
    func any(_ run: Int) {
        let bytes = (0..<400).map { _ in UInt8.random(in: 0...255) >> UInt8.random(in: 0...1) }
        let columns = Int.random(in: 1...100)
        let text = visible(bytes, columns: columns)
        let wrong = text.unicodeScalars.filter { VisibleText.escape($0) != nil }
        #expect(wrong.isEmpty && VisibleText.width(of: text) <= columns, "\(bytes), \(columns): \(text)")
    }
}
