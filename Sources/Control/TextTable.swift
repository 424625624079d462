// SPDX-License-Identifier: Apache-2.0
/// Lines of text in columns, with or without the colours of a terminal.
///
/// Used by the text forms of all reports.
/// Invariant: colours never change where a column stands; control characters of what is shown never reach a terminal.

package struct TextTable {
    package enum Colour: String {
        case plain = "0"
        case strong = "1"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case faint = "2"
    }

    package let style: TextStyle
    package private(set) var bytes: [UInt8] = []
    private var line = ""

    package init(_ style: TextStyle) { self.style = style }

    /// A cell of `width` characters at the left; what is too long is cut at its end.
    package mutating func left(_ text: String, _ width: Int, _ colour: Colour = .plain) {
        cell(Self.cut(text, width), width, colour)
    }

    /// The first cell of a row of a list: indented by two, a blank behind. A name that is too long loses its middle,
    /// because names differ at their ends.
    package mutating func name(_ text: String, _ width: Int) {
        cell("  " + Self.cutMiddle(text, width - 3), width, .plain)
    }

    /// A cell at the right, one blank before it at least.
    package mutating func right(_ text: String, _ width: Int, _ colour: Colour = .plain) {
        line += String(repeating: " ", count: max(1, width - text.count))
        paint(text, colour)
    }

    package mutating func text(_ text: String, _ colour: Colour = .plain) { paint(Self.printable(text), colour) }

    package mutating func end() {
        while line.last == " " { line.removeLast() }
        bytes.append(contentsOf: line.utf8)
        bytes.append(0x0A)
        line = ""
    }

    /// A label, and facts about it with two blanks between them; those that don't fit go on a line of their own.
    package mutating func facts(_ label: String, _ facts: [(text: String, colour: Colour)]) {
        let indent = 10
        left(label, indent, .strong)
        var used = indent
        for (number, fact) in facts.enumerated() {
            let shown = Self.cut(fact.text, style.width - indent)
            let gap = number == 0 ? 0 : 2
            if number > 0, used + gap + shown.count > style.width {
                end()
                line = String(repeating: " ", count: indent)
                used = indent
            } else {
                line += String(repeating: " ", count: gap)
                used += gap
            }
            paint(shown, fact.colour)
            used += shown.count
        }
        end()
    }

    /// A key and what is to be said of it, all keys in `width` characters; a longer one has a line of its own.
    package mutating func entry(_ key: String, _ width: Int, _ text: String, _ colour: Colour = .plain) {
        let indent = min(width, style.width / 2)
        let shown = Self.printable(key)
        paint(shown, .plain)
        if shown.count < indent { line += String(repeating: " ", count: indent - shown.count) } else { end() }
        paragraph(text, indent: indent, colour)
    }

    /// Long text over several lines, each indented, broken at blanks. What stands in the line already counts as indent.
    package mutating func paragraph(_ text: String, indent: Int, _ colour: Colour = .plain) {
        let room = style.width - indent
        var rest = Substring(Self.printable(text))
        while !rest.isEmpty {
            // Not by its count: a long text would be counted to its end for each line.
            let fits = rest.index(rest.startIndex, offsetBy: room + 1, limitedBy: rest.endIndex) == nil
            let head = fits ? rest : Self.firstLine(rest, room)
            if line.isEmpty { line = String(repeating: " ", count: indent) }
            paint(String(head), colour)
            end()
            rest = rest[head.endIndex...].drop { $0 == " " }
        }
    }

    /// How wide a first column of names has to be (see `name`), where `others` characters are taken by the other columns.
    package func nameWidth(_ names: [String], title: String, others: Int) -> Int {
        let wanted = max(title.count + 1, (names.map(\.count).max() ?? 0) + 3)
        return min(max(wanted, 22), style.width - others)
    }

    /// What stands in place of the rows of an empty list.
    package mutating func none(_ unfiltered: String) {
        paragraph(style.isFiltered ? "none that fits" : unfiltered, indent: 2)
    }

    package static func cut(_ text: String, _ width: Int) -> String {
        let shown = printable(text)
        return shown.count <= width ? shown : shown.prefix(width - 1) + "…"
    }

    package static func cutMiddle(_ text: String, _ width: Int) -> String {
        let shown = printable(text)
        guard shown.count > width else { return shown }
        return shown.prefix(width / 2) + "…" + shown.suffix(width - 1 - width / 2)
    }

    private mutating func cell(_ shown: String, _ width: Int, _ colour: Colour) {
        paint(shown, colour)
        line += String(repeating: " ", count: width - shown.count)
    }

    private mutating func paint(_ text: String, _ colour: Colour) {
        line += style.isColoured && colour != .plain ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    private static func firstLine(_ text: Substring, _ room: Int) -> Substring {
        let head = text.prefix(room)
        // A blank just behind what fits: all of it does.
        if text[head.endIndex...].first == " " { return head }
        guard let blank = head.lastIndex(of: " "), blank > head.startIndex else { return head }
        return text[..<blank]
    }

    private static func printable(_ text: String) -> String { PrintableText.clean(text) }
}
