// SPDX-License-Identifier: Apache-2.0
/// A report: made by the supervisor, sent as JSON, shown as text by either end.
///
/// Adopted by each report; the command-line tool asks for the JSON, filters and sorts it, and makes the text itself, so
/// that there is one renderer for both ends and times are those of the reader's clock.
/// Invariant: `init(_:)` of what `write(into:)` wrote is an equal report, so that both ends show the same text.

package import Wire

package protocol Report: Sendable {
    /// nil if it is not the report's JSON, or says something that this version has no word for.
    init?(_ json: JSONValue)
    func write(into json: inout JSONWriter)
    /// Whole lines, none wider than `style.width`; as ControlReply asks, none begins with a word of a configuration.
    func text(_ style: TextStyle) -> [UInt8]
}

extension Report {
    /// The answer to a request for `format`.
    package func answer(_ format: ReportFormat) -> [UInt8] {
        guard format == .json else { return text(TextStyle()) }
        var json = JSONWriter()
        write(into: &json)
        return json.bytes + [0x0A]
    }
}
