// SPDX-License-Identifier: Apache-2.0
/// What came of `dead replay` or `dead drop`.
///
/// Filled in by the keeper; shown by the verbs of the same names.
/// Invariant: `count` letters have left the store; those that were refused are in it as before.

package import Wire

package struct DeadChange: Report, Equatable {
    /// `replay` or `drop`.
    package var action: DeadAction
    package var count: UInt64 = 0
    package var refused: UInt64 = 0
    /// Why the last of them was refused.
    package var reason: String?

    package init(_ action: DeadAction) { self.action = action }

    package init?(_ json: JSONValue) {
        guard let action = DeadAction(rawValue: json["action"]?.string ?? ""), let count = json["count"]?.count else {
            return nil
        }
        self.action = action
        self.count = count
        refused = json["refused"]?.count ?? 0
        reason = json["reason"]?.string
    }

    package func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("action", action.rawValue)
        json.member("count", count)
        json.member("refused", refused)
        json.member("reason", orNull: reason)
        json.endObject()
    }

    /// What is said of those that were refused.
    package var refusal: String { "kept \(refused), refused: \(reason ?? "")" }

    package func text(_ style: TextStyle) -> [UInt8] {
        var table = TextTable(style)
        let letters = "\(count) dead letter\(count == 1 ? "" : "s")"
        table.paragraph(action == .drop ? "dropped \(letters)" : "replayed \(letters)", indent: 0)
        if refused > 0 { table.paragraph(refusal, indent: 0, .yellow) }
        return table.bytes
    }
}
