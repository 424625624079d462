// SPDX-License-Identifier: Apache-2.0
/// One picture of the progress of `belfry send --lines`: how far, how much was sent, how much of it accepted, how fast.
///
/// Used by SendReport.
/// Invariant: it fits 80 columns.

internal import Control

struct SendProgress {
    private static let width = 20

    let sent: UInt64
    /// nil where nobody answers.
    let accepted: UInt64?
    let bytes: Int
    /// All bytes of the input, where that is known.
    let total: Int?
    /// Nanoseconds since the start.
    let time: UInt64

    var text: String {
        let done = accepted ?? sent
        let rate = time == 0 ? 0 : UInt64(Double(done) * 1e9 / Double(time))
        let answered = accepted.map { "  \(HumanText.count($0)) accepted" } ?? ""
        return "\(bar)\(HumanText.count(sent)) sent\(answered)  \(HumanText.count(rate))/s  "
            + HumanText.age(time / 1_000_000_000)
    }

    private var bar: String {
        guard let total, total > 0 else { return "" }
        let share = min(1, Double(bytes) / Double(total))
        let filled = Int(share * Double(Self.width))
        return "[" + String(repeating: "#", count: filled) + String(repeating: "-", count: Self.width - filled)
            + "] \(Int(share * 100)) %  "
    }
}
