// SPDX-License-Identifier: Apache-2.0
/// Incidents: what `belfry incidents` lists, the latest first.
///
/// Filled in by the keeper; the supervisor shows the recent ones in `status` in the same form.
/// Invariant: the words of a service reach a terminal only as TextTable lets them.

package import Wire

package struct IncidentsReport: Report, Equatable {
    package var now: UInt64 = 0
    /// How many fit, though not all of them are told.
    package var total: UInt64 = 0
    package var incidents: [Incident] = []
    /// Why the latest may be missing: nothing can be kept now.
    package var trouble: String?

    package init() {}

    package init?(_ json: JSONValue) {
        guard let now = json["time"]?.time, let incidents = json["incidents"]?.elements else { return nil }
        self.now = now
        total = json["total"]?.count ?? 0
        trouble = json["trouble"]?.string
        self.incidents = incidents.compactMap(Incident.init)
        guard self.incidents.count == incidents.count else { return nil }
    }

    package func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("time", time: now)
        json.member("total", total)
        json.member("trouble", orNull: trouble)
        json.member("incidents")
        json.beginArray()
        for incident in incidents { incident.write(into: &json) }
        json.endArray()
        json.endObject()
    }

    package func text(_ style: TextStyle) -> [UInt8] {
        var table = TextTable(style)
        if incidents.isEmpty { table.none("no incidents") }
        for incident in incidents { incident.append(to: &table, now) }
        if total > UInt64(incidents.count) {
            table.paragraph("the latest \(incidents.count) of \(total); a higher limit shows more", indent: 0)
        }
        if let trouble {
            table.paragraph(
                "what happened since is not kept yet (belfry status shows the latest): \(trouble)", indent: 0, .red)
        }
        return table.bytes
    }
}

extension Incident {
    package init?(_ json: JSONValue) {
        guard let kind = json["kind"]?.string.flatMap(Kind.init(word:)), let time = json["time"]?.time else {
            return nil
        }
        self.init(
            time: time, kind, json["process"]?.string ?? "", json["detail"]?.string ?? "",
            count: json["count"]?.count ?? 1)
    }

    package func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("time", time: time)
        json.member("kind", kind.word)
        json.member("process", process)
        json.member("detail", detail)
        json.member("count", count)
        json.endObject()
    }

    /// "  TIME  KIND  PROCESS  ×3: DETAIL", over several lines if need be.
    func append(to table: inout TextTable, _ now: UInt64) {
        let times = count > 1 ? "  ×\(count)" : ""
        table.text("  \(table.style.moment(time, now))  \(kind.word)  \(process)\(times)")
        table.end()
        if !detail.isEmpty { table.paragraph(detail, indent: 6, .yellow) }
    }
}
