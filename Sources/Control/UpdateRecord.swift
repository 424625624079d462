// SPDX-License-Identifier: Apache-2.0
/// One attempt to go over to another belfryd, or to the same one anew: who, when, from which to which, and how it ended.
///
/// Made by the supervisor, written down by the keeper as JSON, listed by `belfry update --history`.
/// Invariant: it is written down when the attempt begins, without a verdict, and again at its end: one that stays without was
/// cut off by the death of everything.

package import Wire

package struct UpdateRecord: Equatable, Sendable {
    package enum What: String, Sendable, CaseIterable { case update, restart }

    /// ns since 1970; no two attempts have the same.
    package var began: UInt64
    package var what: What
    /// A process and its user, or a signal.
    package var by: String
    package var isThroughStore = false
    /// What ran; an empty path if it was never found out.
    package var from = ProgramImage()
    package var to = ProgramImage()
    package var steps: [UpdateStep] = []
    package var verdict: UpdateVerdict.Word?
    package var reason: String?

    package init(_ what: What, began: UInt64, by: String) {
        self.what = what
        self.began = began
        self.by = by
    }

    /// nil if it is none.
    package init?(_ json: JSONValue) {
        guard let began = json["began"]?.time, let what = json["what"]?.string.flatMap(What.init) else { return nil }
        self.init(what, began: began, by: json["by"]?.string ?? "")
        isThroughStore = json["through-store"]?.bool ?? false
        from = ProgramImage(json["from"] ?? .null)
        to = ProgramImage(json["to"] ?? .null)
        steps = (json["steps"]?.elements ?? []).compactMap(UpdateStep.init)
        verdict = json["verdict"]?.string.flatMap(UpdateVerdict.Word.init)
        reason = json["reason"]?.string
    }

    package func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("began", time: began)
        json.member("what", what.rawValue)
        json.member("by", by)
        json.member("verdict", orNull: verdict?.rawValue)
        json.member("reason", orNull: reason)
        json.member("through-store", isThroughStore)
        json.member("from")
        from.write(into: &json)
        json.member("to")
        to.write(into: &json)
        json.member("steps")
        json.beginArray()
        for step in steps { step.write(into: &json) }
        json.endArray()
        json.endObject()
    }

    func append(to table: inout TextTable, _ now: UInt64) {
        let colour: TextTable.Colour = verdict == .committed || verdict == .dryRun ? .green : .red
        table.left(table.style.moment(began, now), 21)
        table.left(what.rawValue, 9)
        table.left(verdict?.rawValue ?? "cut off", 11, colour)
        table.text(by)
        table.end()
        if let reason { table.paragraph(reason, indent: 4, .yellow) }
        if !from.path.isEmpty { table.paragraph("from \(from.words)", indent: 4) }
        if to != from, !to.path.isEmpty { table.paragraph("to \(to.words)", indent: 4) }
        let times = steps.map { "\($0.step) \(HumanText.latency($0.time))" }
        if !times.isEmpty { table.paragraph(times.joined(separator: ", "), indent: 4) }
    }
}

/// Attempts, the latest first.
package struct UpdateHistory: Report, Equatable {
    package var now: UInt64 = 0
    /// How many there are, though not all of them are told.
    package var total: UInt64 = 0
    package var updates: [UpdateRecord] = []

    package init() {}

    package init?(_ json: JSONValue) {
        guard let now = json["time"]?.time, let updates = json["updates"]?.elements else { return nil }
        self.now = now
        total = json["total"]?.count ?? 0
        self.updates = updates.compactMap(UpdateRecord.init)
        guard self.updates.count == updates.count else { return nil }
    }

    package func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("time", time: now)
        json.member("total", total)
        json.member("updates")
        json.beginArray()
        for update in updates { update.write(into: &json) }
        json.endArray()
        json.endObject()
    }

    package func text(_ style: TextStyle) -> [UInt8] {
        var table = TextTable(style)
        if updates.isEmpty { table.none("no restarts and no updates") }
        for update in updates { update.append(to: &table, now) }
        if total > UInt64(updates.count) {
            table.paragraph("the latest \(updates.count) of \(total); a higher limit shows more", indent: 0)
        }
        return table.bytes
    }
}
