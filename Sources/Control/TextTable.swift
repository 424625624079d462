// SPDX-License-Identifier: Apache-2.0
/// Lines of text in columns, with or without the colours of a terminal.
///
/// Used by the text forms of both reports.
/// Invariant: colours never change where a column stands; control characters of what is shown never reach a terminal.

struct TextTable {
    enum Colour: String {
        case plain = "0"
        case strong = "1"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case faint = "2"
    }

    static let width = 80

    let coloured: Bool
    private(set) var bytes: [UInt8] = []
    private var line = ""

    init(coloured: Bool) { self.coloured = coloured }

    /// A cell of `width` characters at the left; what is too long is cut.
    mutating func left(_ text: String, _ width: Int, _ colour: Colour = .plain) {
        let shown = Self.cut(text, width)
        paint(shown, colour)
        line += String(repeating: " ", count: width - shown.count)
    }

    /// A cell at the right, one blank before it at least.
    mutating func right(_ text: String, _ width: Int, _ colour: Colour = .plain) {
        line += String(repeating: " ", count: max(1, width - text.count))
        paint(text, colour)
    }

    mutating func text(_ text: String, _ colour: Colour = .plain) { paint(Self.printable(text), colour) }

    mutating func end() {
        while line.last == " " { line.removeLast() }
        bytes.append(contentsOf: line.utf8)
        bytes.append(0x0A)
        line = ""
    }

    /// Long text over several lines, each indented, broken at blanks.
    mutating func paragraph(_ text: String, indent: Int, _ colour: Colour = .plain) {
        let room = Self.width - indent
        var rest = Substring(Self.printable(text))
        while !rest.isEmpty {
            let head = rest.count <= room ? rest[...] : Self.firstLine(rest, room)
            line = String(repeating: " ", count: indent)
            paint(String(head), colour)
            end()
            rest = rest[head.endIndex...].drop { $0 == " " }
        }
    }

    static func cut(_ text: String, _ width: Int) -> String {
        let shown = printable(text)
        return shown.count <= width ? shown : shown.prefix(width - 1) + "…"
    }

    private mutating func paint(_ text: String, _ colour: Colour) {
        line += coloured && colour != .plain ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    private static func firstLine(_ text: Substring, _ room: Int) -> Substring {
        let head = text.prefix(room)
        guard let blank = head.lastIndex(of: " "), blank > head.startIndex else { return head }
        return text[..<blank]
    }

    private static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) ? " " : $0 }))
    }
}
