// SPDX-License-Identifier: Apache-2.0
/// What a change of the running settings has changed: the answer to `reload` and `workers`.
///
/// Filled in by the supervisor; shown by `belfry reload` and `belfry workers`.
/// Invariant: values are words of the configuration file as a person would write them; a value is nil where there was
/// nothing before, or is nothing now.

package import Wire

package struct ChangeReport: Report, Equatable {
    /// One setting, or a whole service ("services.archive") that came or went.
    package struct Change: Equatable, Sendable {
        package var key: String
        package var from: String?
        package var to: String?

        package init(_ key: String, from: String?, to: String?) {
            self.key = key
            self.from = from
            self.to = to
        }
    }

    /// A setting that only a restart changes.
    package struct Restart: Equatable, Sendable {
        package var key: String
        /// What stays in force, and what the file says.
        package var running: String
        package var file: String

        package init(_ key: String, running: String, file: String) {
            self.key = key
            self.running = running
            self.file = file
        }
    }

    /// Of the settings that all roles use now.
    package var version: UInt64 = 0
    package var changed: [Change] = []
    package var restart: [Restart] = []
    /// What the reader of the configuration would have an eye kept on, a line each.
    package var warnings: [String] = []

    package init() {}

    package init?(_ json: JSONValue) {
        guard let version = json["version"]?.count else { return nil }
        self.version = version
        changed = (json["changed"]?.elements ?? []).map {
            Change($0["key"]?.string ?? "", from: $0["from"]?.string, to: $0["to"]?.string)
        }
        warnings = (json["warnings"]?.elements ?? []).compactMap(\.string)
        restart = (json["restart"]?.elements ?? []).map {
            Restart(
                $0["key"]?.string ?? "", running: $0["running"]?.string ?? "", file: $0["file"]?.string ?? "")
        }
    }

    package func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("version", version)
        json.member("changed")
        json.beginArray()
        for change in changed {
            json.beginObject()
            json.member("key", change.key)
            json.member("from", orNull: change.from)
            json.member("to", orNull: change.to)
            json.endObject()
        }
        json.endArray()
        json.member("restart")
        json.beginArray()
        for setting in restart {
            json.beginObject()
            json.member("key", setting.key)
            json.member("running", setting.running)
            json.member("file", setting.file)
            json.endObject()
        }
        json.endArray()
        json.member("warnings")
        json.beginArray()
        for warning in warnings { json.string(warning) }
        json.endArray()
        json.endObject()
    }

    /// A line for each change: its key, then what it was and is.
    package func text(_ style: TextStyle) -> [UInt8] {
        var table = TextTable(style)
        for warning in warnings { table.paragraph(warning, indent: 0) }
        if changed.isEmpty { table.paragraph("nothing has changed", indent: 0) }
        let width = (changed.map(\.key) + restart.map(\.key)).map { $0.count + 2 }.max() ?? 0
        for change in changed { table.entry(change.key + ":", width, change.words) }
        for setting in restart {
            table.entry(
                setting.key + ":", width, "\(setting.running) stays, \(setting.file) needs a restart", .yellow)
        }
        return table.bytes
    }
}

extension ChangeReport.Change {
    fileprivate var words: String {
        switch (from, to) {
        case (nil, let to?): to
        case (let from?, nil): "\(from) -> none"
        case (let from?, let to?): "\(from) -> \(to)"
        case (nil, nil): ""
        }
    }
}
