// SPDX-License-Identifier: Apache-2.0
/// What a restart or an update tells while it goes on: a step as soon as it is done, and at last a verdict.
///
/// Made by the supervisor, a line each; shown by `belfry restart` and `belfry update`.
/// Invariant: the verdict is told once, behind all steps; only `committed` means that another belfryd serves.

package import Wire

package struct UpdateStep: Report, Equatable {
    package var step: String
    /// Nanoseconds that it took.
    package var time: UInt64
    /// What there is to be said of it, if anything.
    package var detail: String?

    package init(_ step: String, took time: UInt64, _ detail: String? = nil) {
        self.step = step
        self.time = time
        self.detail = detail
    }

    package init?(_ json: JSONValue) {
        guard let step = json["step"]?.string, case .number(let digits)? = json["seconds"],
            let seconds = Double(digits), (0..<1e9).contains(seconds)
        else { return nil }
        self.init(step, took: UInt64((seconds * 1e6).rounded()) * 1_000, json["detail"]?.string)
    }

    package func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("step", step)
        json.member("seconds")
        let microseconds = time / 1_000
        let fraction = String(microseconds % 1_000_000 + 1_000_000).dropFirst()
        json.raw(Array("\(microseconds / 1_000_000).\(fraction)".utf8).span)
        if let detail { json.member("detail", detail) }
        json.endObject()
    }

    package func text(_ style: TextStyle) -> [UInt8] {
        var table = TextTable(style)
        table.left(step, 11)
        table.right(HumanText.latency(time), 7)
        guard let detail else {
            table.end()
            return table.bytes
        }
        table.text("  ")
        table.paragraph(detail, indent: 20)
        return table.bytes
    }
}

package struct UpdateVerdict: Report, Equatable {
    package enum Word: String, Sendable, CaseIterable {
        /// The new belfryd serves, and the old one is gone or about to go.
        case committed
        /// Nothing was begun.
        case refused
        /// It was begun, and the old belfryd serves on.
        case failed
        /// All that can be found out without touching anything speaks for it.
        case dryRun = "dry-run"
    }

    package var word: Word
    /// One sentence.
    package var reason: String?
    /// Version and executable that served before, and those that were to serve.
    package var from: String?
    package var to: String?

    package init(_ word: Word, reason: String? = nil, from: String? = nil, to: String? = nil) {
        self.word = word
        self.reason = reason
        self.from = from
        self.to = to
    }

    package init?(_ json: JSONValue) {
        guard let word = json["verdict"]?.string.flatMap(Word.init) else { return nil }
        self.init(word, reason: json["reason"]?.string, from: json["from"]?.string, to: json["to"]?.string)
    }

    package func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("verdict", word.rawValue)
        json.member("reason", orNull: reason)
        json.member("from", orNull: from)
        json.member("to", orNull: to)
        json.endObject()
    }

    package func text(_ style: TextStyle) -> [UInt8] {
        var table = TextTable(style)
        let colour: TextTable.Colour = word == .committed || word == .dryRun ? .green : .red
        table.left(word.rawValue, 11, colour)
        if let reason { table.paragraph(reason, indent: 11) } else { table.end() }
        for (label, image) in [("  from", from), ("  to", to)] {
            guard let image else { continue }
            table.left(label, 11)
            table.paragraph(image, indent: 11)
        }
        return table.bytes
    }
}
