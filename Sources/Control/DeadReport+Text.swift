// SPDX-License-Identifier: Apache-2.0
/// Dead letters for people: a line or two for each, or all that there is to know of one.
///
/// Used by the keeper for `dead list` and `dead show`, and by `belfry dead` with what its terminal can do.
/// Invariant: as ControlReply asks, no line begins with a word that somebody else chose, and nothing that a sender or a
/// service wrote acts on a terminal.

internal import Wire

extension DeadReport {
    package func text(_ style: TextStyle) -> [UInt8] {
        var table = TextTable(style)
        if letters.isEmpty { table.none("no dead letters") }
        if letters.contains(where: { $0.content != nil }) {
            for (number, letter) in letters.enumerated() {
                if number > 0 { table.end() }
                letter.appendAll(to: &table, now)
            }
        } else if !letters.isEmpty {
            appendList(to: &table)
        }
        if let trouble {
            table.paragraph(
                "what was given up since is not kept yet (belfry status tells how much): \(trouble)", indent: 0, .red)
        }
        return table.bytes
    }

    private func appendList(to table: inout TextTable) {
        let width = table.nameWidth(letters.map(\.service), title: "service", others: 50)
        table.right("id", 8, .strong)
        table.left("  service", width, .strong)
        table.right("attempts", 9, .strong)
        table.left("  last failure", 24, .strong)
        table.end()
        for letter in letters {
            table.right("\(letter.id)", 8)
            table.name(letter.service, width)
            table.right("\(letter.attempts)", 9)
            table.text("  " + table.style.moment(letter.lastFailure, now))
            table.end()
            let replaying = letter.isReplaying ? "is delivered again; " : ""
            table.paragraph("\(letter.topic): \(replaying)\(letter.reason)", indent: 10, .yellow)
        }
        if total > UInt64(letters.count) {
            table.paragraph("the latest \(letters.count) of \(total); a higher limit shows more", indent: 0)
        }
    }
}

extension DeadReport.Letter {
    fileprivate func appendAll(to table: inout TextTable, _ now: UInt64) {
        let moment = table.style.moment
        table.facts("letter", [("\(id)", .strong), (isReplaying ? "is delivered again" : "dead", .yellow)])
        table.facts("service", [(service, .plain)])
        table.facts("message", [(message, .plain)])
        table.facts(
            "received", [(moment(received, now), .plain), ("from \(source)", .plain), (wireProtocol, .plain)])
        table.facts("topic", [(topic, .plain)])
        table.facts(
            "failed",
            [
                ("\(attempts) attempt\(attempts == 1 ? "" : "s")", .plain),
                ("first \(moment(firstFailure, now))", .plain), ("last \(moment(lastFailure, now))", .plain),
            ])
        table.entry("reason", 10, reason, .yellow)
        if let decoded = content?.decoded { table.entry(decoded.name, 10, decoded.json) }
        table.facts("body", [("\(size) byte\(size == 1 ? "" : "s")", .plain)])
        guard let content else { return }
        // In lines of their own, so that they can be read.
        for line in content.lines { table.paragraph(line, indent: 2) }
        let shown = min(content.body.count, content.shownBytes)
        if UInt64(shown) < size {
            table.paragraph("and \(size - UInt64(shown)) bytes more; as JSON it shows up to 1 MiB", indent: 2, .faint)
        }
    }
}

extension DeadReport.Content {
    private var isText: Bool { String(validating: body, as: UTF8.self) != nil }

    /// How many bytes of the body people are shown.
    fileprivate var shownBytes: Int { isText ? 16_384 : 256 }

    /// So much of the body: its lines, or its bytes if they are no text.
    fileprivate var lines: [String] {
        let shown = body.prefix(shownBytes)
        guard isText else { return [shown.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")] }
        var lines = shown.split(separator: 0x0A, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        if lines.last == "" { lines.removeLast() }
        return lines
    }
}
